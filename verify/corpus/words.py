"""Pinned words: text files of one word a line, the reason in the comment above."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from verify.cases.case import Case
from verify.cases.word import InvalidCase

SHIPPED = Path(__file__).parent


def cases_in(place: str | Path) -> list[Case]:
    """The cases of a corpus file, or of all `*.txt` files of a directory, in order.

    Raises ValueError, one sentence, for a line that is no case (with the file and the line) and for
    a file that is not there or cannot be read as text.
    """
    return [case for file in files_of(Path(place)) for case in cases_of_lines(lines_in(file), str(file))]


def files_of(place: Path) -> list[Path]:
    """A file itself, or the `*.txt` files of a folder, in order."""
    return sorted(place.glob("*.txt")) if place.is_dir() else [place]


def lines_in(file: Path) -> list[str]:
    """The lines of a corpus file; ValueError, one sentence, where they cannot be read."""
    try:
        return file.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        raise ValueError(f"there is no file or folder {str(file)!r}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{str(file)!r} cannot be read as words: {error}") from None


def cases_of_lines(lines: Iterable[str], source: str) -> Iterator[Case]:
    """The cases of lines of text; blank lines and comments after `#` are passed over."""
    for number, word in numbered_words(lines):
        try:
            yield Case.parse(word)
        except InvalidCase as refusal:
            raise ValueError(f"{source}, line {number}: {refusal}") from None


def numbered_words(lines: Iterable[str]) -> Iterator[tuple[int, str]]:
    """The words of lines of text, cases or not, with the numbers of their lines from 1."""
    for number, line in enumerate(lines, start=1):
        word = line.partition("#")[0].strip()
        if word:
            yield number, word
