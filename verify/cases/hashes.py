"""Hashed counters, from which numbers are made: the same everywhere and in every version.

Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014.
"""

from __future__ import annotations

from functools import cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Hashes: TypeAlias = NDArray[np.uint64]

SLICE = 2**16
"""Hashes computed at a time."""

_GAMMA = 0x9E3779B97F4A7C15
"""The odd number that the state of SplitMix64 grows by."""


def splitmix(first: int, count: int) -> Hashes:
    """SplitMix64 of so many numbers from the first on."""
    multiples = _multiples()[:count] if count <= SLICE else _made(count)
    z = multiples + np.uint64(first * _GAMMA & (2**64 - 1))
    shifted = z >> np.uint64(30)
    z ^= shifted
    z *= np.uint64(0xBF58476D1CE4E5B9)
    z ^= np.right_shift(z, np.uint64(27), out=shifted)
    z *= np.uint64(0x94D049BB133111EB)
    z ^= np.right_shift(z, np.uint64(31), out=shifted)
    return z


@cache
def _multiples() -> Hashes:
    """Those of a slice, kept."""
    return _made(SLICE)


def _made(count: int) -> Hashes:
    """The first multiples of the odd number."""
    return np.arange(count, dtype=np.uint64) * np.uint64(_GAMMA)
