"""Orders of summation: the ways in which a framework may add up one answer, each in its precision.

Every order starts from what it is given (zero, or the bias) and rounds each operation to the dtype of
its operands. Arrays are (places, groups, filters of a group, products).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from tests.models import rational
from verify import Case
from verify.cases.dtypes import FORMATS

BLOCK = 8


def forward(x: Any, w: Any, start: Any) -> Any:
    total = start
    for product in range(x.shape[-1]):
        total = total + x[..., product] * w[..., product]
    return total


def reverse(x: Any, w: Any, start: Any) -> Any:
    return forward(x[..., ::-1], w[..., ::-1], start)


def pairwise(x: Any, w: Any, start: Any) -> Any:
    terms = np.concatenate([start[..., np.newaxis], x * w], axis=-1)
    while terms.shape[-1] > 1:
        if terms.shape[-1] % 2:
            terms = np.concatenate([terms, np.zeros_like(terms[..., :1])], axis=-1)
        terms = terms[..., ::2] + terms[..., 1::2]
    return terms[..., 0]


def blocked(x: Any, w: Any, start: Any) -> Any:
    """Blocks of eight products by fused multiply-add, then the sum of the blocks."""
    total = start
    for first in range(0, x.shape[-1], BLOCK):
        part = np.zeros_like(start)
        for product in range(first, min(first + BLOCK, x.shape[-1])):
            part = fused(x[..., product], w[..., product], part)
        total = total + part
    return total


def lanes(x: Any, w: Any, start: Any) -> Any:
    """Eight interleaved sums, as in a vector register, added up at the end."""
    total = start
    for lane in range(min(BLOCK, x.shape[-1])):
        total = total + forward(x[..., lane::BLOCK], w[..., lane::BLOCK], np.zeros_like(start))
    return total


ORDERS: dict[str, Callable[[Any, Any, Any], Any]] = {
    "forward": forward,
    "reverse": reverse,
    "pairwise": pairwise,
    "blocked": blocked,
    "lanes": lanes,
}


def fused(a: Any, b: Any, c: Any) -> Any:
    """a · b + c with one rounding, in the dtype of the operands.

    Source: Boldo and Melquiond, "Emulation of a FMA and correctly rounded sums: proved algorithms
    using rounding to odd", IEEE Trans. Computers 57(4), 2008.
    """
    plain = a * b + c
    if a.dtype.kind != "f":
        return plain
    return np.where(np.isfinite(plain), _fused(a, b, c), plain)


def _fused(a: Any, b: Any, c: Any) -> Any:
    if a.dtype == np.float32:
        # 24 + 24 bits fit into a float64; a sum rounded to odd there rounds rightly to float32.
        return odd_sum(a.astype(np.float64) * b.astype(np.float64), c.astype(np.float64)).astype(np.float32)
    high, low = exact_product(a, b)
    top, bottom = exact_sum(c, low)
    total, lost = exact_sum(high, top)
    return total + odd_sum(bottom, lost)


def odd_sum(a: Any, b: Any) -> Any:
    """a + b rounded to odd: the neighbour with an odd significand where the sum is inexact."""
    total, lost = exact_sum(a, b)
    even = total.view(np.int64) % 2 == 0
    towards = np.where(lost > 0, np.inf, -np.inf)
    return np.where((lost != 0) & even, np.nextafter(total, towards), total)


def exact_sum(a: Any, b: Any) -> tuple[Any, Any]:
    total = a + b
    other = total - a
    return total, (a - (total - other)) + (b - other)


def exact_product(a: Any, b: Any) -> tuple[Any, Any]:
    product = a * b
    a1, b1 = (2.0**27 + 1) * a, (2.0**27 + 1) * b
    a1, b1 = a1 - (a1 - a), b1 - (b1 - b)
    a2, b2 = a - a1, b - b1
    return product, a2 * b2 - (((product - a1 * b1) - a2 * b1) - a1 * b2)


def factors(case: Case) -> tuple[Any, Any]:
    """The factors of every product of a case in the accumulator's dtype, padding as zeros.

    The first is (places, groups, 1, products), the second (1, groups, filters of a group, products).
    """
    dtype = FORMATS[case.format.accumulator].dtype
    pads = rational.pads_of(case)
    x = np.moveaxis(case.input, 1, -1) if case.channels_first else case.input
    x = np.pad(x, [(0, 0), *pads, (0, 0)]).astype(dtype)
    for axis in reversed(range(case.rank)):
        kernel, stride, dilation = case.kernel[axis], case.strides[axis], case.dilations[axis]
        starts = np.arange(rational.windows(x.shape[1 + axis], kernel, stride, dilation)) * stride
        x = np.take(x, starts[:, np.newaxis] + np.arange(kernel) * dilation, axis=1 + axis)
    outs = [0, *range(1, 2 * case.rank, 2)]
    x = x.transpose(*outs, *range(2, 2 * case.rank + 1, 2), 2 * case.rank + 1)
    places = int(np.prod(x.shape[: case.rank + 1]))
    taps = int(np.prod(case.kernel))
    members = case.channels // case.groups
    x = x.reshape(places, taps, case.groups, members).transpose(0, 2, 1, 3)
    w = case.filters.astype(dtype).reshape(taps, members, case.groups, -1).transpose(2, 3, 0, 1)
    return (
        x.reshape(places, case.groups, 1, taps * members),
        w.reshape(1, case.groups, -1, taps * members),
    )


def answers(case: Case) -> Iterator[tuple[str, Any]]:
    """Every order's answer to a case, with its name, in the case's dtype and data format.

    With a bias each order answers three times: the sum starts from the bias, the bias is added to the
    sum, and it is added after the sum has been rounded to the dtype. What follows is worked in the
    accumulator's dtype, or, where the name says so, stored in the case's after each step.
    """
    if case.operation != "conv":
        yield from _of_other_operations(case)
        return
    x, w = factors(case)
    zero = np.zeros((x.shape[0], case.groups, w.shape[2]), dtype=x.dtype)
    for name, order in ORDERS.items():
        total = order(x, w, zero)
        if case.bias is None:
            yield name, _answer(case, total)
            continue
        bias = zero + case.bias.astype(x.dtype).reshape(case.groups, -1)
        yield f"{name}, from the bias", _answer(case, order(x, w, bias))
        yield f"{name}, then the bias", _answer(case, total + bias)
        yield f"{name}, stored, then the bias", _answer(case, total.astype(case.dtype).astype(x.dtype) + bias)


def _of_other_operations(case: Case) -> Iterator[tuple[str, Any]]:
    accumulator = FORMATS[case.format.accumulator].dtype
    x, factor = case.input, case.operands.factor
    if case.operation == "filtergrad":
        factor = rational.channels_last(case, factor)
    met = gathered(case, rational.channels_last(case, x).astype(accumulator), factor.astype(accumulator))
    for name, order in ORDERS.items():
        for is_stored in (False, True):
            total = order(*met, np.zeros(met[0].shape[:-1], accumulator))
            if case.operation == "separable":
                total = total.astype(case.dtype).astype(accumulator) if is_stored else total
                total = _pointwise(case, order, total)
            yield f"{name}{', stored between' * is_stored}", _followed(case, total, is_stored=is_stored)


def gathered(case: Case, x: Any, factor: Any) -> tuple[Any, Any]:
    """The factors of every product, each (elements of the answer, products), zeros where there are fewer."""
    if case.operation == "filtergrad" and "bias" in case.epilogue:
        rows = factor.reshape(-1, factor.shape[-1]).T
        return rows, np.ones_like(rows)
    added = list(rational.pairs(case).values())
    most = max(map(len, added), default=0)
    first, second = (np.zeros((len(added), most), x.dtype) for _ in range(2))
    for row, met in enumerate(added):
        for column, (one, other) in enumerate(met):
            first[row, column], second[row, column] = x[one], factor[other]
    return first, second


def _pointwise(case: Case, order: Any, between: Any) -> Any:
    assert case.pointwise is not None
    weights = case.pointwise.astype(between.dtype).reshape(-1, case.filter_count)
    rows = between.reshape(-1, 1, len(weights))
    return order(rows, weights.T[np.newaxis], np.zeros((len(rows), case.filter_count), between.dtype))


def _followed(case: Case, total: Any, *, is_stored: bool) -> Any:
    """The answer from sums without a bias, through the steps that round once at most."""

    def kept(values: Any) -> Any:
        return values.astype(case.dtype).astype(values.dtype) if is_stored else values

    if case.operation == "filtergrad":
        return total.astype(case.dtype).reshape(case.output_shape)
    channels = case.output_channels
    y = kept(total.reshape(case.batch, *case.output_shape[2:], channels) if case.channels_first
             else total.reshape(case.output_shape))  # fmt: skip
    for step in case.epilogue:
        if step == "bias":
            y = kept(y + case.bias.astype(y.dtype))
        elif step == "residual":
            y = kept(y + rational.channels_last(case, case.residual).astype(y.dtype))
        elif step == "relu":
            y = np.maximum(y, 0)
        elif step == "relu6":
            y = np.minimum(np.maximum(y, 0), 6)
        else:
            y = kept(np.where(y > 0, y, y * y.dtype.type(float(step.removeprefix("leaky")))))
    y = y.astype(case.dtype)
    return np.moveaxis(y, -1, 1) if case.channels_first else y


def _answer(case: Case, total: Any) -> Any:
    total = np.maximum(total, 0) if "relu" in case.epilogue else total
    outs = [axis_out(case, axis) for axis in range(case.rank)]
    y = total.astype(case.dtype).reshape(case.batch, *outs, case.filter_count)
    return np.moveaxis(y, -1, 1) if case.channels_first else y


def axis_out(case: Case, axis: int) -> int:
    cells = case.size[axis] + sum(rational.pads_of(case)[axis])
    return rational.windows(cells, case.kernel[axis], case.strides[axis], case.dilations[axis])
