"""A second convolution, derived from the definition alone, in exact rational arithmetic.

Nothing here comes from `verify`: paddings are found by counting windows, and every sum is a loop.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from verify import Case


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
    """The (before, after) cells of each axis of a case, found by counting."""
    if isinstance(case.padding, tuple):
        return list(case.padding)
    if case.padding == "VALID":
        return [(0, 0)] * case.rank
    numbers = zip(case.size, case.kernel, case.strides, case.dilations, strict=True)
    return [same(*each) for each in numbers]


def fractions(values: Any) -> Any:
    """The same numbers as Fractions; None where one is not finite, so that reading it fails."""
    numbers = np.asarray(values)
    if numbers.dtype.kind not in "iu":
        numbers = numbers.astype(np.float64)
    exact = [Fraction(each) if np.isfinite(each) else None for each in numbers.ravel().tolist()]
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
    for n in range(batch):
        for a1 in range(o1):
            for a2 in range(o2):
                for a3 in range(o3):
                    for f in range(filters):
                        first = f // (filters // groups) * members
                        total = Fraction(0) if bias is None else Fraction(float(bias[f]))
                        for t1 in range(k1):
                            r1 = a1 * s1 + t1 * d1 - p1
                            for t2 in range(k2):
                                r2 = a2 * s2 + t2 * d2 - p2
                                for t3 in range(k3):
                                    r3 = a3 * s3 + t3 * d3 - p3
                                    if 0 <= r1 < i1 and 0 <= r2 < i2 and 0 <= r3 < i3:
                                        for c in range(members):
                                            total += x[n, r1, r2, r3, first + c] * w[t1, t2, t3, c, f]
                        y[n, a1, a2, a3, f] = total
    y = y.reshape(batch, *(o1, o2, o3)[3 - rank :], filters)
    return np.moveaxis(y, -1, 1) if channels_first else y


def linear(case: Case) -> Any:
    """The answer to a case before any activation, not wrapped."""
    return _of(case, case.input, case.filters, case.bias)


def magnitudes(case: Case) -> Any:
    """Σ|x||w| + |b| for each element of the answer."""
    bias = None if case.bias is None else np.abs(case.bias)
    return _of(case, np.abs(case.input), np.abs(case.filters), bias)


def answer(case: Case) -> Any:
    """The answer to a case: integers wrapped to 32 bits, then the activation."""
    y = linear(case)
    if case.dtype == np.int32:
        y = (y + 2**31) % 2**32 - 2**31
    return np.maximum(y, Fraction(0)) if "relu" in case.epilogue else y


def read_cells(case: Case) -> set[tuple[int, ...]]:
    """The spatial cells of the input that some window reads, found by walking every window."""
    cells: list[tuple[int, ...]] = [()]
    numbers = zip(case.size, case.kernel, case.strides, case.dilations, pads_of(case), strict=True)
    for size, kernel, stride, dilation, (before, after) in numbers:
        starts = range(windows(before + size + after, kernel, stride, dilation))
        taps = {o * stride + t * dilation - before for o in starts for t in range(kernel)}
        cells = [(*cell, place) for cell in cells for place in taps & set(range(size))]
    return set(cells)


def _of(case: Case, x: Any, w: Any, bias: Any) -> Any:
    return convolve(
        x,
        w,
        pads=pads_of(case),
        strides=case.strides,
        dilations=case.dilations,
        groups=case.groups,
        bias=bias,
        channels_first=case.channels_first,
    )


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
