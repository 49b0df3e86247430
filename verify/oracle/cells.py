"""Whole cells: a few places of a large answer, at its corners, edges and borders, judged in all channels."""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator, Sequence
from itertools import chain, product
from typing import TypeAlias

import numpy as np

from verify.cases.case import Case
from verify.cases.fills import Part
from verify.cases.geometry import Axis
from verify.cases.hashes import splitmix
from verify.cases.operands import Array, Operands
from verify.cases.slabs import numbers_from
from verify.oracle.problem import problem_of
from verify.oracle.reference import linear

Place: TypeAlias = tuple[int, ...]
"""An image and a cell of the answer, of which there is an element in each channel."""

CELLS, AT_RANDOM = 96, 16
"""Whole cells that are judged at most, and those of them at least that are taken at random."""

WINDOWS = 2**24
"""Numbers that the windows of all whole cells hold at most, beyond a few cells."""

LEAST_BORDER = 8
"""The least power of two at which kernels may begin another block."""

INDICES = (2**16, 2**24, 2**30, 2**31, 2**32)
"""Counts of elements, or of bytes, beyond which an index may wrap."""


def whole_places(case: Case) -> list[Place]:
    """The places that are judged in all channels: all where they are few, the same ones for a word."""
    extents = case.channels_last(case.output_shape)[:-1]
    taps = math.prod(case.kernel) * case.channels_last(case.input_shape)[-1]
    count = min(CELLS, max(WINDOWS // taps, AT_RANDOM), math.prod(extents))
    if count == math.prod(extents):
        return list(np.ndindex(*extents))
    chance = _places_at_random(extents, str(case))
    systematic = chain(
        _corners(extents), _edges(extents, chance), _at_indices(case), _borders(extents, chance)
    )
    places = dict.fromkeys([*dict.fromkeys(systematic)][: count - min(AT_RANDOM, count // 2)])
    while len(places) < count:
        places[next(chance)] = None
    return list(places)


def _places_at_random(extents: Sequence[int], text: str) -> Iterator[Place]:
    """Places without end."""
    first = zlib.crc32(text.encode()) << 28
    while True:
        for hashed in splitmix(first, 2**10):
            yield tuple(map(int, np.unravel_index(int(hashed) % math.prod(extents), tuple(extents))))
        first += 2**10


def _corners(extents: Sequence[int]) -> Iterator[Place]:
    yield from product(*((0, extent - 1) for extent in extents))


def _edges(extents: Sequence[int], chance: Iterator[Place]) -> Iterator[Place]:
    """For each axis both of its ends, at random along the others."""
    for number, extent in enumerate(extents):
        for end in (0, extent - 1):
            place = next(chance)
            yield (*place[:number], end, *place[number + 1 :])


def _borders(extents: Sequence[int], chance: Iterator[Place]) -> Iterator[Place]:
    """The two sides of each power of two along each axis, the larger ones first."""
    for power in reversed(range(LEAST_BORDER.bit_length() - 1, max(extents).bit_length())):
        for number, extent in enumerate(extents):
            for at in (2**power - 1, 2**power):
                if at < extent:
                    place = next(chance)
                    yield (*place[:number], at, *place[number + 1 :])


def _at_indices(case: Case) -> Iterator[Place]:
    """Where the flat index, or the bytes, of the input or of the answer pass what an index may hold."""
    for limit, width in product(INDICES, (1, case.dtype.itemsize)):
        for flat in (limit // width - 1, limit // width):
            for shape, is_input in ((case.output_shape, False), (case.input_shape, True)):
                if flat < math.prod(shape):
                    image, *cell, _ = case.channels_last(tuple(map(int, np.unravel_index(flat, shape))))
                    yield (image, *(_reached(case, cell) if is_input else cell))


def _reached(case: Case, cell: Sequence[int]) -> Iterator[int]:
    """A place of the answer that depends on a cell of the input, or that is near to one."""
    for axis, at in zip(case.axes, cell, strict=True):
        if case.traits.answer == "result":
            yield min(max((at + axis.before) // axis.stride, 0), axis.out - 1)
        else:
            yield min(max(at * axis.stride - axis.before, 0), axis.size - 1)


def right_cells(case: Case, part: Part, operands: Operands, places: Sequence[Place]) -> Array:
    """The right answer at places, in all channels, by the reference on their windows: (places, channels).

    The operands are those of the case as float64, and `part` is its input.
    """
    windows, factor = _windows(case, part, places), operands.factor
    problem = problem_of(case)._replace(axes=tuple(Axis(k, k) for k in case.kernel), channels_first=False)
    if case.traits.answer == "source":
        problem = problem._replace(operation="conv")
        shares = factor.reshape(*factor.shape[:-1], case.groups, -1)
        swapped = np.moveaxis(shares, -3, -1)  # (*kernel, groups, filters of a group, channels of a group)
        factor = np.moveaxis(swapped, -3, -2).reshape(*factor.shape[: case.rank], swapped.shape[-2], -1)
    answer = linear(problem, operands._replace(input=windows, factor=factor), exact=True)
    return answer.reshape(len(places), -1)


def _windows(case: Case, part: Part, places: Sequence[Place]) -> Array:
    """What each tap of the kernel meets for each place, (places, *kernel, channels), 0 for padding."""
    channels = part.shape[-1]
    windows = np.zeros((len(places), *case.kernel, channels))
    for window, (image, *place) in zip(windows, places, strict=True):
        along = [_met(case, axis, at) for axis, at in zip(case.axes, place, strict=True)]
        lead = [[(tap, cell) for tap, cell in enumerate(met) if cell is not None] for met in along[:-1]]
        for chosen in product(*lead):
            taps, cells = [tap for tap, _ in chosen], [cell for _, cell in chosen]
            for tap, cell, length in _runs(along[-1]):
                met = numbers_from(part, (image, *cells, cell), length * channels)
                window[(*taps, slice(tap, tap + length))] = met.reshape(length, channels)
    return windows


def _met(case: Case, axis: Axis, place: int) -> list[int | None]:
    """The cell of the input that each tap along an axis meets for a place of the answer, None for none."""
    if case.traits.answer == "result":
        return [cell if 0 <= cell < axis.size else None for cell in axis.cells(place)]
    shifted = (place + axis.before - tap * axis.dilation for tap in range(axis.kernel))
    return [
        at // axis.stride if at % axis.stride == 0 and 0 <= at // axis.stride < axis.out else None
        for at in shifted
    ]


def _runs(met: Sequence[int | None]) -> Iterator[tuple[int, int, int]]:
    """Taps whose cells follow each other: the first tap, its cell, and how many there are."""
    tap = 0
    while tap < len(met):
        cell, length = met[tap], 1
        if cell is None:
            tap += 1
            continue
        while tap + length < len(met) and met[tap + length] == cell + length:
            length += 1
        yield tap, cell, length
        tap += length
