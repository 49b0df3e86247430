"""A picture of cells as data: which are padding, which are marked, and the same in words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple

Sign = Literal["differs", "worst", "read", "asked"]

ROWS, COLUMNS = 16, 24
"""Rows and columns that are drawn at most; what is far from a marked cell is cut off."""

_WIDE = 100
"""From this number on, only every fifth cell has its number beside it."""


class Inner(NamedTuple):
    """The rectangle of cells that are not padding."""

    x: int
    y: int
    width: int
    height: int


class Mark(NamedTuple):
    """A cell that is marked."""

    sign: Sign
    x: int
    y: int


class Tick(NamedTuple):
    """A cell's number, beside its row or above its column."""

    at: int
    text: str


class Picture(NamedTuple):
    """Rows and columns of cells, counted from the first that is drawn; `text` says the same in words."""

    title: str
    text: str
    width: int
    height: int
    inner: Inner
    marks: tuple[Mark, ...]
    across: tuple[Tick, ...]
    down: tuple[Tick, ...]


class Stretch(NamedTuple):
    """The cells first … end−1 of an axis, of which 0 … size−1 are not padding."""

    first: int
    end: int
    size: int

    @property
    def length(self) -> int:
        return self.end - self.first

    @property
    def inner(self) -> range:
        """The cells that are not padding, counted from the first."""
        return range(max(-self.first, 0), max(min(self.end, self.size) - self.first, 0))

    @property
    def ticks(self) -> tuple[Tick, ...]:
        step = 5 if self.end > _WIDE or self.first <= -_WIDE // 10 else 1
        return tuple(
            Tick(cell - self.first, str(cell)) for cell in range(self.first, self.end) if cell % step == 0
        )

    def about(self, marked: Iterable[int], limit: int) -> Stretch:
        """At most `limit` of its cells, the first that is marked among them."""
        if self.length <= limit:
            return self
        lowest = min(marked, default=self.first)
        start = min(max(lowest - limit // 6, self.first), self.end - limit)
        return Stretch(start, start + limit, self.size)


ONE = Stretch(0, 1, 1)
"""The rows of a picture that has only one, without a number."""


def drawn(
    title: str, text: str, *, rows: Stretch, columns: Stretch, marks: Iterable[tuple[Sign, int, int]]
) -> Picture:
    """A picture of some rows and columns; `marks` are (sign, row, column)."""
    placed = [Mark(sign, column - columns.first, row - rows.first) for sign, row, column in marks]
    kept = tuple(mark for mark in placed if 0 <= mark.x < columns.length and 0 <= mark.y < rows.length)
    return Picture(
        title=title,
        text=text,
        width=columns.length,
        height=rows.length,
        inner=Inner(columns.inner.start, rows.inner.start, len(columns.inner), len(rows.inner)),
        marks=kept,
        across=columns.ticks,
        down=() if rows is ONE else rows.ticks,
    )
