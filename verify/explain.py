"""How one cell of a case's answer is computed, written out as the CS231n lecture animates it."""

from __future__ import annotations

import math
import re
import textwrap
from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple, TypeAlias

import numpy as np

from verify.case import Array, Case
from verify.geometry import Axis

Style = Literal["plain", "heading", "padding", "window", "filter", "product", "result"]

WIDTH = 80
PADDING = "·"
_LABEL = 9
_SHOWN = (3, 3, 7, 11)
"""Channels, depth, rows and columns drawn at most; no grids of 12 columns fit side by side."""
_NAMES = {1: ("position",), 2: ("row", "column"), 3: ("depth", "row", "column")}
_ANSI = {"heading": "1", "padding": "90", "window": "36", "filter": "35", "product": "33", "result": "1;32"}


class Span(NamedTuple):
    """A piece of a line, and how it is shown."""

    text: str
    style: Style = "plain"


Line: TypeAlias = tuple[Span, ...]


class _Cell(NamedTuple):
    """What one cell of the answer is computed from.

    `windows` is its place on each spatial axis, and `members` are the channels that its filter
    reads. The arrays are (members, depth, rows, columns), with 1 for an axis that the case lacks;
    `inside` is False where the window lies on padding.
    """

    batch: int
    windows: tuple[int, ...]
    filter: int
    members: range
    window: Array
    inside: Array
    weights: Array
    bias: float

    @property
    def products(self) -> Array:
        return self.window * self.weights


class _Grids(NamedTuple):
    """What is drawn: strings of the shape (window · filter · products, channels, depth, rows, columns)."""

    texts: Array
    gap: str
    """What stands to either side of a sign between two grids."""


def explain(case: Case, at: tuple[int, ...] | None = None) -> list[Line]:
    """How one cell of a case's answer is computed: `at`, in its data format; the first unless given.

    The numbers come from the operands by index, not from `verify.reference`. No line is wider than
    80 columns: what does not fit is counted, and its products are summed.
    Raises ValueError, one sentence, where the answer has no such cell.
    """
    index = _checked(case, at)
    cell = _cell(case, index)
    lines = [*_heading(case, index, cell), ()]
    for number, window in enumerate(cell.windows):
        lines += _axis(case, number, window)
    if not cell.inside.all():
        dot = Span(f"{PADDING:>{_LABEL + 1}}", "padding")
        lines.append((dot, Span(" is a cell of padding and counts as 0")))
    return [*lines, (), *_channels(case, cell), (), *_sums(case, cell)]


def plain(lines: Iterable[Line]) -> str:
    """The lines without their styles."""
    return "\n".join("".join(span.text for span in line) for line in lines)


def coloured(lines: Iterable[Line]) -> str:
    """The lines with ANSI escapes, for a terminal."""
    return "\n".join("".join(map(_escaped, line)) for line in lines)


def parse_index(text: str) -> tuple[int, ...]:
    """The index written as `0,1,2,0`, as `0x1x2x0` or, the way a failure prints it, as `(0, 1, 2, 0)`.

    Raises ValueError, one sentence, for any other text.
    """
    match = re.fullmatch(r"\(?([0-9]{1,9}(?:(?:x|, ?)[0-9]{1,9})*)\)?", text)
    if match is None:
        raise ValueError(f"{text!r} is not an index such as 0,1,2,0 (whole numbers joined by commas or x)")
    return tuple(map(int, re.split("x|, ?", match[1])))


def _escaped(span: Span) -> str:
    return f"\x1b[{_ANSI[span.style]}m{span.text}\x1b[0m" if span.style in _ANSI else span.text


def _checked(case: Case, at: tuple[int, ...] | None) -> tuple[int, ...]:
    shape = case.output_shape
    if 0 in shape:
        raise ValueError(f"{str(case)!r} has no cell to explain: its answer has the shape {shape}")
    if at is None:
        return (0,) * len(shape)
    if len(at) != len(shape):
        raise ValueError(f"{at} is no index of {len(shape)} numbers into the answer, whose shape is {shape}")
    if not all(0 <= place < size for place, size in zip(at, shape, strict=True)):
        raise ValueError(f"{at} lies outside the answer, whose shape is {shape}")
    return at


def _cell(case: Case, index: tuple[int, ...]) -> _Cell:
    batch, *windows, number = (index[0], *index[2:], index[1]) if case.channels_first else index
    given = case.make_operands()
    kind = np.int64 if case.format.exact_integers else np.float64
    count = case.channels // case.groups
    group = number // (case.filter_count // case.groups)
    members = range(group * count, (group + 1) * count)
    reads = [np.array(axis.cells(place)) for axis, place in zip(case.axes, windows, strict=True)]
    held = [np.flatnonzero((read >= 0) & (read < size)) for read, size in zip(reads, case.size, strict=True)]
    taps = np.ix_(np.arange(count), *held)
    cells = np.ix_(np.array(members), *(read[kept] for read, kept in zip(reads, held, strict=True)))
    x = given.input[batch] if case.channels_first else np.moveaxis(given.input[batch], -1, 0)
    weights = np.moveaxis(given.factor[..., number].astype(kind), -1, 0)
    window, inside = np.zeros(weights.shape, kind), np.zeros(weights.shape, bool)
    window[taps], inside[taps] = x[cells], True
    block = (count, *(1,) * (3 - case.rank), *case.kernel)
    return _Cell(
        batch=batch,
        windows=tuple(windows),
        filter=number,
        members=members,
        window=window.reshape(block),
        inside=inside.reshape(block),
        weights=weights.reshape(block),
        bias=0 if given.bias is None else given.bias[number].astype(kind).item(),
    )


def _entry(label: str, text: str, style: Style = "plain") -> list[Line]:
    """A label with its text beside it, wrapped."""
    first, *more = textwrap.wrap(text, WIDTH - _LABEL)
    start = (Span(f"{label:<{_LABEL}}", "heading"), Span(first, style))
    return [start, *((Span(" " * _LABEL + each, style),) for each in more)]


def _heading(case: Case, index: tuple[int, ...], cell: _Cell) -> list[Line]:
    word = textwrap.wrap(str(case).replace("_", "_ "), WIDTH, subsequent_indent="  ")
    place = "".join(f", {name} {at}" for name, at in zip(_NAMES[case.rank], cell.windows, strict=True))
    lines: list[Line] = [(Span(tokens.replace("_ ", "_"), "heading"),) for tokens in word]
    lines += _entry("answer", f"shape {case.output_shape}, {case.data_format}")
    lines += _entry("cell", f"{index}: batch {cell.batch}{place}, filter {cell.filter}")
    if case.groups > 1:
        first, last = cell.members[0], cell.members[-1]
        reads = f"channels {first} to {last}" if first < last else f"channel {first}"
        group = f"{first // len(cell.members)} ({case.groups} in all)"
        lines += _entry("group", f"{group}: filter {cell.filter} reads {reads}")
    return lines


def _axis(case: Case, number: int, window: int) -> list[Line]:
    """The arithmetic of one axis, and the cells that the window reads on it."""
    axis = case.axes[number]
    size, kernel, stride, dilation, before, after = axis
    padding = case.padding if isinstance(case.padding, str) else (before, after)
    sizes = f"size {size}, kernel {kernel}, stride {stride}, dilation {dilation}, padding {padding}"
    lines = _entry(f"axis {number}", f"{_NAMES[case.rank][number]}: {sizes}")
    for formula in _least_padding(axis) if padding == "SAME" else _windows_that_fit(axis):
        lines += _entry("", formula)
    lines += _entry("", f"first = {window}*{stride} - {before} = {axis.cells(window)[0]}")
    return [*lines, _reading(axis, window)]


def _least_padding(axis: Axis) -> list[str]:
    size, kernel, stride, dilation, before, after = axis
    total = before + after
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


def _reading(axis: Axis, window: int) -> Line:
    """The input cells under the taps of a window, as many as fit."""
    cells, start = axis.cells(window), f"{'':{_LABEL}}window {window} reads cells"
    wide = max(len(f" {cells[0]}"), len(f" {cells[-1]}"))
    fit = (WIDTH - len(f"{start} … {len(cells)} more")) // wide
    more = f" … {len(cells) - fit} more" if len(cells) > fit else ""
    return (Span(start), *(_mark(axis, cell) for cell in cells[:fit]), Span(more))


def _mark(axis: Axis, cell: int) -> Span:
    return Span(f" {cell}", "window") if 0 <= cell < axis.size else Span(f" {PADDING}", "padding")


def _channels(case: Case, cell: _Cell) -> Iterator[Line]:
    """Each channel's window beside the filter and their products; what is not drawn is summed."""
    grids = _grids(cell)
    channels, *drawn = grids.texts.shape[1:]
    signs = Span("window", "window"), Span(" × "), Span("filter", "filter"), Span(" = ")
    for channel, products in enumerate(cell.products[:channels]):
        start = Span(f"channel {cell.members[channel]}", "heading"), Span(": ")
        yield (*start, *signs, Span("products", "product"), Span(f", summing to {_number(_sum(products))}"))
        for tap in range(drawn[0]):
            if case.rank == 3:
                place = case.axes[0].cells(cell.windows[0])[tap]
                yield (Span(f"  depth tap {tap}, on cell"), _mark(case.axes[0], place))
            yield from _rows(grids, channel, tap, cut=drawn[2] < products.shape[2])
        if products.size > math.prod(drawn):
            rest = products.copy()
            rest[tuple(map(slice, drawn))] = 0
            yield (Span(f"  {_more(products.size - math.prod(drawn), 'product', rest)}"),)
    if len(cell.products) > channels:
        rest = cell.products[channels:]
        yield (Span(_more(len(rest), "channel", rest)),)


def _more(count: int, what: str, products: Array) -> str:
    return f"… {count} more {what}{'s' * (count > 1)}, summing to {_number(_sum(products))}"


def _grids(cell: _Cell) -> _Grids:
    """As much as fits, reals with as many decimals as let all columns fit."""
    block, columns = tuple(map(slice, _SHOWN)), cell.window.shape[-1]
    for places, gap in ((6, "  "), (4, " "), (3, " ")):
        window, weights, products = (
            np.array([_number(value, places) for value in part.ravel().tolist()]).reshape(part.shape)
            for part in (cell.window[block], cell.weights[block], cell.products[block])
        )
        texts = [np.where(cell.inside[block], window, PADDING), weights, products]
        texts = [np.char.rjust(text, np.char.str_len(text).max()) for text in texts]
        wide = sum(len(text.flat[0]) + 1 for text in texts)
        # A margin of 2, two signs with their gaps, and no space after the last column of each grid.
        room = WIDTH - 2 - 2 * (2 * len(gap) + 1) + 3
        if columns * wide <= room:
            break
        columns_shown = max((room - 3 * len(" …")) // wide, 1)
    else:
        texts = [text[..., :columns_shown] for text in texts]
    return _Grids(np.stack(texts), gap)


def _rows(grids: _Grids, channel: int, tap: int, *, cut: bool) -> Iterator[Line]:
    """One window, filter and products, side by side, row by row; `cut` where there are more columns."""
    drawn = grids.texts[:, channel, tap].transpose(1, 0, 2).tolist()
    end = Span(" …" * cut)
    for number, (window, weights, products) in enumerate(drawn):
        times, equals = "×=" if number == (len(drawn) - 1) // 2 else "  "
        yield (
            Span(" "),
            *(Span(f" {text}", "padding" if text.endswith(PADDING) else "window") for text in window),
            *(end, Span(f"{grids.gap}{times}{grids.gap}"), Span(" ".join(weights), "filter")),
            *(end, Span(f"{grids.gap}{equals}{grids.gap}"), Span(" ".join(products), "product"), end),
        )


def _sums(case: Case, cell: _Cell) -> list[Line]:
    """From the channels' sums to the answer."""
    drawn, rest = np.split(cell.products, [_SHOWN[0]])
    value = _sum(cell.products)
    lines = _entry("sum", _adding([*map(_sum, drawn), *([_sum(rest)] if len(rest) else [])], value))
    if "bias" in case.epilogue:
        lines += _entry("bias", _adding([value, cell.bias], value + cell.bias))
        value += cell.bias
    if case.format.exact_integers and (turns := math.floor(value + 2**31) // 2**32):
        wrapped = value - turns * 2**32
        lines += _entry("int32", f"{value} {'-' if turns > 0 else '+'} {abs(turns)}*2**32 = {wrapped}")
        value = wrapped
    if "relu" in case.epilogue:
        lines += _entry("relu", f"max({_number(value)}, 0) = {_number(max(value, 0))}")
        value = max(value, 0)
    return [*lines, *_entry("answer", _held(case, value), "result")]


def _held(case: Case, value: float) -> str:
    """The answer in full, and as its dtype holds it where that differs."""
    exact = _number(value) if value % 1 == 0 else repr(value)
    with np.errstate(over="ignore"):
        held = np.asarray(value).astype(case.dtype)
    if float(held) == value:
        return exact
    rounded = _number(float(held)) if float(held) % 1 == 0 else str(held)
    return f"{exact}, which {case.dtype.name} holds as {rounded}"


def _sum(products: Array) -> float:
    """The sum: an integer, or rounded once."""
    numbers = products.ravel().tolist()
    return sum(numbers) if products.dtype.kind == "i" else math.fsum(numbers)


def _adding(terms: list[float], total: float) -> str:
    first, *others = map(_number, terms)
    signed = [f" - {text[1:]}" if text[0] == "-" else f" + {text}" for text in others]
    return f"{first}{''.join(signed)} = {_number(total)}" if others else first


def _number(value: float, places: int = 6) -> str:
    """A whole number without a point; another with so many decimals, or few and an exponent."""
    if value % 1 == 0 and (isinstance(value, int) or abs(value) < 1e16):
        return str(int(value))
    return f"{value:.{places}f}" if 1e-3 <= abs(value) < 1e6 else f"{value:.{places - 3}e}"
