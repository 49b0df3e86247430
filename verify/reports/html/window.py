"""Pictures of the cells from which one element of an answer is computed: its windows, with the padding."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from verify.cases.case import Case
from verify.cases.geometry import Axis
from verify.cases.operations import Role
from verify.reports.explanation.axes import AXIS_NAMES
from verify.reports.explanation.cell import cells_under, windows_over
from verify.reports.html.picture import COLUMNS, ONE, ROWS, Picture, Sign, Stretch, drawn
from verify.reports.phrases import plural

Index = tuple[int, ...]


class Walk(NamedTuple):
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


def place_of(case: Case, index: Index) -> Index:
    """An element's window on each axis; of a transpose its cell, of a filtergrad its tap, if it has one."""
    if case.traits.answer == "filters":
        return () if case.is_bias_gradient else index[: case.rank]
    return index[2:] if case.channels_first else index[1:-1]


def window_pictures(case: Case, index: Index) -> list[Picture]:
    """Each axis for one element of an answer, and the plane of the last two if a window lies in one."""
    place = place_of(case, index)
    if case.illegal or len(index) != len(case.output_shape) or not place:
        return []
    walks = [
        _walk(axis, number, answer=case.traits.answer, name=name)
        for axis, number, name in zip(case.axes, place, AXIS_NAMES[case.rank], strict=True)
    ]
    strips = [_strip(walk) for walk in walks]
    is_plane = case.rank > 1 and case.traits.answer != "source"
    return [*strips, _plane(*walks[-2:])] if is_plane else strips


def _walk(axis: Axis, number: int, *, answer: Role, name: str) -> Walk:
    """The walk over an axis for the window, cell or tap of that number."""
    match answer:
        case "source":
            pairs = windows_over(axis, number)
            windows = tuple(tuple(axis.cells(window)) for window, _ in pairs)
            reading = ", ".join(f"window {window} at its tap {tap}" for window, tap in pairs)
            return Walk(name, axis, windows, f"cell {number} is read by {reading or 'no window'}", number)
        case "filters":
            cells = tuple(cells_under(axis, number))
            return Walk(name, axis, (cells,), f"tap {number} meets {_cells(axis, cells)}")
    cells = tuple(axis.cells(number))
    return Walk(name, axis, (cells,), f"window {number} reads {_cells(axis, cells)}")


def _cells(axis: Axis, cells: Sequence[int]) -> str:
    """Cells in words; those of padding are counted apart."""
    inside = [str(cell) for cell in cells if 0 <= cell < axis.size]
    outside = len(cells) - len(inside)
    listed = f"{plural(len(inside), 'cell')} {', '.join(inside)}" if inside else "no cell of the input"
    return f"{listed} and {outside} of padding" if outside else listed


def _strip(walk: Walk) -> Picture:
    """One axis: a row of cells for each window."""
    axis, shown = walk.axis, walk.windows[:ROWS]
    marks: list[tuple[Sign, int, int]] = [
        ("read", row, cell) for row, window in enumerate(shown) for cell in window
    ]
    if walk.asked is not None:
        marks += [("asked", row, walk.asked) for row in range(max(len(shown), 1))]
    rows = Stretch(0, len(shown), len(shown)) if len(shown) > 1 else ONE
    centre = [walk.asked] if walk.asked is not None else walk.marked
    sizes = f"size {axis.size}, kernel {axis.kernel}, stride {axis.stride}, dilation {axis.dilation}"
    padding = f"padding {axis.before} before, {axis.after} after"
    title = f"{walk.name}: {walk.phrase}"
    text = f"{title}; {sizes}, {padding}."
    columns = walk.cells.about(centre, COLUMNS)
    return drawn(title, text, rows=rows, columns=columns, marks=marks)._replace(down=())


def _plane(down: Walk, across: Walk) -> Picture:
    """The cells that are read on two axes."""
    marks: list[tuple[Sign, int, int]] = [
        ("read", row, column) for row in down.marked for column in across.marked
    ]
    title = f"{down.name}s by {across.name}s"
    text = f"{title}; {down.phrase}; {across.phrase}."
    rows, columns = down.cells.about(down.marked, ROWS), across.cells.about(across.marked, COLUMNS)
    return drawn(title, text, rows=rows, columns=columns, marks=marks)
