"""The arithmetic of one axis written out: its padding, its windows, and the cells that are read."""

from __future__ import annotations

from collections.abc import Iterator

from verify.cases.case import Case
from verify.cases.geometry import Axis
from verify.reports.explanation.cell import met, readers
from verify.reports.explanation.lines import LABEL, PADDING, WIDTH, Line, Span, entry, plural

NAMES = {1: ("position",), 2: ("row", "column"), 3: ("depth", "row", "column")}
"""What the axes of a rank are called."""
_PAIRS = 4
"""Windows that read one cell, written at most."""


def axis_lines(case: Case, number: int, at: int | None) -> list[Line]:
    """One axis from its sizes to the cells that are read on it.

    `at` is the window on the axis, the cell of a `transpose` or the tap of a `filtergrad`; None where
    all windows count.
    """
    axis, border = case.axes[number], _border(case, number)
    size, before, after = axis.size + sum(border), axis.before - border[0], axis.after - border[1]
    own = axis._replace(size=size, before=before, after=after)
    lines = _sizes(case, number, own)
    for formula in _least_padding(own) if case.padding == "SAME" else _windows_that_fit(own):
        lines += entry("", formula)
    if at is None:
        return lines
    shift = f"{border[0]} - {before}" if any(border) else str(before)
    match case.operation:
        case "transpose":
            return [*lines, *_readers(axis, at)]
        case "filtergrad":
            return [*lines, *_met(axis, at)]
    lines += entry("", f"first = {at}*{axis.stride} - {shift} = {axis.cells(at)[0]}")
    return [*lines, _cells(axis, f"window {at} reads cells", axis.cells(at))]


def plane_lines(case: Case, at: int | None, count: int) -> Iterator[Line]:
    """What each of the first depths of a drawing is, for three axes."""
    axis = case.axes[0]
    for number in range(count if case.rank == 3 else 0):
        if at is None:
            yield (Span(f"  depth window {number}"),)
        elif case.operation == "transpose":
            window, tap = readers(axis, at)[number]
            yield (Span(f"  depth window {window}, tap {tap}"),)
        elif case.operation == "filtergrad":
            yield (Span(f"  depth window {number}, on cell"), _mark(axis, met(axis, at)[number]))
        else:
            yield (Span(f"  depth tap {number}, on cell"), _mark(axis, axis.cells(at)[number]))


def _border(case: Case, number: int) -> tuple[int, int]:
    return case.border[number] if case.border else (0, 0)


def _sizes(case: Case, number: int, own: Axis) -> list[Line]:
    """The numbers that the case gives; a border apart from the padding that comes after it."""
    axis, border = case.axes[number], _border(case, number)
    name = NAMES[case.rank][number]
    sizes = f"{name}: size {axis.size}, kernel {axis.kernel}, stride {axis.stride}, dilation {axis.dilation}"
    if not any(border):
        padding = case.padding if isinstance(case.padding, str) else (own.before, own.after)
        return entry(f"axis {number}", f"{sizes}, padding {padding}")
    then = case.padding if isinstance(case.padding, str) else "padding"
    return [
        *entry(f"axis {number}", sizes),
        *entry(
            "",
            f"border {border[0]} before, {border[1]} after, "
            f"then {then}: {own.before} before, {own.after} after",
        ),
        *entry("", f"bordered = {border[0]} + {axis.size} + {border[1]} = {own.size}"),
    ]


def _least_padding(axis: Axis) -> list[str]:
    size, kernel, stride, dilation, before, after = axis
    total = before + after
    if not axis.out:
        return [f"out = ceil({size}/{stride}) = 0", "no window, so no padding"]
    return [
        f"out = ceil({size}/{stride}) = {axis.out}",
        f"total = max(({axis.out}-1)*{stride} + ({kernel}-1)*{dilation} + 1 - {size}, 0) = {total}",
        f"before = {total}//2 = {before}, after = {total}-{before} = {after}",
    ]


def _windows_that_fit(axis: Axis) -> list[str]:
    size, kernel, stride, dilation, before, after = axis
    padded = f"padded = {before} + {size} + {after} = {axis.padded}, " if before + after else ""
    return [
        f"{padded}span = ({kernel}-1)*{dilation} + 1 = {axis.span}",
        f"out = ({axis.padded}-{axis.span})//{stride} + 1 = {axis.out}",
    ]


def _readers(axis: Axis, cell: int) -> Iterator[Line]:
    """The windows of the forward convolution that read a cell, each with its equation."""
    pairs = readers(axis, cell)
    rule = f"window*{axis.stride} + tap*{axis.dilation} - {axis.before}"
    if not axis.out:
        yield from entry("", f"no window fits, so none reads cell {cell}")
        return
    if not pairs:
        limits = f"windows below {axis.out} and taps below {axis.kernel}"
        yield from entry("", f"no window reads cell {cell}: {rule} is never {cell} for {limits}")
        return
    yield from entry("", f"cell {cell} is read where {rule} is {cell}:")
    for window, tap in pairs[:_PAIRS]:
        solved = rule.replace("window", str(window)).replace("tap", str(tap))
        yield from entry("", f"window {window} at tap {tap}: {solved} = {cell}")
    if len(pairs) > _PAIRS:
        more = len(pairs) - _PAIRS
        yield from entry("", f"… {more} more {plural(more, 'window')}")


def _met(axis: Axis, tap: int) -> list[Line]:
    """The cells that a tap lies on, window after window."""
    cells = met(axis, tap)
    if not cells:
        return entry("", f"no window fits, so tap {tap} lies on no cell")
    first = entry("", f"first = 0*{axis.stride} + {tap}*{axis.dilation} - {axis.before} = {cells[0]}")
    return [*first, _cells(axis, f"tap {tap} lies on cells", cells)]


def _cells(axis: Axis, start: str, cells: range) -> Line:
    """Cells of the input in order, as many as fit."""
    start = " " * LABEL + start
    wide = max(len(f" {cells[0]}"), len(f" {cells[-1]}"))
    fit = (WIDTH - len(f"{start} … {len(cells)} more")) // wide
    more = f" … {len(cells) - fit} more" if len(cells) > fit else ""
    return (Span(start), *(_mark(axis, cell) for cell in cells[:fit]), Span(more))


def _mark(axis: Axis, cell: int) -> Span:
    return Span(f" {cell}", "window") if 0 <= cell < axis.size else Span(f" {PADDING}", "padding")
