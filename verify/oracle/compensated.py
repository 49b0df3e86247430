"""Dot products of float64 in twice the working precision, a whole matrix at a time.

Source: Ogita, Rump and Oishi, "Accurate sum and dot product", SIAM J. Sci. Comput. 26(6), 2005:
TwoProduct (Dekker and Veltkamp), TwoSum (Knuth) and Dot2. The sum is a tree here instead of a chain:
as deep at most, so their bound u·|s| + γ_n²·Σ|x||w| holds.
"""

from __future__ import annotations

import numpy as np

from verify.cases.operands import Array

WORK = 2**14
"""Products held at a time; about ten arrays of this size are in use at once."""

SPLITTABLE = 2.0**450
"""Entries below this can be split, and products of two of them summed, without overflow."""

_SPLITTER = 2.0**27 + 1


def dot2(rows: Array, weights: Array, *, offset: Array | None, out: Array | None = None) -> Array:
    """Rows (m, n) times weights (n, f), plus an offset (f,): (m, f), written to `out` if it is given.

    Entries must lie below SPLITTABLE. Products below 2**-969 lose less than the smallest normal number.
    """
    taps, filters = weights.shape
    if out is None:
        out = np.empty((len(rows), filters))
    across = max(min(WORK // taps, filters), 1)
    down = max(WORK // (taps * across), 1)
    for left in range(0, filters, across):
        columns = slice(left, left + across)
        part = None if offset is None else offset[columns]
        for top in range(0, len(rows), down):
            block = slice(top, top + down)
            out[block, columns] = _dot2(rows[block], weights[:, columns], offset=part)
    return out


def _dot2(rows: Array, weights: Array, *, offset: Array | None) -> Array:
    total = np.zeros((len(rows), weights.shape[1]))
    lost = np.zeros_like(total)
    for first in range(0, len(weights), WORK):
        part = slice(first, first + WORK)
        products, slips = two_product(rows[:, part, np.newaxis], weights[part])
        total, slip = two_sum(total, _tree_sum(products, lost))
        lost += slip + slips.sum(axis=1)
    if offset is not None:
        total, slip = two_sum(total, offset)
        lost += slip
    return total + lost


def _tree_sum(terms: Array, lost: Array) -> Array:
    """The sum of terms (m, n, f) along n; what each addition lost is added to `lost`."""
    while terms.shape[1] > 1:
        if terms.shape[1] % 2:
            terms = np.concatenate([terms, np.zeros_like(terms[:, :1])], axis=1)
        terms, slips = two_sum(terms[:, ::2], terms[:, 1::2])
        lost += slips.sum(axis=1)
    return terms[:, 0]


def two_sum(a: Array, b: Array) -> tuple[Array, Array]:
    """fl(a + b) and what it lost: the two add up to a + b exactly."""
    total = a + b
    shadow = total - a
    return total, (a - (total - shadow)) + (b - shadow)


def two_product(a: Array, b: Array) -> tuple[Array, Array]:
    """fl(a · b) and what it lost: the two add up to a · b exactly."""
    product = a * b
    (high_a, low_a), (high_b, low_b) = _split(a), _split(b)
    return product, low_a * low_b - (((product - high_a * high_b) - low_a * high_b) - high_a * low_b)


def _split(a: Array) -> tuple[Array, Array]:
    """A as a sum of two halves of 26 bits each."""
    scaled = _SPLITTER * a
    high = scaled - (scaled - a)
    return high, a - high
