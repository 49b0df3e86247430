"""The arithmetic of one axis written out: its padding, its windows, and the cells that are read."""

from __future__ import annotations

from collections.abc import Iterator

from verify.cases.case import Case
from verify.cases.geometry import Axis
from verify.cases.modes import ZEROS
from verify.cases.trimming import output_padding
from verify.reports.explanation.cell import cells_under, places_of, windows_over
from verify.reports.explanation.lines import LABEL, PADDING_SIGN, WIDTH, Line, Span, entry
from verify.reports.phrases import plural

AXIS_NAMES = {1: ("position",), 2: ("row", "column"), 3: ("depth", "row", "column")}
"""What the axes of a rank are called."""
_PAIRS = 4
"""The most windows that read one cell whose equations are written."""


def axis_lines(case: Case, number: int, *, at: int | None) -> list[Line]:
    """One axis, from its sizes to the cells that are read on it.

    `at` is the window on the axis, of a `transpose` the cell, of a `filtergrad` the tap; None if all
    windows count.
    """
    axis, border = case.axes[number], case.border[number] if case.border else (0, 0)
    size, before, after = axis.size + sum(border), axis.before - border[0], axis.after - border[1]
    bordered = axis._replace(size=size, before=before, after=after)
    formulas = _least_padding(bordered) if case.padding == "SAME" else _windows_that_fit(bordered)
    lines = [*_sizes(case, number, bordered=bordered, border=border), *entry("", *formulas)]
    if at is None:
        return lines
    if case.traits.answer == "source":
        return [*lines, *entry("", *_window_lines(axis, at))]
    shift = f"{border[0]} - {before}" if any(border) else str(before)
    cells, first, start = axis.cells(at), f"{at}*{axis.stride} - {shift}", f"window {at} reads cells"
    if case.traits.answer == "filters":
        first = f"0*{axis.stride} + {at}*{axis.dilation} - {axis.before}"
        cells, start = cells_under(axis, at), f"tap {at} lies on cells"
    if not cells:
        return [*lines, *entry("", f"no window fits, so tap {at} lies on no cell")]
    return [*lines, *entry("", f"first = {first} = {cells[0]}"), _cells(axis, cells, start=start)]


def plane_lines(case: Case, at: int | None, *, count: int) -> Iterator[Line]:
    """What each of the first depths of a drawing is, if the case has three axes."""
    axis = case.axes[0]
    for number in range(count if case.rank == 3 else 0):
        if at is None:
            yield (Span(f"  depth window {number}"),)
        elif case.traits.answer == "source":
            window, tap = windows_over(axis, at)[number]
            yield (Span(f"  depth window {window}, tap {tap}"),)
        elif case.traits.answer == "filters":
            yield (Span(f"  depth window {number}, on cell"), _mark(axis, cells_under(axis, at)[number]))
        else:
            yield (Span(f"  depth tap {number}, on cell"), _mark(axis, axis.cells(at)[number]))


def _sizes(case: Case, number: int, *, bordered: Axis, border: tuple[int, int]) -> list[Line]:
    """The numbers of the case; a border by itself, with the padding around the bordered axis."""
    axis, name = case.axes[number], AXIS_NAMES[case.rank][number]
    sizes = f"{name}: size {axis.size}, kernel {axis.kernel}, stride {axis.stride}, dilation {axis.dilation}"
    if not any(border):
        padding = case.padding if isinstance(case.padding, str) else (bordered.before, bordered.after)
        mode = f", {case.padding_mode}" if case.padding_mode != ZEROS else ""
        return entry(f"axis {number}", f"{sizes}, padding {padding}{mode}")
    then = case.padding if isinstance(case.padding, str) else "padding"
    borders = f"border {border[0]} before, {border[1]} after"
    inside = f"then {then}: {bordered.before} before, {bordered.after} after"
    sum_of_sizes = f"bordered = {border[0]} + {axis.size} + {border[1]} = {bordered.size}"
    return entry(f"axis {number}", sizes, f"{borders}, {inside}", sum_of_sizes)


def _least_padding(axis: Axis) -> list[str]:
    size, kernel, stride, dilation, before, after, *_ = axis
    fit, total = axis.out + axis.fewer, before + after
    if not fit:
        return [f"out = ceil({size}/{stride}) = 0", "no window, so no padding"]
    return [
        f"out = ceil({size}/{stride}) = {fit}",
        f"total = max(({fit}-1)*{stride} + ({kernel}-1)*{dilation} + 1 - {size}, 0) = {total}",
        f"before = {total}//2 = {before}, after = {total}-{before} = {after}",
        *_left_over(axis),
    ]


def _windows_that_fit(axis: Axis) -> list[str]:
    size, kernel, stride, dilation, before, after, *_ = axis
    padded = f"padded = {before} + {size} + {after} = {axis.padded}, " if before + after else ""
    return [
        f"{padded}span = ({kernel}-1)*{dilation} + 1 = {axis.span}",
        f"out = ({axis.padded}-{axis.span})//{stride} + 1 = {axis.out + axis.fewer}",
        *_left_over(axis),
    ]


def _left_over(axis: Axis) -> Iterator[str]:
    """The output padding of a transpose whose input has fewer windows than fit."""
    if axis.fewer:
        fit, reach = axis.out + axis.fewer, f"({axis.out}-1)*{axis.stride} + {axis.span}"
        yield (
            f"the input has {fit} - {axis.fewer} = {axis.out}, "
            f"so output_padding = {axis.padded} - ({reach}) = {output_padding(axis)}"
        )


def _window_lines(axis: Axis, cell: int) -> Iterator[str]:
    """The windows of the forward convolution that read a cell, each with its equation."""
    pairs, places = windows_over(axis, cell), " or ".join(map(str, places_of(axis, cell)))
    rule = f"window*{axis.stride} + tap*{axis.dilation} - {axis.before}"
    if not axis.out:
        yield f"no window fits, so none reads cell {cell}"
    elif not pairs:
        limits = f"windows below {axis.out} and taps below {axis.kernel}"
        yield f"no window reads cell {cell}: {rule} is never {places} for {limits}"
    else:
        yield f"cell {cell} is read where {rule} is {places}:"
    for window, tap in pairs[:_PAIRS]:
        solved = rule.replace("window", str(window)).replace("tap", str(tap))
        place = window * axis.stride + tap * axis.dilation - axis.before
        yield f"window {window} at tap {tap}: {solved} = {place}"
    if (more := len(pairs) - _PAIRS) > 0:
        yield f"… {more} more {plural(more, 'window')}"


def _cells(axis: Axis, cells: range, *, start: str) -> Line:
    """Cells of the input in order, as many as fit."""
    start = " " * LABEL + start
    wide = max(len(f" {cells[0]}"), len(f" {cells[-1]}"))
    fit = (WIDTH - len(f"{start} … {len(cells)} more")) // wide
    more = f" … {len(cells) - fit} more" if len(cells) > fit else ""
    return (Span(start), *(_mark(axis, cell) for cell in cells[:fit]), Span(more))


def _mark(axis: Axis, cell: int) -> Span:
    """A cell that a place stands for; a sign for a zero."""
    source = axis.source(cell)
    if source is None:
        return Span(f" {PADDING_SIGN}", "padding")
    return Span(f" {source}", "window" if 0 <= cell < axis.size else "padding")
