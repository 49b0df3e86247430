"""`unpin`: words that no run shall ask again."""

from __future__ import annotations

import argparse

from verify.cases.case import Case
from verify.config.flags import add_corpus
from verify.corpus.pins import unpin

SENTENCE = "take words out of the pins, with the comments above them"


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("words", nargs="+", metavar="WORD", help="cases")
    add_corpus(parser)


def command(options: argparse.Namespace) -> int:
    for case in map(Case.parse, options.words):
        found = unpin(options.corpus, case)
        if not found:
            raise ValueError(f"{str(case)!r} is not pinned in {options.corpus}")
        for pin in found:
            print(f"unpinned  {case}  ({pin})")
    return 0
