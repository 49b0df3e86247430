"""`explain`: the arithmetic of one output cell."""

from __future__ import annotations

import os
import sys

import click

from verify.cases.case import Case
from verify.checks.streams import styled_output
from verify.commands.cli import command_named
from verify.config.options import WORD, choice

WHEN = choice("WHEN", "auto", "always", "never")


@command_named("explain")
@click.argument("word", type=WORD, help="a case")
@click.option("--at", metavar="INDEX", help="the cell, such as 0,2,1,0 (default: the first)")
@click.option("--color", type=WHEN, default="auto", help="auto, always or never (default: auto)")
def command(*, word: str, at: str | None, color: str) -> int:
    from verify.reports.explanation.explain import explain, parse_index
    from verify.reports.explanation.lines import coloured, plain_text

    index = None if at is None else parse_index(at)
    lines = explain(Case.parse(word), index)
    auto = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    bright = color == "always" or (color == "auto" and auto)
    styled_output().write(f"{(coloured if bright else plain_text)(lines)}\n")
    return 0
