"""`pin`: failures that every run shall ask again."""

from __future__ import annotations

import argparse
import sys
from datetime import date
from pathlib import Path

from verify.cases.case import Case
from verify.config.flags import add_corpus
from verify.corpus.pins import existing, pin, pins_of, stale
from verify.reports.phrases import plural

SENTENCE = "keep words, under a reason, that every run asks first"


def add(parser: argparse.ArgumentParser) -> None:
    option = parser.add_argument
    option("words", nargs="*", metavar="WORD", help="cases")
    option("--reason", metavar="TEXT", help="why, for the comment above each word")
    option("--check", action="store_true", help="only say whether every pinned word is still a case")
    add_corpus(parser)


def command(options: argparse.Namespace) -> int:
    if options.check:
        if options.words or options.reason is not None:
            raise ValueError("pin --check takes neither words nor a reason")
        return _check(options.corpus)
    if not options.words or not (options.reason or "").strip():
        raise ValueError("pin needs words and a reason: pin WORD --reason TEXT")
    cases = {Case.parse(word): options.reason for word in options.words}
    added = pin(options.corpus, cases, today=date.today())
    for case in cases:
        print(f"pinned    {case}  ({added[case]})" if case in added else f"was there {case}")
    return 0


def _check(place: Path) -> int:
    count, wrong = len(pins_of(existing(place) or place)), stale(place)
    for sentence in wrong:
        print(sentence, file=sys.stderr)
    words = f"{count} pinned {plural(count, 'word')}"
    if wrong:
        print(f"conv-verify: of {words} in {place}, {len(wrong)} no case any more", file=sys.stderr)
        return 2
    print(f"{words} in {place}, each of them a case.")
    return 0
