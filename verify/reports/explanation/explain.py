"""The explanation of one cell of a case's answer, written out as the CS231n lecture animates it."""

from __future__ import annotations

import math
import re
import textwrap
from collections.abc import Iterator

import numpy as np

from verify.cases.case import Case
from verify.cases.operands import Array
from verify.reports.explanation.axes import AXIS_NAMES, axis_lines, plane_lines
from verify.reports.explanation.cell import Cell, Factors, cell_of
from verify.reports.explanation.grids import DRAWN, Wording, drawn
from verify.reports.explanation.lines import LABEL, PADDING, WIDTH, Line, Span, addition, entry, sum_of
from verify.reports.explanation.steps import step_lines

_WEIGHED = 7
"""Terms of the last sum of a `separable` that are written one by one."""


def explain(case: Case, at: tuple[int, ...] | None = None) -> list[Line]:
    """How one cell of a case's answer is computed; `at` is its index in the answer, by default the first.

    The numbers are taken from the operands by index, not from `verify.reference`. No line is wider than
    80 columns: what does not fit is counted, and its products are summed.
    Raises ValueError, one sentence, if the answer has no such cell or the case has no answer.
    """
    index = _checked(case, at)
    cell = cell_of(case, index)
    lines = [*_heading(case, cell, index=index), ()]
    for axis in range(case.rank):
        lines += axis_lines(case, axis, at=cell.place.along[axis] if cell.place.along else None)
    terms, shown = cell.factors.products, DRAWN[0]
    drawing = list(_drawing(case, cell))
    if cell.weights is not None:
        last = _weighed(terms, cell.weights)
        drawing += drawn(last, Wording(["pointwise"], "sums", f"filter {cell.place.channel}"))
        terms, shown = last.products.reshape(-1, 1), _WEIGHED
    lines += [*_legend(case, cell, total=sum_of(terms)), (), *drawing, (), *_sum(terms, shown)]
    return [*lines, *step_lines(case, sum_of(terms), index=index, channel=cell.place.channel)]


def parse_index(text: str) -> tuple[int, ...]:
    """The index written as `0,1,2,0`, as `0x1x2x0` or, the way a failure prints it, as `(0, 1, 2, 0)`.

    Raises ValueError, one sentence, for any other text.
    """
    match = re.fullmatch(r"\(?([0-9]{1,9}(?:(?:x|, ?)[0-9]{1,9})*)\)?|\(([0-9]{1,9}),\)", text)
    if match is None:
        raise ValueError(f"{text!r} is not an index such as 0,1,2,0 (whole numbers joined by commas or x)")
    return tuple(map(int, re.split("x|, ?", match[1] or match[2])))


def _checked(case: Case, at: tuple[int, ...] | None) -> tuple[int, ...]:
    if case.illegal:
        raise ValueError(f"{str(case)!r} has no answer: the call must be refused, as {case.why_illegal}")
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


def _weighed(products: Array, weights: Array) -> Factors:
    """The last step of a `separable`: the sum of the products of each block, times its weight."""
    sums = np.array([sum_of(block) for block in products], dtype=weights.dtype)
    row = (1, 1, 1, len(weights))
    return Factors(sums.reshape(row), np.ones(row, bool), weights.reshape(row))


def _heading(case: Case, cell: Cell, *, index: tuple[int, ...]) -> list[Line]:
    word = textwrap.wrap(str(case).replace("_", "_ "), WIDTH, subsequent_indent="  ")
    lines: list[Line] = [(Span(tokens.replace("_ ", "_"), "heading"),) for tokens in word]
    lines += entry("answer", f"shape {case.output_shape}{_order(case)}")
    lines += entry("cell", f"{index}: {_where(case, cell, index=index)}")
    if case.groups > 1 and cell.place.along:
        members = _group_members(case, cell, index=index)
        lines += entry("group", f"{cell.group} ({case.groups} in all): {members}")
    return [*lines, *_adds(case, cell)]


def _order(case: Case) -> str:
    """What the axes of the answer are."""
    if case.traits.answer != "filters":
        return f", {case.data_format}"
    if case.is_bias_gradient:
        return ": a number for each filter"
    return f": {', '.join(AXIS_NAMES[case.rank])}, channel, filter"


def _where(case: Case, cell: Cell, *, index: tuple[int, ...]) -> str:
    batch, along, channel = cell.place
    spatial = ", ".join(f"{name} {at}" for name, at in zip(AXIS_NAMES[case.rank], along, strict=False))
    if case.traits.answer == "filters":
        return f"tap at {spatial}, channel {index[-2]}, filter {channel}" if along else f"filter {channel}"
    is_filter = case.traits.answer == "result" and case.traits.has_filters
    return f"batch {batch}, {spatial}, {'filter' if is_filter else 'channel'} {channel}"


def _group_members(case: Case, cell: Cell, *, index: tuple[int, ...]) -> str:
    """The channels or filters of the cell's group that it reads, or by which it was read."""
    if case.traits.answer == "filters":
        return f"its channel {index[-2]} is channel {cell.source} of the input"
    first, last = cell.blocks[0], cell.blocks[-1]
    filters = case.traits.answer == "source"
    what = "filter" if filters else "channel"
    numbers = f"{what}s {first} to {last}" if first < last else f"{what} {first}"
    channel = cell.place.channel
    return f"channel {channel} was read by {numbers}" if filters else f"filter {channel} reads {numbers}"


def _adds(case: Case, cell: Cell) -> list[Line]:
    """What is added up, in words."""
    channel, source, m = cell.place.channel, cell.source, case.multiplier
    match case.operation:
        case "depthwise" if m > 1:
            made = f"{source}*{m} + {channel % m} = {channel}"
            return entry("channel", f"{made}: channel {source} of the input with its filter {channel % m}")
        case "depthwise":
            return entry("reads", f"channel {channel} of the input alone")
        case "separable":
            made = f"{case.channels}*{m} = {case.channels * m} depthwise sums"
            return entry("adds", f"{made}, each times its weight in pointwise filter {channel}")
        case "transpose":
            reading = "each window of the forward convolution that reads this cell"
            return entry("adds", f"cotangent * filter of {reading}, at the tap that lies on it")
        case "filtergrad" if cell.place.along:
            return entry("adds", "input * cotangent of each window and batch, at the cell under the tap")
        case "filtergrad":
            return entry("adds", "the cotangent of each window and batch: the gradient of the bias")
    return []


def _legend(case: Case, cell: Cell, *, total: float) -> Iterator[Line]:
    if not cell.factors.inside.all():
        dot = Span(f"{PADDING:>{LABEL + 1}}", "padding")
        what = "border or padding" if case.border else "padding"
        yield (dot, Span(f" is a cell of {what} and counts as 0"))
    if math.isnan(total):
        yield from entry("", "nan is not a number: 0*inf, inf - inf and every sum with a nan give it")


def _drawing(case: Case, cell: Cell) -> Iterator[Line]:
    """The blocks, or that there are none."""
    left, at = cell.factors.left, cell.place.along
    if left.size:
        planes = list(plane_lines(case, at[0] if at else None, count=min(left.shape[1], DRAWN[1])))
        yield from drawn(cell.factors, _wording(case, cell.blocks)._replace(planes=planes))
        return
    if case.traits.answer == "source":
        none = "no window reads this cell"
    else:
        none = "there is no window" if case.batch else "the batch is empty"
    yield (Span(f"{none}: nothing is added"),)


def _wording(case: Case, blocks: range) -> Wording:
    numbers, m = blocks[: DRAWN[0]], case.multiplier
    if case.traits.has_multiplier:
        titles = [f"channel {n // m}" + f", its filter {n % m}" * (m > 1) for n in numbers]
        return Wording(titles, "window", "filter", rest="sum", use=", used below")
    match case.traits.answer:
        case "source":
            return Wording([f"filter {n}" for n in numbers], "cotangent", "filter", rest="filter")
        case "filters":
            left = "cotangent" if case.is_bias_gradient else "input"
            return Wording([f"batch {n}" for n in numbers], left, "cotangent", rest="batch")
    return Wording([f"channel {n}" for n in numbers], "window", "filter")


def _sum(terms: Array, shown: int) -> list[Line]:
    """The sums of the first terms one by one, and of the others together."""
    first, others = np.split(terms, [shown])
    sums = [sum_of(part) for part in (*first, others) if part.size]
    return entry("sum", addition(sums or [0], sum_of(terms)))
