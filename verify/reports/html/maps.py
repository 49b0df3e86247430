"""Maps of an answer: its cells as a table, with what came above what was due in those that are wrong."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from verify.cases.case import Case
from verify.reports.html.pictures import Index, Picture, answer_pictures

Pair = tuple[str, str]


class Cell(NamedTuple):
    """A cell of a map; what came and what was due, of one that is wrong."""

    got: str = ""
    due: str = ""
    is_wrong: bool = False
    is_worst: bool = False


class Map(NamedTuple):
    """A plane of an answer: the numbers of its columns, and its rows with theirs; None of a single row."""

    title: str
    text: str
    columns: tuple[int, ...]
    rows: tuple[tuple[int | None, tuple[Cell, ...]], ...]

    @property
    def size(self) -> int:
        """How many characters it takes on a page, about."""
        return sum(60 if cell.is_wrong else 12 for _, cells in self.rows for cell in cells)


def answer_maps(
    case: Case,
    *,
    shape: Sequence[int],
    differs: Sequence[Index],
    values: Sequence[Sequence[float]],
    worst: Index | None,
    is_all: bool = True,
) -> list[Map]:
    """The planes of an answer in which elements differ, as `answer_pictures` has them.

    `values` are what came and what was due at each place of `differs`; it may be empty.
    """
    pictures = answer_pictures(case, shape=shape, differs=differs, worst=worst, is_all=is_all)
    pairs = (told_apart(float(got), float(due)) for got, due in values)
    texts = dict(zip(differs, pairs, strict=False))
    return [_map(picture, texts) for picture in pictures]


def _map(picture: Picture, texts: Mapping[Index, Pair]) -> Map:
    wrong = {
        place: Cell(*texts.get(index, ("", "")), is_wrong=True) for place, index in picture.elements.items()
    }
    for mark in picture.marks:
        if mark.sign == "worst":
            wrong[mark.x, mark.y] = wrong[mark.x, mark.y]._replace(is_worst=True)
    columns, rows = range(picture.width), range(picture.height)
    first_row, first_column = picture.corner
    lines = (
        (
            row + first_row if picture.down else None,
            tuple(wrong.get((column, row), Cell()) for column in columns),
        )
        for row in rows
    )
    return Map(picture.title, picture.text, tuple(column + first_column for column in columns), tuple(lines))


def told_apart(got: float, due: float) -> Pair:
    """Two numbers that differ, each with as few digits as show that, and at least four."""
    for digits in range(4, 18):
        pair = (_text(got, digits), _text(due, digits))
        if pair[0] != pair[1]:
            return pair
    return repr(got), repr(due)


def _text(value: float, digits: int) -> str:
    is_whole = math.isfinite(value) and value % 1 == 0 and abs(value) < 10**7
    return f"{value:.0f}" if is_whole else f"{value:.{digits}g}"
