"""`diff`: one subject in two interpreters."""

from __future__ import annotations

import argparse

from verify.commands.words import cases_of
from verify.config.options import positive, seconds

SENTENCE = "put the same cases to a subject in two interpreters"


def add(parser: argparse.ArgumentParser) -> None:
    option = parser.add_argument
    named = "a name from `list`, or package.module:callable (default: tensorflow)"
    option(
        "pythons", nargs=2, metavar="PYTHON", help="an interpreter that has NumPy and the subject's framework"
    )
    option("words", nargs="*", metavar="WORD", help="cases, as for replay (default: drawn ones)")
    option("--subject", metavar="SUBJECT", default="tensorflow", help=named)
    option("--examples", type=positive, metavar="N", default=200, help="cases to draw (default: 200)")
    option("--seed", type=int, metavar="N", default=0, help="draw the cases of this seed (default: 0)")
    option("--timeout", type=seconds, metavar="SECONDS", help="a case may take so long (default: 10)")


def command(options: argparse.Namespace) -> int:
    from verify.gate.drawing import sample
    from verify.reports.terminal import TerminalConsole
    from verify.runs.diff import diff
    from verify.subjects.isolated import LIMIT_S, Isolated

    named = [case for word in options.words for case in cases_of(word)]
    first, second = (
        Isolated(options.subject, python=python, limit_s=options.timeout or LIMIT_S)
        for python in options.pythons
    )
    first.start()
    second.start()
    return diff(TerminalConsole(), first, second, named or sample(options.examples, options.seed))
