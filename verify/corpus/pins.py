"""Pins: the words of failures that every run asks again, each under a comment that says why."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import NamedTuple

from verify.cases.case import Case
from verify.cases.word import InvalidCase
from verify.corpus.rewrite import rewrite
from verify.corpus.words import cases_in, files_of, lines_in, numbered_words

USUAL = Path("conv-verify-pins")
"""The folder of pins where none is named, which need not be there."""

NAME = "pins.txt"
"""The file of a folder of words that new pins are written to."""


class Pin(NamedTuple):
    """A word as it stands in a corpus."""

    file: Path
    line: int
    word: str

    def __str__(self) -> str:
        return f"{self.file}, line {self.line}"


def existing(place: Path) -> Path | None:
    """The place of pins, or None for the usual one that is not there; ValueError for another."""
    if place.exists():
        return place
    if place.name == USUAL.name:
        return None
    raise ValueError(f"there is no file or folder {str(place)!r}")


def pins_of(place: Path) -> list[Pin]:
    """Every word of a file or a folder, whether it is a case or not; none where there is no such place."""
    files = files_of(place) if place.exists() else []
    return [Pin(file, number, word) for file in files for number, word in numbered_words(lines_in(file))]


def stale(place: Path) -> list[str]:
    """A sentence for each word that is no case any more: its file, its line and what is wrong."""
    return [f"{pin}: {refusal}" for pin in pins_of(place) if (refusal := _refusal(pin.word))]


def pin(place: Path, reasons: Mapping[Case, str], *, today: date) -> dict[Case, Path]:
    """Write cases down, each under its reason and the date; the new ones and their files.

    `place` is a folder, whose `pins.txt` is written, or a file. Raises ValueError, one sentence, where
    a line that is there is no case.
    """
    file = place if place.suffix == ".txt" else place / NAME
    added: dict[Case, Path] = {}

    def with_pins(text: str) -> str:
        old = cases_in(place) if place.exists() else []
        blocks = []
        for case, reason in reasons.items():
            if case not in old:
                added[case] = file
                blocks.append(f"# {today.isoformat()}: {' '.join(reason.split())}\n{case}\n")
        ended = text if not text or text.endswith("\n") else f"{text}\n"
        return "\n".join(filter(None, (ended, *blocks))) if blocks else text

    rewrite(file, with_pins)
    return added


def remove(place: Path, case: Case) -> list[Pin]:
    """Take a case out of a corpus, with the comment above it; where it was."""
    pins = [pin for pin in pins_of(place) if not _refusal(pin.word) and Case.parse(pin.word) == case]
    for file in dict.fromkeys(pin.file for pin in pins):
        rewrite(file, lambda text: _without(text, case))
    return pins


def _without(text: str, case: Case) -> str:
    """The text less a case, and less the comment above it unless the next line is another word's."""
    lines = text.splitlines(keepends=True)
    for number, word in reversed([*numbered_words(lines)]):
        if _refusal(word) or Case.parse(word) != case:
            continue
        first, last = number - 1, number
        if not [*numbered_words(lines[last : last + 1])]:
            while first and lines[first - 1].lstrip().startswith("#"):
                first -= 1
            while first and not lines[first - 1].strip():
                first -= 1
        del lines[first:last]
    return "".join(lines)


def _refusal(word: str) -> str:
    try:
        Case.parse(word)
    except InvalidCase as refusal:
        return str(refusal)
    return ""
