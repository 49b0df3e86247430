"""`pin`: failures that every run asks again."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

import click

from verify.cases.case import Case
from verify.cases.grammar import GRAMMAR
from verify.commands.cli import command_named
from verify.config.flags import corpus_option
from verify.config.options import FILE, WORD, Misuse
from verify.corpus.convert import convert as convert_file
from verify.corpus.words import existing, pin, pins_of, stale, unpin
from verify.reports.phrases import plural


@command_named("pin")
@click.argument("words", nargs=-1, type=WORD, help="cases")
@click.option("--reason", metavar="TEXT", help="why, for the comment above each word")
@click.option("--remove", is_flag=True, help="take the words out, with the comments above them")
@click.option("--check", is_flag=True, help="only say whether every pinned word is still a case")
@click.option("--convert", type=FILE, help="rewrite a file of an older grammar of words")
@corpus_option
def command(
    *,
    words: tuple[str, ...],
    reason: str | None,
    remove: bool,
    check: bool,
    convert: Path | None,
    corpus: Path,
) -> int:
    if convert is not None:
        if words or remove or check or reason is not None:
            raise Misuse("--convert takes a file, and no words, no reason, no --remove and no --check")
        return _convert_file(convert)
    if check and (words or remove or reason is not None):
        raise Misuse("--check takes no words, no reason and no --remove")
    if remove and (not words or reason is not None):
        raise Misuse("--remove needs words, and no reason: pin --remove WORD")
    if check:
        return _check_pins(corpus)
    if remove:
        return _remove_words(corpus, words)
    if not words or not (reason or "").strip():
        raise Misuse("words and a reason are needed: pin WORD --reason TEXT")
    cases = {Case.parse(word): str(reason) for word in words}
    added = pin(corpus, cases, today=date.today())
    for case in cases:
        print(f"pinned    {case}  ({added[case]})" if case in added else f"was there {case}")
    return 0


def _convert_file(file: Path) -> int:
    changes, wrong, renumbered = convert_file(file)
    for line, before, after in changes:
        print(f"changed   {before} -> {after}  ({file}, line {line})")
    for sentence in wrong:
        print(sentence, file=sys.stderr)
    if renumbered:
        words = plural(renumbered, "word")
        print(f"{renumbered} {words} filled iota or coded: these fills have held other numbers since.")
    print(f"{file} is of grammar {GRAMMAR} now: {len(changes)} {plural(len(changes), 'change')}.")
    return 2 if wrong else 0


def _remove_words(place: Path, words: tuple[str, ...]) -> int:
    for case in map(Case.parse, words):
        lines = unpin(place, case)
        if not lines:
            raise ValueError(f"{str(case)!r} is not pinned in {place}")
        for line in lines:
            print(f"removed   {case}  ({line})")
    return 0


def _check_pins(place: Path) -> int:
    count, wrong = len(pins_of(existing(place) or place)), stale(place)
    for sentence in wrong:
        print(sentence, file=sys.stderr)
    words = f"{count} pinned {plural(count, 'word')}"
    if wrong:
        print(f"conv-verify: of {words} in {place}, {len(wrong)} no case any more", file=sys.stderr)
        return 2
    print(f"{words} in {place}, each of them a case.")
    return 0
