"""Blocks of a large answer: the places in them, the arithmetic of their axes, and the input that they take.

A block is a part of a convolution that is one itself, of fewer cells, so that the reference computes it.
All is channels last.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from verify.cases.case import Case
from verify.cases.fills import Part, parts_of
from verify.cases.geometry import Axis, ceil_div
from verify.cases.operands import Array
from verify.cases.slabs import numbers_from
from verify.oracle.reference import slabs

ELEMENTS = 2**19
"""Numbers of the input or of the answer that a block has, about, at most."""


class Block(NamedTuple):
    """A block of an answer.

    `images` are those of the batch, `places` the answer's places along each axis, `cells` the cells of the
    input that they take, and `axes` the arithmetic of a convolution of these alone.
    """

    images: range
    places: tuple[range, ...]
    cells: tuple[range, ...]
    axes: tuple[Axis, ...]

    @property
    def at(self) -> tuple[slice, ...]:
        """Where it lies in the answer."""
        return tuple(slice(part.start, part.stop) for part in (self.images, *self.places))


def blocks_of(case: Case) -> Iterator[Block]:
    """The blocks that cut the answer of a case."""
    batch, *extents, channels = case.channels_last(case.output_shape)
    taken = math.prod(case.strides) if case.traits.answer == "result" else 1
    taken *= case.channels_last(case.input_shape)[-1]
    for index in slabs((batch, *extents), max(ELEMENTS // max(taken, channels), 1)):
        images, *places = (*_ranges(index), *map(range, (batch, *extents)[len(index) :]))
        yield block_of(case, images, tuple(places))


def _ranges(index: tuple[int | slice, ...]) -> Iterator[range]:
    for part in index:
        yield range(part, part + 1) if isinstance(part, int) else range(part.start, part.stop)


def block_of(case: Case, images: range, places: tuple[range, ...]) -> Block:
    """The block of these images and places; places beyond the last are left out."""
    batch, *extents = case.channels_last(case.output_shape)[:-1]
    within = [range(part.start, min(part.stop, extent)) for part, extent in zip(places, extents, strict=True)]
    along = _of_answer if case.traits.answer == "result" else _of_source
    made = [along(axis, part) for axis, part in zip(case.axes, within, strict=True)]
    cells, axes = zip(*made, strict=True)
    return Block(range(images.start, min(images.stop, batch)), tuple(within), cells, axes)


def _of_answer(axis: Axis, places: range) -> tuple[range, Axis]:
    """The input cells that windows read, and their axis; all cells where all windows are there."""
    first = places.start * axis.stride - axis.before
    end = (places.stop - 1) * axis.stride - axis.before + axis.span
    low, high = max(first, 0), min(end, axis.size)
    if len(places) == axis.out:
        low, high = 0, axis.size
    if low >= high:  # all of it is padding
        return range(0), Axis(0, *axis[1:4], end - first, 0)
    return range(low, high), Axis(high - low, *axis[1:4], low - first, max(end - high, 0))


def _of_source(axis: Axis, cells: range) -> tuple[range, Axis]:
    """The windows that reach cells, which a transpose is given, and the axis of those cells."""
    low = min(
        ceil_div(cells.start + axis.before - axis.span + 1, axis.stride),
        (cells.start + axis.before) // axis.stride,
    )
    low = min(max(low, 0), axis.out)
    high = max(min((cells.stop - 1 + axis.before) // axis.stride + 1, axis.out), low)
    before = cells.start + axis.before - low * axis.stride
    reach = (high - low - 1) * axis.stride + axis.span
    return range(low, high), Axis(len(cells), *axis[1:4], before, max(reach - before - len(cells), 0))


def input_of(case: Case) -> Part:
    """The input of a case as its fill makes it."""
    return next(part for part in parts_of(case) if part.operand == "input")


def read(part: Part, block: Block, axes: Sequence[Axis]) -> Array:
    """The numbers of an input in the cells of a block, in float64; 0 in rows that no window reads."""
    ranges = (block.images, *block.cells)
    values = np.zeros((*map(len, ranges), part.shape[-1]))
    if not values.size:
        return values
    depth = len(ranges) - 1  # the innermost axis that is not taken whole; what lies inside it is in one piece
    while depth and len(ranges[depth]) == part.shape[depth]:
        depth -= 1
    if 0 < depth <= len(axes) - 1 and axes[depth - 1].stride > axes[depth - 1].span:
        depth += 1  # row by row, as whole rows are not read
    inner = math.prod(part.shape[depth + 1 :])
    for lead in np.ndindex(*map(len, ranges[:depth])):
        if not all(is_read(axis, at) for axis, at in zip(axes, lead[1:], strict=False)):
            continue
        place = (*(cells[at] for cells, at in zip(ranges, lead, strict=False)), ranges[depth].start)
        piece = numbers_from(part, place, len(ranges[depth]) * inner)
        values[lead] = piece.reshape(len(ranges[depth]), *part.shape[depth + 1 :])
    return values


def is_read(axis: Axis, cell: int) -> bool:
    """Whether a window of an axis may read a cell."""
    return axis.stride <= axis.span or (cell + axis.before) % axis.stride < axis.span
