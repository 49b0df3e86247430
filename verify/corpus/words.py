"""Pinned words: text files of one word a line, the reason in the comment above."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from verify.cases.case import Case
from verify.cases.domain import EVERY_CASE
from verify.cases.grammar import GRAMMAR, require_grammar
from verify.cases.operations import OPERATIONS
from verify.cases.word import InvalidCase
from verify.checks.escaping import shown
from verify.checks.files import refusal_of
from verify.checks.reading import MOST_BYTES, text_in, text_of
from verify.corpus.rewrite import rewrite

SHIPPED = Path(__file__).parent

PINS = Path("conv-verify-pins")
"""The default folder of pins, which need not exist."""

MARK = f"# grammar {GRAMMAR}"
"""The line of a corpus that says the grammar of its words."""

NEW = "pins.txt"
"""The file of a folder of words that new pins are written to."""


class Pin(NamedTuple):
    """A word as it stands in a corpus."""

    file: Path
    line: int
    word: str

    def __str__(self) -> str:
        return f"{self.file}, line {self.line}"


def cases_named(word: str) -> list[Case]:
    """The cases that a command line names by a word, a file or a folder of words, or - for standard input."""
    if word == "-":
        text = text_of(sys.stdin.buffer.read(MOST_BYTES), "standard input")
        return list(cases_of_lines(text.splitlines(), "standard input"))
    if word.partition("_")[0] in OPERATIONS or not (os.sep in word or "." in word or Path(word).exists()):
        return [Case.parse(word)]
    cases = cases_in(word)
    if not cases:
        raise ValueError(f"{word!r} holds no case; in a folder, the *.txt files are read")
    return cases


def named_inside(
    words: Iterable[str], narrowings: Mapping[str, Any], *, further: Iterable[Case] = ()
) -> list[Case]:
    """The cases that are named, and further ones, inside the narrowings; ValueError if these leave none."""
    inside = EVERY_CASE.narrowed(narrowings)
    named = [*(case for word in words for case in cases_named(word)), *further]
    cases = [case for case in named if inside.holds(case)]
    if named and not cases:
        raise ValueError("the narrowings leave none of the cases that are named")
    return cases


def cases_in(place: str | Path) -> list[Case]:
    """The cases of a corpus file, or of all `*.txt` files of a directory, in order.

    Raises ValueError, one sentence, for a line that is no case (with the file and the line) and for
    a file that is not there or cannot be read as text.
    """
    return [case for file in _files_of(Path(place)) for case in cases_of_lines(_lines_in(file), str(file))]


def cases_of_lines(lines: Iterable[str], source: str) -> Iterator[Case]:
    """The cases of lines of text; blank lines and comments after `#` are passed over."""
    for number, word in _numbered_words(lines):
        try:
            yield Case.parse(word)
        except InvalidCase as refusal:
            raise ValueError(f"{source}, line {number}: {refusal}") from None


def existing(place: Path) -> Path | None:
    """The place of pins, or None if it is the default folder and does not exist; ValueError for any other."""
    if place.exists():
        return place
    if place.name == PINS.name:
        return None
    raise ValueError(f"there is no file or folder {str(place)!r}")


def pins_of(place: Path) -> list[Pin]:
    """Every word of a file or a folder, whether it is a case or not; none if the place does not exist."""
    files = _files_of(place) if place.exists() else []
    return [Pin(file, number, word) for file in files for number, word in _numbered_words(_lines_in(file))]


def stale(place: Path) -> list[str]:
    """A sentence for each word that is no case any more: its file, its line and what is wrong."""
    parsed = ((pinned, _parse(pinned.word)) for pinned in pins_of(place))
    return [f"{pinned}: {refusal}" for pinned, refusal in parsed if isinstance(refusal, InvalidCase)]


def pin(place: Path, reasons: Mapping[Case, str], *, today: date) -> dict[Case, Path]:
    """Pin cases, each under its reason and the date; returns the new ones and their files.

    `place` is a folder, whose `pins.txt` is written, or a file. Raises ValueError, one sentence, where
    a line that is there is no case.
    """
    file = place if place.suffix == ".txt" else place / NEW
    added: dict[Case, Path] = {}

    def with_pins(text: str) -> str:
        old = {*cases_in(place)} if place.exists() else set()
        added.update(dict.fromkeys((case for case in reasons if case not in old), file))
        day = today.isoformat()
        blocks = [f"# {day}: {shown(' '.join(reasons[case].split()))}\n{case}\n" for case in added]
        ended = text if not text or text.endswith("\n") else f"{text}\n"
        if blocks and grammar_of(text.splitlines()) is None:  # there is no word yet
            ended = f"{MARK}\n{ended}"
        return "\n".join(filter(None, (ended, *blocks))) if blocks else text

    rewrite(file, with_pins)
    return added


def unpin(place: Path, case: Case) -> list[Pin]:
    """Remove a case from a corpus, with the comment above it; returns where it was."""
    pins = [pinned for pinned in pins_of(place) if _parse(pinned.word) == case]
    for file in dict.fromkeys(pinned.file for pinned in pins):
        rewrite(file, lambda text: _without(text, case))
    return pins


def _without(text: str, case: Case) -> str:
    """The text less a case, and less the comment above it unless the next line is another word's."""
    lines = text.splitlines(keepends=True)
    for number, word in reversed([*_numbered_words(lines)]):
        if _parse(word) != case:
            continue
        first, last = number - 1, number
        if not [*_numbered_words(lines[last : last + 1])]:
            while first and lines[first - 1].lstrip().startswith("#") and not is_mark(lines[first - 1]):
                first -= 1
            while first and not lines[first - 1].strip():
                first -= 1
        del lines[first:last]
    return "".join(lines)


def _files_of(place: Path) -> list[Path]:
    """A file itself, or all `*.txt` of a folder but folders, in order; a pipe is refused when it is read."""
    return sorted(file for file in place.glob("*.txt") if not file.is_dir()) if place.is_dir() else [place]


def is_mark(line: str) -> re.Match[str] | None:
    """Whether a line of a corpus says the grammar of its words."""
    return re.fullmatch(r"\s*#\s*grammar\s+([0-9]{1,9})\s*", line)


def _lines_in(file: Path) -> list[str]:
    """The lines of a corpus file; ValueError, one sentence, where they cannot be read."""
    try:
        lines = text_in(file).splitlines()
    except FileNotFoundError:
        raise ValueError(f"there is no file or folder {str(file)!r}") from None
    except OSError as error:
        raise ValueError(refusal_of(error)) from None
    if any(True for _ in _numbered_words(lines)):
        require_grammar(grammar_of(lines), file)
    return lines


def grammar_of(lines: Iterable[str]) -> int | None:
    """The grammar that lines of a corpus say their words are of."""
    return next((int(mark[1]) for mark in map(is_mark, lines) if mark), None)


def _numbered_words(lines: Iterable[str]) -> Iterator[tuple[int, str]]:
    """The words of lines of text, cases or not, with the numbers of their lines from 1."""
    words = ((number, line.partition("#")[0].strip()) for number, line in enumerate(lines, start=1))
    return (numbered for numbered in words if numbered[1])


def _parse(word: str) -> Case | InvalidCase:
    try:
        return Case.parse(word)
    except InvalidCase as refusal:
        return refusal
