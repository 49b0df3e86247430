"""The explanation of one cell of a case's answer, written out as the CS231n lecture animates it."""

from __future__ import annotations

import math
import re
import textwrap
from collections.abc import Generator, Iterator

import numpy as np

from verify.cases.case import Case
from verify.cases.large import MEMORY_LIMIT, require_whole, size_as_float64
from verify.cases.operands import Array
from verify.cases.operations import ACTIVATIONS, kind_of, slope_of
from verify.cases.pages import said_of_memory
from verify.cases.weights import OWN, said_of_weights
from verify.reports.explanation.axes import AXIS_NAMES, axis_lines
from verify.reports.explanation.cell import Cell, cell_of, sum_of
from verify.reports.explanation.grids import DRAWN, drawing
from verify.reports.explanation.lines import (
    LABEL,
    PADDING_SIGN,
    WIDTH,
    Line,
    Span,
    addition,
    entry,
    number_text,
)
from verify.reports.explanation.requantised import (
    dynamic_lines,
    padding_phrase,
    requantised_lines,
    zero_point_lines,
)

_WEIGHED = 7
"""Terms of the last sum of a `separable` that are written one by one."""


def explain(case: Case, at: tuple[int, ...] | None = None, *, title: str = "") -> list[Line]:
    """How one cell of a case's answer is computed; `at` is its index in the answer, by default the first.

    A `title` stands in the place of the word of a case that has none. The numbers are taken from the operands
    by index, not from `verify.reference`. No line is wider than 80 columns: what does not fit is counted, and
    its products are summed.
    Raises ValueError, one sentence, if the answer has no such cell or the case has no answer.
    """
    index = checked(case, at)
    cell = cell_of(case, index)
    lines = [*_heading(case, cell, index=index, title=title or str(case)), ()]
    for axis in range(case.rank):
        lines += axis_lines(case, axis, at=cell.place.along[axis] if cell.place.along else None)
    terms, shown = terms_of(cell)
    total = sum_of(terms)
    lines += [*_legend(case, cell, total=total), (), *drawing(case, cell), (), *sum_lines(terms, shown)]
    return [*lines, *steps(case, total, index=index, channel=cell.place.channel)]


def terms_of(cell: Cell) -> tuple[Array, int]:
    """What is added up, block by block, and how many blocks are written one by one."""
    if cell.weighed is None:
        return cell.factors.products, DRAWN[0]
    return cell.weighed.products.reshape(-1, 1), _WEIGHED


def parse_index(text: str) -> tuple[int, ...]:
    """The index written as `0,1,2,0`, as `0x1x2x0` or, the way a failure prints it, as `(0, 1, 2, 0)`.

    Raises ValueError, one sentence, for any other text.
    """
    match = re.fullmatch(r"\(?([0-9]{1,9}(?:(?:x|, ?)[0-9]{1,9})*)\)?|\(([0-9]{1,9}),\)", text)
    if match is None:
        raise ValueError(f"{text!r} is not an index such as 0,1,2,0 (whole numbers joined by commas or x)")
    return tuple(map(int, re.split("x|, ?", match[1] or match[2])))


def checked(case: Case, at: tuple[int, ...] | None) -> tuple[int, ...]:
    """The index of a cell, by default the first; ValueError where the answer has no such cell."""
    if case.illegal:
        raise ValueError(f"{str(case)!r} has no answer: the call must be refused, as {case.why_illegal}")
    if size_as_float64(case) > MEMORY_LIMIT:  # one cell takes no work that is too much
        require_whole(case, "explained")
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


def _heading(case: Case, cell: Cell, *, index: tuple[int, ...], title: str) -> list[Line]:
    word = textwrap.wrap(title.replace("_", "_ "), WIDTH, subsequent_indent="  ")
    lines: list[Line] = [(Span(tokens.replace("_ ", "_"), "heading"),) for tokens in word]
    lines += entry("answer", f"shape {case.output_shape}{order(case)}")
    lines += entry("cell", f"{index}: {where(case, cell, index=index)}")
    if case.groups > 1 and cell.place.along:
        members = _group_members(case, cell, index=index)
        lines += entry("group", f"{cell.group} ({case.groups} in all): {members}")
    if case.weights != OWN:
        lines += entry("weights", said_of_weights(case))
    if case.memory:
        lines += entry("memory", *said_of_memory(case))
    return [*lines, *_adds(case, cell), *zero_point_lines(case)]


def order(case: Case) -> str:
    """What the axes of the answer are."""
    if case.traits.answer != "filters":
        return f", {case.data_format}"
    if case.is_bias_gradient:
        return ": a number for each filter"
    return f": {', '.join(AXIS_NAMES[case.rank])}, channel, filter"


def where(case: Case, cell: Cell, *, index: tuple[int, ...]) -> str:
    """The place of a cell in words."""
    batch, along, channel = cell.place
    spatial = ", ".join(f"{name} {at}" for name, at in zip(AXIS_NAMES[case.rank], along, strict=False))
    if case.traits.answer == "filters":
        return f"tap at {spatial}, channel {index[-2]}, filter {channel}" if along else f"filter {channel}"
    is_filter = case.traits.answer == "result" and case.traits.has_filters
    return f"batch {batch}, {spatial}, {'filter' if is_filter else 'channel'} {channel}"


def _group_members(case: Case, cell: Cell, *, index: tuple[int, ...]) -> str:
    """The channels or filters of the cell's group that it reads, or that read it."""
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
    channel, source, m, traits = cell.place.channel, cell.source, case.multiplier, case.traits
    if case.is_bias_gradient:
        return entry("adds", "the cotangent of each window and batch: the gradient of the bias")
    if traits.answer == "filters":
        return entry("adds", "input * cotangent of each window and batch, at the cell under the tap")
    if traits.answer == "source":
        reading = "each window of the forward convolution that reads this cell"
        return entry("adds", f"cotangent * filter of {reading}, at the tap that lies on it")
    if traits.has_pointwise:
        made = f"{case.channels}*{m} = {case.channels * m} depthwise sums"
        return entry("adds", f"{made}, each times its weight in pointwise filter {channel}")
    if traits.has_multiplier and m > 1:
        made = f"{source}*{m} + {channel % m} = {channel}"
        return entry("channel", f"{made}: channel {source} of the input with its filter {channel % m}")
    return entry("reads", f"channel {channel} of the input alone") if traits.has_multiplier else []


def _legend(case: Case, cell: Cell, *, total: float) -> Iterator[Line]:
    if not cell.factors.inside.all():
        dot = Span(f"{PADDING_SIGN:>{LABEL + 1}}", "padding")
        yield (dot, Span(padding_phrase(case)))
    if math.isnan(total):
        yield from entry("", "nan is not a number: 0*inf, inf - inf and every sum with a nan give it")


def sum_lines(terms: Array, shown: int) -> list[Line]:
    """The sums of the first terms one by one, and of the others together."""
    first, others = np.split(terms, [shown])
    sums = [sum_of(part) for part in (*first, others) if part.size]
    return entry("sum", addition(sums or [0], sum_of(terms)))


def steps(case: Case, value: float, *, index: tuple[int, ...], channel: int) -> Iterator[Line]:
    """From the sum of one cell's products, `value`, to its answer, step by step."""
    kind = int if case.format.exact_integers else float
    if case.weights == "int8":
        value = yield from dynamic_lines(case, index, value, channel=channel)
    if case.bias is not None:
        bias = kind(case.bias[channel])
        yield from entry("bias", addition([value, bias], value + bias))
        value += bias
    if case.format.is_quantised:
        yield from requantised_lines(case, int(value), channel=channel)
        return
    value = yield from _wrapped(case, value)
    for step in case.epilogue:
        if step == "norm":
            formula, value = _normalised(case, value, channel=channel)
            yield from entry("norm", "(value - mean) * scale / sqrt(variance + epsilon) + offset", formula)
        elif step == "residual" and case.residual is not None:
            residual = kind(case.residual[index])
            yield from entry("residual", addition([value, residual], value + residual))
            value = yield from _wrapped(case, value + residual)
        elif kind_of(step) in ACTIVATIONS:
            formula, value = _activated(step, value)
            yield from entry(kind_of(step), formula)
    yield from entry("answer", _rounded(case, value), style="result")


def _wrapped(case: Case, value: float) -> Generator[Line, None, float]:
    """The value, of integers as 32 bits hold it, and how often it wraps around them."""
    if not case.format.exact_integers:
        return value
    wrapped = (value + 2**31) % 2**32 - 2**31
    if turns := (value - wrapped) // 2**32:
        sign = "-" if turns > 0 else "+"
        yield from entry("int32", f"{value} {sign} {abs(turns)}*2**32 = {wrapped}")
    return wrapped


def _normalised(case: Case, value: float, *, channel: int) -> tuple[str, float]:
    assert case.norm is not None
    mean, variance = float(case.norm.mean[channel]), float(case.norm.variance[channel])
    scale, offset = float(case.norm.scale[channel]), float(case.norm.offset[channel])
    result = (value - mean) * scale / math.sqrt(variance + case.norm_epsilon) + offset
    moved = f"({number_text(value)}{_signed(-mean)}) * {scale:g}"
    formula = f"{moved} / sqrt({variance:g} + {case.norm_epsilon}){_signed(offset)} = {number_text(result)}"
    return formula, result


def _signed(addend: float) -> str:
    return f" {'-' if math.copysign(1, addend) < 0 else '+'} {abs(addend):g}"


def _activated(step: str, value: float) -> tuple[str, float]:
    """An activation's formula and its value."""
    shown, kind = number_text(value), kind_of(step)
    if kind in ("leaky", "elu") and value > 0:
        return f"{shown} is above 0 and stays", value
    match kind:
        case "relu":
            formula, result = f"max({shown}, 0)", max(value, 0)
        case "relu6":
            formula, result = f"min(max({shown}, 0), 6)", min(max(value, 0), 6)
        case "leaky":
            formula, result = f"{step.removeprefix('leaky')} * {shown}", slope_of(step) * value
        case "elu":
            formula, result = f"exp({shown}) - 1", math.expm1(value)
        case "tanh":
            formula, result = f"tanh({shown})", math.tanh(value)
        case _:
            formula, result = f"1 / (1 + exp({number_text(-value)}))", _sigmoid(value)
    return f"{formula} = {number_text(result)}", result


def _sigmoid(value: float) -> float:
    """1 / (1 + exp(−value)), also where exp overflows."""
    return 1 / (1 + math.exp(-value)) if value > -700 else math.exp(value)


def _rounded(case: Case, value: float) -> str:
    """The answer in full, and as its dtype holds it if that differs."""
    exact = number_text(value) if value % 1 == 0 else repr(value)
    with np.errstate(over="ignore"):
        held = np.asarray(value).astype(case.dtype)
    rounded = number_text(float(held)) if float(held) % 1 == 0 else str(held)
    if float(held) == value or rounded == exact:
        return exact
    return f"{exact}, which {case.dtype.name} holds as {rounded}"
