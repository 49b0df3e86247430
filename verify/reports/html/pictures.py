"""Pictures of cells as data, and in words: where an answer differs, and what one element of it reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from math import prod
from types import MappingProxyType
from typing import Literal, NamedTuple

from verify.cases.case import Case
from verify.cases.geometry import Axis, mode_phrase
from verify.cases.operations import Role
from verify.reports.explanation.axes import AXIS_NAMES
from verify.reports.explanation.cell import cells_under, place_of, windows_over
from verify.reports.phrases import plural
from verify.reports.tally import grouped

Index = tuple[int, ...]

Sign = Literal["differs", "worst", "read", "asked"]
Ticks = tuple[tuple[int, int], ...]

MAX_ROWS, MAX_COLUMNS = 16, 24
"""The most rows and columns of a picture; cells far from the marked ones are cut off."""

PLANES = 4
"""Planes of an answer that are drawn at most."""

_WRITTEN_OUT = 6
"""Elements whose indices the words of a picture give at most."""

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


class Picture(NamedTuple):
    """Rows and columns of cells, counted from the first that is drawn; `text` says the same in words.

    `across` and `down` are the numbers above columns and beside rows, each with its column or row. `corner`
    is the row and the column of the first cell, and `elements` has the index of each cell of an answer that
    differs, by its column and row.
    """

    title: str
    text: str
    width: int
    height: int
    inner: Inner
    marks: tuple[Mark, ...]
    across: Ticks
    down: Ticks
    corner: tuple[int, int]
    elements: Mapping[tuple[int, int], Index] = MappingProxyType({})


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
    def ticks(self) -> Ticks:
        step = 5 if self.end > _WIDE or self.first <= -_WIDE // 10 else 1
        return tuple((cell - self.first, cell) for cell in range(self.first, self.end) if cell % step == 0)

    def about(self, marked: Iterable[int], limit: int) -> Stretch:
        """At most `limit` of its cells, the first that is marked among them."""
        if self.length <= limit:
            return self
        lowest = min(marked, default=self.first)
        start = min(max(lowest - limit // 6, self.first), self.end - limit)
        return Stretch(start, start + limit, self.size)


ONE = Stretch(0, 1, 1)
"""The rows of a picture that has only one, without a number."""


def _axes_of_answer(case: Case) -> tuple[str, ...]:
    """What the axes of a case's answer are called, in order."""
    spatial = AXIS_NAMES[case.rank]
    if case.traits.answer == "filters":
        return ("filter",) if case.is_bias_gradient else (*spatial, "channel", "filter")
    return ("batch", "channel", *spatial) if case.channels_first else ("batch", *spatial, "channel")


def answer_pictures(
    case: Case, *, shape: Sequence[int], differs: Sequence[Index], worst: Index | None, is_all: bool = True
) -> list[Picture]:
    """The planes of an answer in which elements differ: first that of the worst, then those with the most.

    A plane has the last two spatial axes, or the only one. An answer of another shape has no pictures.
    `is_all` says whether `differs` has every element that differs.
    """
    names = _axes_of_answer(case)
    if len(names) != len(shape) or any(len(index) != len(shape) for index in differs):
        return []
    spatial = [axis for axis, name in enumerate(names) if name in AXIS_NAMES[case.rank]]
    answer = _PicturedAnswer(names, shape, (spatial or [0])[-2:], worst, is_all)
    planes = grouped(differs, answer.plane)
    first = None if worst is None else answer.plane(worst)
    order = sorted(planes, key=lambda plane: (plane != first, -len(planes[plane]), plane))
    return [_plane_picture(answer, planes[plane]) for plane in order[:PLANES]]


class _PicturedAnswer(NamedTuple):
    """An answer: what its axes are called, its shape, and the axes that a picture shows."""

    names: Sequence[str]
    shape: Sequence[int]
    shown: Sequence[int]
    worst: Index | None
    is_all: bool

    def plane(self, index: Index) -> Index:
        """The plane in which an element lies: its index on the axes that a picture does not show."""
        return tuple(number for axis, number in enumerate(index) if axis not in self.shown)

    def place(self, index: Index) -> tuple[int, int]:
        """The row and the column of an element in its plane."""
        row, column = (0, *(index[axis] for axis in self.shown))[-2:]
        return row, column


def _plane_picture(answer: _PicturedAnswer, differs: Sequence[Index]) -> Picture:
    """The plane of some elements that differ."""
    shape, names = answer.shape, answer.names
    places = [answer.place(index) for index in differs]
    worst = [answer.place(index) for index in differs if index == answer.worst]
    centre = worst or places
    *down, across = (Stretch(0, shape[axis], shape[axis]) for axis in answer.shown)
    rows = down[0].about([row for row, _ in centre], MAX_ROWS) if down else ONE
    columns = across.about([column for _, column in centre], MAX_COLUMNS)
    others = (axis for axis in range(len(shape)) if axis not in answer.shown)
    where = ", ".join(f"{names[axis]} {differs[0][axis]}" for axis in others)
    elements = prod(shape[axis] for axis in answer.shown)
    more = " or more" * (not answer.is_all and len(differs) < elements)
    count = f"{len(differs)}{more} of {elements} differ"
    sizes = " by ".join(f"{shape[axis]} {names[axis]}s" for axis in answer.shown)
    indices = ", ".join(map(str, differs[:_WRITTEN_OUT])) + " and more" * (len(differs) > _WRITTEN_OUT)
    title = f"{where}: {count}" if where else count
    text = f"{sizes}; {count}: {indices}."
    picture = _drawn(title, text, rows=rows, columns=columns, marks={"differs": places, "worst": worst})
    wrong = {
        (column - columns.first, row - rows.first): index
        for index, (row, column) in zip(differs, places, strict=True)
        if columns.first <= column < columns.end and rows.first <= row < rows.end
    }
    return picture._replace(elements=wrong)


class _Walk(NamedTuple):
    """One axis for an element: the cells that are read, window by window, and the same as a phrase."""

    name: str
    axis: Axis
    windows: tuple[tuple[int, ...], ...]
    phrase: str
    asked: int | None = None

    @property
    def cells(self) -> Stretch:
        """The padded axis."""
        return Stretch(-self.axis.before, self.axis.size + self.axis.after, self.axis.size)

    @property
    def marked(self) -> list[int]:
        return [cell for window in self.windows for cell in window]


def window_pictures(case: Case, index: Index) -> list[Picture]:
    """Each axis for one element of an answer, and the plane of the last two if a window lies in one."""
    if case.illegal or case.is_bias_gradient or len(index) != len(case.output_shape):
        return []
    axes = zip(case.axes, place_of(case, index).along, AXIS_NAMES[case.rank], strict=True)
    walks = [_walk(axis, number, answer=case.traits.answer, name=name) for axis, number, name in axes]
    strips = [_strip(walk) for walk in walks]
    is_plane = case.rank > 1 and case.traits.answer != "source"
    return [*strips, _plane(*walks[-2:])] if is_plane else strips


def _walk(axis: Axis, number: int, *, answer: Role, name: str) -> _Walk:
    """The walk over an axis for the window, cell or tap of that number."""
    match answer:
        case "source":
            pairs = windows_over(axis, number)
            windows = tuple(tuple(axis.cells(window)) for window, _ in pairs)
            reading = ", ".join(f"window {window} at its tap {tap}" for window, tap in pairs)
            return _Walk(name, axis, windows, f"cell {number} is read by {reading or 'no window'}", number)
        case "filters":
            cells = tuple(cells_under(axis, number))
            return _Walk(name, axis, (cells,), f"tap {number} meets {_cells(axis, cells)}")
    cells = tuple(axis.cells(number))
    return _Walk(name, axis, (cells,), f"window {number} reads {_cells(axis, cells)}")


def _cells(axis: Axis, cells: Sequence[int]) -> str:
    """Cells in words; those of padding are counted apart."""
    inside = [str(cell) for cell in cells if 0 <= cell < axis.size]
    outside = len(cells) - len(inside)
    listed = f"{plural(len(inside), 'cell')} {', '.join(inside)}" if inside else "no cell of the input"
    repeats = f", which repeats {_cells(axis, repeated)}" if (repeated := _repeated(axis, cells)) else ""
    return f"{listed} and {outside} of padding{repeats}" if outside else listed


def _repeated(axis: Axis, cells: Sequence[int]) -> list[int]:
    """The cells that padding among some places repeats, in order."""
    found = (axis.source(cell) for cell in cells if not 0 <= cell < axis.size)
    return sorted({cell for cell in found if cell is not None})


def _strip(walk: _Walk) -> Picture:
    """One axis: a row of cells for each window."""
    axis, shown = walk.axis, walk.windows[:MAX_ROWS]
    asked = [] if walk.asked is None else [walk.asked]
    marks: dict[Sign, list[tuple[int, int]]] = {
        "read": [(row, cell) for row, window in enumerate(shown) for cell in window],
        "asked": [(row, cell) for row in range(max(len(shown), 1)) for cell in asked],
    }
    rows = Stretch(0, len(shown), len(shown)) if len(shown) > 1 else ONE
    sizes = f"size {axis.size}, kernel {axis.kernel}, stride {axis.stride}, dilation {axis.dilation}"
    padding = f"padding {axis.before} before, {axis.after} after{mode_phrase(axis)}"
    title = f"{walk.name}: {walk.phrase}"
    text = f"{title}; {sizes}, {padding}."
    columns = walk.cells.about(asked or walk.marked, MAX_COLUMNS)
    return _drawn(title, text, rows=rows, columns=columns, marks=marks)._replace(down=())


def _plane(down: _Walk, across: _Walk) -> Picture:
    """The cells that are read on two axes."""
    title = f"{down.name}s by {across.name}s"
    text = f"{title}; {down.phrase}; {across.phrase}."
    rows, columns = down.cells.about(down.marked, MAX_ROWS), across.cells.about(across.marked, MAX_COLUMNS)
    marks: dict[Sign, Iterable[tuple[int, int]]] = {"read": product(down.marked, across.marked)}
    return _drawn(title, text, rows=rows, columns=columns, marks=marks)


def _drawn(
    title: str, text: str, *, rows: Stretch, columns: Stretch, marks: Mapping[Sign, Iterable[tuple[int, int]]]
) -> Picture:
    """A picture of some rows and columns; `marks` has the row and the column of each cell with a sign."""
    placed = [
        Mark(sign, column - columns.first, row - rows.first)
        for sign, cells in marks.items()
        for row, column in cells
    ]
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
        corner=(rows.first, columns.first),
    )
