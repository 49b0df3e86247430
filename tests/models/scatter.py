"""A third convolution: every cell of the input hands its products on to the elements that they belong to.

The reference gathers, window by window; `tests.models.rational` counts and adds fractions. Here nothing is
padded and no window is cut: a cell r and a tap t meet at the output (r + before − t·dilation) / stride,
where that is a whole number and there is such an output. Paddings come from counting, as in `rational`.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np

from tests.models import rational
from verify import Case
from verify.cases.operands import Array

Index = tuple[Any, ...]


def linear(case: Case) -> Array:
    """The answer of any operation to operands that hold integers, with its bias, as int64 and not wrapped."""
    if case.operation == "filtergrad" and "bias" in case.epilogue:
        return channels_last(case, case.cotangent).sum(axis=tuple(range(case.rank + 1)), dtype=np.int64)
    x = channels_last(case, case.input)
    y = SCATTERED[case.operation](case, x)
    if case.bias is not None:
        y = y + case.bias.astype(np.int64)
    return np.moveaxis(y, -1, 1) if case.channels_first and case.operation != "filtergrad" else y


def channels_last(case: Case, x: Array) -> Array:
    return rational.channels_last(case, x).astype(np.int64)


def meetings(case: Case) -> Iterator[tuple[Index, Index, Index]]:
    """Every cell and every tap that meet, and the output where they do."""
    numbers = zip(case.strides, case.dilations, rational.pads_of(case), rational.outs_of(case), strict=True)
    steps = list(numbers)
    for cell, tap in product(np.ndindex(*case.size), np.ndindex(*case.kernel)):
        reached = [
            divmod(r + before - t * dilation, stride)
            for r, t, (stride, dilation, (before, _), _) in zip(cell, tap, steps, strict=True)
        ]
        if all(
            rest == 0 and 0 <= output < out for (output, rest), (*_, out) in zip(reached, steps, strict=True)
        ):
            yield cell, tap, tuple(output for output, _ in reached)


def shares(case: Case) -> list[tuple[slice, slice]]:
    """The channels and the filters of each group."""
    members, filters = case.channels // case.groups, case.filter_count // case.groups
    return [
        (slice(group * members, (group + 1) * members), slice(group * filters, (group + 1) * filters))
        for group in range(case.groups)
    ]


def conv(case: Case, x: Array) -> Array:
    w, every = case.filters.astype(np.int64), slice(None)
    y = np.zeros((case.batch, *rational.outs_of(case), case.filter_count), np.int64)
    for (cell, tap, output), (members, filters) in product(meetings(case), shares(case)):
        y[(every, *output, filters)] += x[(every, *cell, members)] @ w[tap][:, filters]
    return y


def depthwise(case: Case, x: Array) -> Array:
    w, every = case.filters.astype(np.int64), slice(None)
    y = np.zeros((case.batch, *rational.outs_of(case), case.channels, case.multiplier), np.int64)
    for cell, tap, output in meetings(case):
        y[(every, *output)] += x[(every, *cell)][..., np.newaxis] * w[tap]
    return y.reshape(*y.shape[:-2], case.channels * case.multiplier)


def separable(case: Case, x: Array) -> Array:
    assert case.pointwise is not None
    return depthwise(case, x) @ case.pointwise.astype(np.int64).reshape(-1, case.filter_count)


def transpose(case: Case, y: Array) -> Array:
    """Here each cell of the answer gathers, as the reference of a transpose scatters."""
    w, every = case.filters.astype(np.int64), slice(None)
    x = np.zeros((case.batch, *case.size, case.channels), np.int64)
    for (cell, tap, output), (members, filters) in product(meetings(case), shares(case)):
        x[(every, *cell, members)] += y[(every, *output, filters)] @ w[tap][:, filters].T
    return x


def filtergrad(case: Case, x: Array) -> Array:
    y, every = channels_last(case, case.cotangent), slice(None)
    w = np.zeros(case.output_shape, np.int64)
    for (cell, tap, output), (members, filters) in product(meetings(case), shares(case)):
        w[tap][:, filters] += x[(every, *cell, members)].T @ y[(every, *output, filters)]
    return w


SCATTERED = {
    "conv": conv,
    "depthwise": depthwise,
    "separable": separable,
    "transpose": transpose,
    "filtergrad": filtergrad,
}
