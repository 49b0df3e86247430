"""`explain`: the arithmetic of one output cell."""

from __future__ import annotations

import argparse
import os
import sys

from verify.cases.case import Case

SENTENCE = "show how one output cell is computed"


def add(parser: argparse.ArgumentParser) -> None:
    colors = ("auto", "always", "never")
    parser.add_argument("word", metavar="WORD", help="a case")
    parser.add_argument("--at", metavar="INDEX", help="the cell, such as 0,2,1,0 (default: the first)")
    parser.add_argument("--color", choices=colors, default="auto", help="(default: auto)")


def command(options: argparse.Namespace) -> int:
    from verify.reports.explanation.explain import explain, parse_index
    from verify.reports.explanation.lines import coloured, plain

    at = None if options.at is None else parse_index(options.at)
    lines = explain(Case.parse(options.word), at)
    auto = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    bright = options.color == "always" or (options.color == "auto" and auto)
    print((coloured if bright else plain)(lines))
    return 0
