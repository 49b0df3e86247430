"""Pictures of what one element of an answer is computed from: its windows, and the padding about them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from verify.cases.case import Case
from verify.cases.geometry import Axis
from verify.reports.explanation.axes import NAMES
from verify.reports.explanation.cell import met, readers
from verify.reports.html.picture import COLUMNS, ONE, ROWS, Picture, Sign, Stretch, drawn

Index = tuple[int, ...]


class Walk(NamedTuple):
    """One axis about an element: the cells that are read for it, window by window, and in one phrase."""

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
    """An element's window on each axis, of a transpose its cell, of a filtergrad its tap, if it has one."""
    if case.operation == "filtergrad":
        return () if "bias" in case.epilogue else index[: case.rank]
    return index[2:] if case.channels_first else index[1:-1]


def window_pictures(case: Case, index: Index) -> list[Picture]:
    """Each axis about an element of a case's answer, and the plane of the last two where a window has one."""
    place = place_of(case, index)
    if case.illegal or len(index) != len(case.output_shape) or not place:
        return []
    walks = [
        _walk(case.operation, name, axis, at)
        for name, axis, at in zip(NAMES[case.rank], case.axes, place, strict=True)
    ]
    strips = [_strip(walk) for walk in walks]
    is_plane = case.rank > 1 and case.operation != "transpose"
    return [*strips, _plane(*walks[-2:])] if is_plane else strips


def _walk(operation: str, name: str, axis: Axis, at: int) -> Walk:
    match operation:
        case "transpose":
            found = readers(axis, at)
            windows = tuple(tuple(axis.cells(window)) for window, _ in found)
            numbers = ", ".join(f"window {window} at its tap {tap}" for window, tap in found)
            return Walk(name, axis, windows, f"cell {at} is read by {numbers or 'no window'}", at)
        case "filtergrad":
            cells = tuple(met(axis, at))
            return Walk(name, axis, (cells,), f"tap {at} meets {_cells(axis, cells)}")
    cells = tuple(axis.cells(at))
    return Walk(name, axis, (cells,), f"window {at} reads {_cells(axis, cells)}")


def _cells(axis: Axis, cells: Sequence[int]) -> str:
    """Cells in words, padding told apart."""
    inside = [str(cell) for cell in cells if 0 <= cell < axis.size]
    outside = len(cells) - len(inside)
    listed = f"cell{'s' * (len(inside) != 1)} {', '.join(inside)}" if inside else "no cell of the input"
    return f"{listed} and {outside} of padding" if outside else listed


def _strip(walk: Walk) -> Picture:
    """One axis: a row of cells for each window."""
    axis = walk.axis
    shown = walk.windows[:ROWS]
    marks: list[tuple[Sign, int, int]] = [
        ("read", row, cell) for row, window in enumerate(shown) for cell in window
    ]
    if walk.asked is not None:
        marks += [("asked", row, walk.asked) for row in range(max(len(shown), 1))]
    rows = Stretch(0, len(shown), len(shown)) if len(shown) > 1 else ONE
    wanted = [walk.asked] if walk.asked is not None else walk.marked
    sizes = f"size {axis.size}, kernel {axis.kernel}, stride {axis.stride}, dilation {axis.dilation}"
    padding = f"padding {axis.before} before, {axis.after} after"
    title = f"{walk.name}: {walk.phrase}"
    picture = drawn(title, f"{title}; {sizes}, {padding}.", rows, walk.cells.about(wanted, COLUMNS), marks)
    return picture._replace(down=())


def _plane(down: Walk, across: Walk) -> Picture:
    """The cells that are read on two axes."""
    marks: list[tuple[Sign, int, int]] = [
        ("read", row, column) for row in down.marked for column in across.marked
    ]
    title = f"{down.name}s by {across.name}s"
    text = f"{title}; {down.phrase}; {across.phrase}."
    rows, columns = down.cells.about(down.marked, ROWS), across.cells.about(across.marked, COLUMNS)
    return drawn(title, text, rows, columns, marks)
