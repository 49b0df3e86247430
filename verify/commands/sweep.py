"""`sweep`: every case of a small enumeration."""

from __future__ import annotations

import argparse
from pathlib import Path

from verify.cases.enumeration import enumeration_upto
from verify.commands.isolation import add_isolation
from verify.config.flags import add_known, deviations_of
from verify.config.options import names, numbers, operations, positive

SENTENCE = "check every case of a small enumeration, without drawing any"

_STATE = "conv-verify-sweep.json"


def add(parser: argparse.ArgumentParser) -> None:
    option = parser.add_argument
    named = "a name from `list`, or package.module:callable (default: tensorflow)"
    option("subject", nargs="?", metavar="SUBJECT", default="tensorflow", help=named)
    option("--upto", type=positive, metavar="SIZE", required=True, help="sizes of each axis, from 1 to this")
    _add_domain(parser)
    option("--jobs", type=positive, metavar="N", help="processes (default: by cores and cases)")
    option("--state", metavar="FILE", default=_STATE, help="of an interrupted sweep (default: %(default)s)")
    option("--resume", action="store_true", help="go on from the state of a sweep that was interrupted")
    option("--keep-going", action="store_true", help="count every counterexample, not the first few")
    add_known(parser)
    add_isolation(parser, "all, on Linux")


def _add_domain(parser: argparse.ArgumentParser) -> None:
    option = parser.add_argument
    for name, share in (("kernel", "two thirds"), ("stride", "half"), ("dilation", "a third")):
        usual = f"{name}s from 1 to this (default: {share} of SIZE, at least 2)"
        option(f"--{name}", type=positive, metavar="N", help=usual)
    option("--operations", type=operations, metavar="OP,…", default=("conv",), help="(default: conv)")
    option("--ranks", type=numbers, metavar="N,…", default=(2,), help="spatial axes (default: 2)")
    option("--dtypes", type=names, metavar="T,…", default=("f32",), help="(default: f32)")
    option("--paddings", type=names, metavar="P,…", default=("same", "valid"), help="(default: same,valid)")
    option("--cells", type=positive, metavar="N", help="explicit padding too, of 0 to N cells an end")
    for name, what in (("batch", "batches"), ("channels", "input channels"), ("filters", "filters")):
        option(f"--{name}", type=positive, metavar="N", default=1, help=f"{what} from 1 to this (default: 1)")
    multipliers = "multipliers of depthwise and separable, from 1 to this (default: 1)"
    option("--multiplier", type=positive, metavar="N", default=1, help=multipliers)
    option("--groups", type=positive, metavar="N", default=1, help="groups from 1 to this (default: 1)")
    option("--channels-first", action="store_true", help="NCHW and its like instead of NHWC")


def command(options: argparse.Namespace) -> int:
    paddings = options.paddings
    if options.cells and "explicit" not in paddings:
        paddings = (*paddings, "explicit")
    limits = ("kernel", "stride", "dilation", "cells", "batch", "channels", "filters", "multiplier", "groups")
    chosen = ("operations", "ranks", "dtypes", "channels_first", *limits)
    fields = {name: getattr(options, name) for name in chosen}
    enumeration = enumeration_upto(options.upto, paddings=paddings, **fields)

    from verify.reports.terminal import Terminal
    from verify.runs.sweep.jobs import Plan, maker, usual_jobs
    from verify.runs.sweep.sweep import sweep

    plan = Plan(
        enumeration=enumeration,
        make=maker(options.subject, isolate=options.isolate, python=options.python, timeout=options.timeout),
        jobs=options.jobs or usual_jobs(enumeration),
        excuse=options.known is not False,
        deviations=deviations_of(options),
        state=Path(options.state),
        resume=options.resume,
        keep_going=options.keep_going,
        again=f"conv-verify {options.line}{' --resume' * (not options.resume)}",
    )
    return sweep(Terminal(), plan)
