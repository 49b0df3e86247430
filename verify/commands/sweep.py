"""`sweep`: every case of a small enumeration."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import click

from verify.cases.domain import Domain
from verify.checks.project import KEPT
from verify.checks.subject import describe
from verify.commands.cli import command_named
from verify.config.flags import Isolation, Known, isolation_options, known_options, narrowing_options
from verify.config.options import FILE, POSITIVE, SUBJECT, Misuse

STATE = KEPT / "sweep.json"

_HELP = {
    "operations": "(default: conv)",
    "ranks": "spatial axes (default: 2)",
    "dtypes": "(default: float32)",
    "paddings": "(default: same,valid); --padding-modes (zeros)",
    "data_formats": "(default: NHWC)",
    "fills": "(default: coded)",
    "around": "with and without these: border, bias, relu, …",
    "steps": "axes that are plain, strided, dilated or both",
}
"""Narrowings that are shown; `--max-side` and its like only lower the numbers that have options here."""


@command_named("sweep")
@click.argument(
    "subject", type=SUBJECT, default="tensorflow", help="of `list`, or module:callable (tensorflow)"
)
@click.option("--upto", type=POSITIVE, required=True, help="sizes of each axis, from 1 to this")
@click.option("--kernel", type=POSITIVE, help="kernels from 1 to this (default: 2/3 of --upto)")
@click.option("--stride", type=POSITIVE, help="strides from 1 to this (default: 1/2 of --upto)")
@click.option("--dilation", type=POSITIVE, help="dilations from 1 to this (default: 1/3 of --upto)")
@click.option("--cells", type=POSITIVE, help="explicit padding too, of 0 to N cells an end")
@click.option("--batch", type=POSITIVE, default=1, help="batches from 1 to this (default: 1)")
@click.option("--channels", type=POSITIVE, default=1, help="input channels from 1 to this (default: 1)")
@click.option("--filters", type=POSITIVE, default=1, help="filters from 1 to this (default: 1)")
@click.option("--multiplier", type=POSITIVE, default=1, help="multipliers from 1 to this (default: 1)")
@click.option("--groups", type=POSITIVE, default=1, help="groups from 1 to this (default: 1)")
@click.option("--channels-first", is_flag=True, hidden=True)
@click.option("--jobs", type=POSITIVE, help="processes (default: by cores and cases)")
@click.option("--state", type=FILE, default=STATE, help=f"of an interrupted sweep ({STATE})")
@click.option("--resume", is_flag=True, help="go on from the state of an interrupted sweep")
@click.option("--keep-going", is_flag=True, help="count every counterexample, not the first few")
@partial(narrowing_options, helps=_HELP)
@known_options
@isolation_options
def command(
    *,
    subject: str,
    upto: int,
    channels_first: bool,
    narrowings: dict[str, Any],
    jobs: int | None,
    state: Path,
    resume: bool,
    keep_going: bool,
    known: Known,
    isolation: Isolation,
    **numbers: Any,
) -> int:
    from verify.reports.terminal import Terminal
    from verify.runs.jobs import jobs_for
    from verify.runs.sweep.choice import UNNARROWED, enumeration_of
    from verify.runs.sweep.jobs import Plan, maker, usual_jobs
    from verify.runs.sweep.progress import BLOCK
    from verify.runs.sweep.sweep import sweep

    context = click.get_current_context()
    for name, reason in UNNARROWED.items():
        is_typed = context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE
        if narrowings.pop(name, None) and is_typed:
            raise Misuse(f"{name} narrow what is drawn, and a sweep has {reason}")
    if channels_first:
        narrowings.setdefault("data_formats", ("channels_first",))
    enumeration_of(Domain(), upto, narrowings=narrowings, **numbers)  # before anything is imported
    make = maker(subject, isolation)
    first = make()
    enumeration = enumeration_of(describe(first).drawn(), upto, narrowings=narrowings, **numbers)
    blocks = -(-enumeration.count // BLOCK)
    sharing = jobs_for(blocks, jobs or usual_jobs(enumeration), "block", alone=isolation.alone)
    plan = Plan(
        enumeration=enumeration,
        make=make,
        first=first,
        jobs=sharing.number,
        jobs_phrase=sharing.phrase if sharing.why and jobs else "",
        excuse=known.excuse,
        deviations=known.deviations,
        state=state,
        resume=resume,
        keep_going=keep_going,
        again=f"conv-verify {context.find_root().obj}{' --resume' * (not resume)}",
    )
    return sweep(Terminal(), plan)
