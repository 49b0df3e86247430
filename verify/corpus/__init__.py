"""Pinned words: text files of one word a line, the reason in the comment above."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from verify.case import Case
from verify.word import InvalidCase

SHIPPED = Path(__file__).parent


def read(place: str | Path) -> list[Case]:
    """The cases of a corpus file, or of all `*.txt` files of a directory, in order.

    Raises ValueError, one sentence, for a line that is no case (with the file and the line) and for
    a file that is not there or cannot be read as text.
    """
    place = Path(place)
    if place.is_dir():
        return [case for file in sorted(place.glob("*.txt")) for case in read(file)]
    try:
        return list(parse(place.read_text(encoding="utf-8").splitlines(), str(place)))
    except FileNotFoundError:
        raise ValueError(f"there is no file or folder {str(place)!r}") from None
    except (OSError, UnicodeDecodeError) as wrong:
        raise ValueError(f"{str(place)!r} cannot be read as words: {wrong}") from None


def parse(lines: Iterable[str], source: str) -> Iterator[Case]:
    """The cases of lines of text; blank lines and comments after `#` are passed over."""
    for number, line in enumerate(lines, start=1):
        word = line.partition("#")[0].strip()
        if word:
            try:
                yield Case.parse(word)
            except InvalidCase as refusal:
                raise ValueError(f"{source}, line {number}: {refusal}") from None
