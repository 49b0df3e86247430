"""`selftest`: the harness tested by itself."""

from __future__ import annotations

import argparse

from verify.config.options import positive

SENTENCE = "test the harness: every fault caught and named, no false alarm"


def add(parser: argparse.ArgumentParser) -> None:
    option = parser.add_argument
    option("--examples", type=positive, metavar="N", default=4700, help="cases to draw (default: 4700)")
    option("--seed", type=int, metavar="N", default=0, help="draw the cases of this seed (default: 0)")


def command(options: argparse.Namespace) -> int:
    from verify.reports.terminal import Terminal
    from verify.runs.selftest import selftest

    return selftest(Terminal(), examples=options.examples, seed=options.seed)
