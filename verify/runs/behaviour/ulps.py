"""How far two answers to one case lie apart, in units in the last place of their dtype."""

from __future__ import annotations

import numpy as np

from verify.cases.operands import Array


def most_ulps(first: Array, second: Array) -> int | None:
    """The largest distance of two values at one place; None where only one of them is a number.

    Of floating-point numbers it counts the numbers of the dtype between them, so that 0 and -0 are 0 apart;
    of integers it is their difference.
    """
    is_number, other = (np.isfinite(np.asarray(array, np.float64)) for array in (first, second))
    if not np.array_equal(is_number, other):
        return None
    ranks = [_ranks(array[is_number]) for array in (first, second)]
    return max((abs(int(a) - int(b)) for a, b in zip(*ranks, strict=True) if a != b), default=0)


def _ranks(values: Array) -> Array:
    """The place of each number among those of its dtype, the zeros at 0."""
    if values.dtype.kind in "iu":
        return values
    bits = np.ascontiguousarray(values).view(f"i{values.dtype.itemsize}").astype(np.int64)
    lowest = np.int64(-(2 ** (8 * values.dtype.itemsize - 1)))
    return np.where(bits < 0, lowest - bits, bits)
