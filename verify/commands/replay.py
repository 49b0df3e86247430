"""`replay`: named cases, checked again."""

from __future__ import annotations

import argparse

from verify.commands.isolation import add_isolation, loader_of
from verify.commands.words import cases_of

SENTENCE = "check named cases again, without drawing any"


def add(parser: argparse.ArgumentParser) -> None:
    words = "a case, a corpus file or directory, or - for lines on standard input"
    parser.add_argument("subject", metavar="SUBJECT", help="a name from `list`, or package.module:callable")
    parser.add_argument("words", nargs="+", metavar="WORD", help=words)
    add_isolation(parser)


def command(options: argparse.Namespace) -> int:
    from verify.replay import replay

    named = [case for word in options.words for case in cases_of(word)]
    return replay(loader_of(options)(options.subject), named)
