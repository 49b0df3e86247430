"""A second convolution, derived from the definition alone, in exact rational arithmetic.

Nothing here comes from `verify` but the case and its arrays: paddings are found by counting windows, and
every sum is a loop.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from verify import Case
from verify.cases.operands import Operands


def windows(cells: int, kernel: int, stride: int, dilation: int) -> int:
    """Windows that fit among so many cells, counted one by one."""
    count = 0
    while count * stride + (kernel - 1) * dilation < cells:
        count += 1
    return count


def same(size: int, kernel: int, stride: int, dilation: int) -> tuple[int, int]:
    """SAME's padding: the least that lets a window begin at every stride; the odd cell goes after."""
    wanted = len(range(0, size, stride))
    total = 0
    while windows(size + total, kernel, stride, dilation) != wanted:
        total += 1
    return total // 2, total - total // 2


def pads_of(case: Case) -> list[tuple[int, int]]:
    """The (before, after) cells of each axis of a case, found by counting; those of a border included."""
    borders = case.border or [(0, 0)] * case.rank
    sizes = [size + before + after for size, (before, after) in zip(case.size, borders, strict=True)]
    if isinstance(case.padding, tuple):
        pads = list(case.padding)
    elif case.padding == "VALID":
        pads = [(0, 0)] * case.rank
    else:
        numbers = zip(sizes, case.kernel, case.strides, case.dilations, strict=True)
        pads = [same(*steps) for steps in numbers]
    return [(b + before, after + a) for (b, a), (before, after) in zip(borders, pads, strict=True)]


def outs_of(case: Case) -> list[int]:
    """The windows of each axis, counted; of a transpose without those that its input lacks."""
    numbers = zip(case.size, pads_of(case), case.kernel, case.strides, case.dilations, strict=True)
    fit = [windows(size + sum(pads), *steps) for size, pads, *steps in numbers]
    return [count - fewer for count, fewer in zip(fit, case.trimmed or [0] * case.rank, strict=True)]


Index = tuple[int, ...]


def meetings(case: Case) -> Iterator[tuple[Index, Index, Index]]:
    """Every product of a forward convolution: the elements of its answer, its input and its filters.

    Channels last. A transpose and a filtergrad add up the same meetings, at the input and at the filters.
    """
    places: list[tuple[Index, Index, Index]] = [((), (), ())]
    numbers = zip(
        case.size, case.kernel, case.strides, case.dilations, pads_of(case), outs_of(case), strict=True
    )
    for size, kernel, stride, dilation, (before, _), out in numbers:
        along = [
            (o, r, t)
            for o in range(out)
            for t in range(kernel)
            for r in range(size)
            if o * stride + t * dilation == before + r
        ]
        places = [((*a, o), (*b, r), (*c, t)) for a, b, c in places for o, r, t in along]
    if case.operation in ("depthwise", "separable"):
        multiplier = case.multiplier
        channels = [(c * multiplier + j, c, (c, j)) for c in range(case.channels) for j in range(multiplier)]
    else:
        members, share = case.channels // case.groups, case.filter_count // case.groups
        channels = [
            (f, f // share * members + c, (c, f)) for f in range(case.filter_count) for c in range(members)
        ]
    for n in range(case.batch):
        for o, r, t in places:
            for result, source, factor in channels:
                yield (n, *o, result), (n, *r, source), (*t, *factor)


ROLES = {"conv": (0, 1, 2), "depthwise": (0, 1, 2), "separable": (0, 1, 2), "transpose": (1, 0, 2),
         "filtergrad": (2, 1, 0)}  # fmt: skip
"""Which of the three that meet is the answer, the input and the factor."""


def summed_shape(case: Case) -> Index:
    """The shape of the answer before any pointwise filters, channels last."""
    match case.operation:
        case "transpose":
            return (case.batch, *case.size, case.channels)
        case "filtergrad":
            return (*case.kernel, case.channels // case.groups, case.filter_count)
        case "conv":
            return (case.batch, *outs_of(case), case.filter_count)
    return (case.batch, *outs_of(case), case.channels * case.multiplier)


def pairs(case: Case) -> dict[Index, list[tuple[Index, Index]]]:
    """For each element of the answer, the elements of the input and of the factor that are multiplied.

    Channels last; for a `separable`, of the answer of its first step.
    """
    added: dict[Index, list[tuple[Index, Index]]] = {index: [] for index in np.ndindex(*summed_shape(case))}
    for meeting in meetings(case):
        answer, first, second = (meeting[role] for role in ROLES[case.operation])
        added[answer].append((first, second))
    return added


def fractions(values: Any) -> Any:
    """The same numbers as Fractions; None where one is not finite, so that reading it fails."""
    numbers = np.asarray(values)
    if numbers.dtype.kind not in "iu":
        numbers = numbers.astype(np.float64)
    exact = [Fraction(number) if np.isfinite(number) else None for number in numbers.ravel().tolist()]
    return np.array([*exact, None], dtype=object)[:-1].reshape(numbers.shape)


def convolve(
    x: Any,
    w: Any,
    *,
    pads: Sequence[tuple[int, int]],
    strides: Sequence[int],
    dilations: Sequence[int],
    groups: int = 1,
    bias: Any = None,
    channels_first: bool = False,
) -> Any:
    """The convolution of two arrays as an object array of Fractions, in x's data format.

    Fewer than three axes are lifted to three, of one cell each in front.
    """
    rank = len(pads)
    lift = (1,) * (3 - rank)
    x = np.moveaxis(x, 1, -1) if channels_first else x
    x = fractions(x).reshape(x.shape[0], *lift, *x.shape[1:])
    w = fractions(w).reshape(*lift, *w.shape)
    (p1, e1), (p2, e2), (p3, e3) = [*[(0, 0)] * (3 - rank), *pads]
    s1, s2, s3 = [*lift, *strides]
    d1, d2, d3 = [*lift, *dilations]
    batch, i1, i2, i3, _ = x.shape
    k1, k2, k3, members, filters = w.shape
    o1 = windows(p1 + i1 + e1, k1, s1, d1)
    o2 = windows(p2 + i2 + e2, k2, s2, d2)
    o3 = windows(p3 + i3 + e3, k3, s3, d3)
    y = np.empty((batch, o1, o2, o3, filters), dtype=object)
    for n, a1, a2, a3, f in np.ndindex(*y.shape):
        first = f // (filters // groups) * members
        total = Fraction(0) if bias is None else Fraction(float(bias[f]))
        for t1, t2, t3 in np.ndindex(k1, k2, k3):
            r1, r2, r3 = a1 * s1 + t1 * d1 - p1, a2 * s2 + t2 * d2 - p2, a3 * s3 + t3 * d3 - p3
            if 0 <= r1 < i1 and 0 <= r2 < i2 and 0 <= r3 < i3:
                for c in range(members):
                    total += x[n, r1, r2, r3, first + c] * w[t1, t2, t3, c, f]
        y[n, a1, a2, a3, f] = total
    y = y.reshape(batch, *(o1, o2, o3)[3 - rank :], filters)
    return np.moveaxis(y, -1, 1) if channels_first else y


def linear(case: Case) -> Any:
    """The answer to a case with its bias, before what else follows, not wrapped."""
    return _of(case, case.operands)


def magnitudes(case: Case) -> Any:
    """Σ|x||w| + |b| for each element of the answer."""
    arrays = case.operands._asdict().items()
    return _of(case, Operands(**{name: np.abs(array) for name, array in arrays if array is not None}))


def answer(case: Case) -> Any:
    """The answer to a case: integers wrapped to 32 bits, then the steps that round nothing."""
    y = wrapped(case, linear(case))
    for step in case.epilogue:
        if step == "residual":
            y = wrapped(case, y + fractions(case.residual))
        elif step == "relu":
            y = np.maximum(y, Fraction(0))
        elif step == "relu6":
            y = np.minimum(np.maximum(y, Fraction(0)), Fraction(6))
        elif step.startswith("leaky"):
            y = np.where(y > 0, y, y * Fraction(step.removeprefix("leaky")))
    return y


def wrapped(case: Case, y: Any) -> Any:
    return (y + 2**31) % 2**32 - 2**31 if case.dtype == np.int32 else y


def read_cells(case: Case) -> set[tuple[int, ...]]:
    """The spatial cells of the input that some window reads, found by walking every window."""
    cells: list[tuple[int, ...]] = [()]
    numbers = zip(case.size, case.kernel, case.strides, case.dilations, pads_of(case), strict=True)
    for size, kernel, stride, dilation, (before, after) in numbers:
        starts = range(windows(before + size + after, kernel, stride, dilation))
        taps = {o * stride + t * dilation - before for o in starts for t in range(kernel)}
        cells = [(*cell, place) for cell in cells for place in taps & set(range(size))]
    return set(cells)


def _of(case: Case, operands: Operands) -> Any:
    if case.operation == "conv":
        return convolve(
            operands.input,
            operands.factor,
            pads=pads_of(case),
            strides=case.strides,
            dilations=case.dilations,
            groups=case.groups,
            bias=operands.bias,
            channels_first=case.channels_first,
        )
    is_image = case.operation != "filtergrad"
    x, factor = channels_last(case, operands.input), operands.factor
    factor = factor if is_image else channels_last(case, factor)
    if not is_image and "bias" in case.epilogue:
        return sum(
            fractions(factor).reshape(-1, factor.shape[-1]), np.array([Fraction(0)] * factor.shape[-1])
        )
    y = add_up(case, fractions(x), fractions(factor))
    if operands.pointwise is not None:
        y = y @ fractions(operands.pointwise).reshape(-1, case.filter_count)
    if operands.bias is not None:
        y = y + fractions(operands.bias)
    return np.moveaxis(y, -1, 1) if is_image and case.channels_first else y


def channels_last(case: Case, x: Any) -> Any:
    return np.moveaxis(x, 1, -1) if case.channels_first else x


def add_up(case: Case, x: Any, factor: Any) -> Any:
    """The sum of the products at each element of the answer; of a `separable`, of its first step."""
    added = pairs(case)
    sums = [sum((x[first] * factor[second] for first, second in met), Fraction(0)) for met in added.values()]
    return np.array([*sums, None], dtype=object)[:-1].reshape(summed_shape(case))


def nearest(value: Fraction, precision: int) -> Fraction:
    """The number of so many bits of significand that is nearest, the even one of two."""
    if not value:
        return value
    exponent = 0
    while abs(value) >= Fraction(2) ** (exponent + precision):
        exponent += 1
    while abs(value) < Fraction(2) ** (exponent + precision - 1):
        exponent -= 1
    return round(value / Fraction(2) ** exponent) * Fraction(2) ** exponent
