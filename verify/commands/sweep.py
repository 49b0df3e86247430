"""`sweep`: every case of a small enumeration."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from verify.cases.enumeration import enumeration_upto
from verify.checks.project import KEPT
from verify.commands.cli import command_named
from verify.config.flags import Isolation, Known, isolation_options, known_options
from verify.config.options import FILE, OPERATION_NAMES, POSITIVE, SUBJECT, OptionKind, positive

RANKS = OptionKind("N,…", lambda text: tuple(map(positive, text.split(","))), list, int)
DTYPE_NAMES, PADDING_NAMES = (
    OptionKind(name, lambda text: tuple(text.split(",")), list) for name in ("T,…", "P,…")
)
STATE = KEPT / "sweep.json"


@command_named("sweep")
@click.argument(
    "subject", type=SUBJECT, default="tensorflow", help="of `list`, or module:callable (tensorflow)"
)
@click.option("--upto", type=POSITIVE, required=True, help="sizes of each axis, from 1 to this")
@click.option("--kernel", type=POSITIVE, help="kernels from 1 to this (default: 2/3 of --upto)")
@click.option("--stride", type=POSITIVE, help="strides from 1 to this (default: 1/2 of --upto)")
@click.option("--dilation", type=POSITIVE, help="dilations from 1 to this (default: 1/3 of --upto)")
@click.option("--operations", type=OPERATION_NAMES, default=("conv",), help="(default: conv)")
@click.option("--ranks", type=RANKS, default=(2,), help="spatial axes (default: 2)")
@click.option("--dtypes", type=DTYPE_NAMES, default=("float32",), help="(default: float32)")
@click.option("--paddings", type=PADDING_NAMES, default=("same", "valid"), help="(default: same,valid)")
@click.option("--cells", type=POSITIVE, help="explicit padding too, of 0 to N cells an end")
@click.option("--batch", type=POSITIVE, default=1, help="batches from 1 to this (default: 1)")
@click.option("--channels", type=POSITIVE, default=1, help="input channels from 1 to this (default: 1)")
@click.option("--filters", type=POSITIVE, default=1, help="filters from 1 to this (default: 1)")
@click.option("--multiplier", type=POSITIVE, default=1, help="multipliers from 1 to this (default: 1)")
@click.option("--groups", type=POSITIVE, default=1, help="groups from 1 to this (default: 1)")
@click.option("--channels-first", is_flag=True, help="NCHW and its like instead of NHWC")
@click.option("--jobs", type=POSITIVE, help="processes (default: by cores and cases)")
@click.option("--state", type=FILE, default=STATE, help=f"of an interrupted sweep ({STATE})")
@click.option("--resume", is_flag=True, help="go on from the state of an interrupted sweep")
@click.option("--keep-going", is_flag=True, help="count every counterexample, not the first few")
@known_options
@isolation_options
def command(
    *,
    subject: str,
    upto: int,
    paddings: tuple[str, ...],
    jobs: int | None,
    state: Path,
    resume: bool,
    keep_going: bool,
    known: Known,
    isolation: Isolation,
    **limits: Any,
) -> int:
    if limits["cells"] and "explicit" not in paddings:
        paddings = (*paddings, "explicit")
    enumeration = enumeration_upto(upto, paddings=paddings, **limits)

    from verify.reports.terminal import Terminal
    from verify.runs.sweep.jobs import Plan, maker, usual_jobs
    from verify.runs.sweep.sweep import sweep

    plan = Plan(
        enumeration=enumeration,
        make=maker(subject, **isolation._asdict()),
        jobs=jobs or usual_jobs(enumeration),
        excuse=known.excuse,
        deviations=known.deviations,
        state=state,
        resume=resume,
        keep_going=keep_going,
        again=f"conv-verify {click.get_current_context().find_root().obj}{' --resume' * (not resume)}",
    )
    return sweep(Terminal(), plan)
