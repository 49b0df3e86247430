"""The fill of quantised cases: integers over all that their dtypes hold, and what breaks kernels."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from verify.cases.quantised import form_of, room_of_bias, zero_point_of

if TYPE_CHECKING:
    from verify.cases.fills import Part

Integers = NDArray[np.int64]
Hashes = NDArray[np.uint64]
OfHashes = Callable[["Part", Callable[[Hashes], Integers]], Any]

KINDS = ("anywhere", "channels at an end", "all at the ends", "small", "large bias", "small weights")
"""What a seed chooses by its remainder.

Sums of small numbers lie at half steps often; numbers at the ends add up to the largest sums, whose pairs
16 bits do not hold; a large bias takes a sum near the ends of 32 bits.
"""

_SMALL, _WEIGHTS, _SHARE = 3, 9, 2**10


def levels(part: Part, of_hashes: OfHashes) -> Integers:
    """The distances of integers from their zero point; those of a bias themselves.

    `of_hashes` makes the numbers of an operand from its hashes.
    """
    kind = KINDS[part.case.seed % len(KINDS)]
    if part.operand == "bias":
        return np.asarray(of_hashes(part, _bias(part, kind)))
    form, zero = form_of(part.case, part.operand), zero_point_of(part.case.quantised, part.operand)
    least, largest = form.least - zero, int(form.largest) - zero
    if kind == "channels at an end" and part.operand == "factor":
        return _by_channel(part, np.array([least, least + 1, largest]))
    if kind == "all at the ends":
        ends = np.array([least, largest, least + 1, largest])
        return np.asarray(of_hashes(part, lambda bits: ends[_below(bits, len(ends))]))
    if kind == "small" or (kind == "small weights" and part.operand == "factor"):
        reach = _SMALL if kind == "small" else _WEIGHTS
        least, largest = -reach, reach
    return np.asarray(of_hashes(part, lambda bits: least + _below(bits, largest - least + 1)))


def _bias(part: Part, kind: str) -> Callable[[Hashes], Integers]:
    """Integers that move a sum by a part of its range, by a little, or to the ends of the accumulator."""
    case, room = part.case, room_of_bias(part.case)
    if kind == "large bias":
        spare = min(room, _SMALL)
        return lambda bits: (1 - 2 * _below(bits, 2)) * (room - _below(bits << np.uint64(8), spare + 1))
    reach = _SMALL if kind == "small" else min(room, _SHARE * max(case.products, 1))
    return lambda bits: _below(bits, 2 * reach + 1) - reach


def _by_channel(part: Part, ends: Integers) -> Integers:
    """One of a few numbers for each channel of the answer, for all of its weights."""
    last = part.shape[-2:] if part.case.traits.has_multiplier else part.shape[-1:]
    count = int(np.prod(last))
    chosen = ends[_below(part.hashes(0, count), len(ends))].reshape(last)
    return np.broadcast_to(chosen, part.shape).copy()


def _below(bits: Hashes, count: int) -> Integers:
    """Integers from 0 to count − 1."""
    return ((bits >> np.uint64(32)) * np.uint64(count) >> np.uint64(32)).astype(np.int64)
