"""What one cell of a case's answer is computed from: its operands' numbers, taken by index."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from verify.cases.case import Case
from verify.cases.geometry import Axis
from verify.cases.operands import Array, Operands


class Place(NamedTuple):
    """Where a cell of the answer lies.

    `along` is a window on each axis, a cell for `transpose`, a tap for `filtergrad`, and empty for the
    gradient of a bias. `channel` is the cell's last number: a channel of the answer, or a filter.
    """

    batch: int
    along: tuple[int, ...]
    channel: int


class Factors(NamedTuple):
    """Numbers that are multiplied one with one and added up, in blocks.

    The arrays are (blocks, depth, rows, columns), with 1 for an axis that the case lacks; `inside` is
    False where `left` lies on padding. Where `right` is None, the numbers of `left` are added.
    """

    left: Array
    inside: Array
    right: Array | None

    @property
    def products(self) -> Array:
        with np.errstate(invalid="ignore"):
            return self.left if self.right is None else self.left * self.right


class Cell(NamedTuple):
    """What one cell of the answer is computed from.

    `blocks` number what its factors come from: the channels that are read, for `transpose` the
    filters, for `filtergrad` the batches, for `separable` the channels between its two steps.
    `source` is the first channel that is read. `weights` are what a `separable` multiplies the sums
    of its blocks with, one for each; None for the other operations.
    """

    place: Place
    group: int
    source: int
    blocks: range
    factors: Factors
    weights: Array | None = None


def cell_of(case: Case, given: Operands, index: tuple[int, ...]) -> Cell:
    """The cell at an index into the answer, in its data format."""
    if case.operation == "filtergrad":
        return (
            _bias_tap(case, given, index[0]) if "bias" in case.epilogue else _filter_tap(case, given, index)
        )
    batch, *along, channel = (index[0], *index[2:], index[1]) if case.channels_first else index
    gather = {"conv": _convolved, "transpose": _scattered}.get(case.operation, _depthwise)
    return gather(case, given, Place(batch, tuple(along), channel))


def readers(axis: Axis, cell: int) -> list[tuple[int, int]]:
    """The windows that read a cell, in order, each with the tap that lies on it.

    They solve window·stride + tap·dilation − before = cell.
    """
    firsts = ((cell + axis.before - tap * axis.dilation, tap) for tap in range(axis.kernel))
    pairs = [(first // axis.stride, tap) for first, tap in firsts if first % axis.stride == 0]
    return sorted((window, tap) for window, tap in pairs if 0 <= window < axis.out)


def met(axis: Axis, tap: int) -> range:
    """The cells that a tap lies on, one for each window; those outside 0 … size−1 are padding."""
    first = tap * axis.dilation - axis.before
    return range(first, first + axis.out * axis.stride, axis.stride)


def _convolved(case: Case, given: Operands, place: Place) -> Cell:
    count = case.channels // case.groups
    group = place.channel // (case.filter_count // case.groups)
    members = range(group * count, (group + 1) * count)
    weights = np.moveaxis(given.factor[..., place.channel], -1, 0)
    return Cell(place, group, members[0], members, _windowed(case, given, place, members, weights))


def _depthwise(case: Case, given: Operands, place: Place) -> Cell:
    """A channel times one of its filters; for `separable` each channel times each of its filters."""
    filters = np.moveaxis(given.factor.reshape(*case.kernel, -1), -1, 0)
    is_last = given.pointwise is None
    blocks = range(place.channel, place.channel + 1) if is_last else range(len(filters))
    read = [block // case.multiplier for block in blocks]
    factors = _windowed(case, given, place, read, filters[blocks[0] : blocks[-1] + 1])
    if given.pointwise is None:
        return Cell(place, 0, read[0], blocks, factors)
    weights = given.pointwise[..., place.channel].ravel().astype(factors.left.dtype)
    return Cell(place, 0, read[0], blocks, factors, weights)


def _scattered(case: Case, given: Operands, place: Place) -> Cell:
    """The windows of the forward convolution that read the cell, and the taps that lie on it."""
    count, share = case.channels // case.groups, case.filter_count // case.groups
    group, member = divmod(place.channel, count)
    filters = range(group * share, (group + 1) * share)
    pairs = [readers(axis, cell) for axis, cell in zip(case.axes, place.along, strict=True)]
    windows, taps = ([_indices([pair[end] for pair in each]) for each in pairs] for end in (0, 1))
    cotangent = _channels_second(case, given.input)[place.batch][np.ix_(_indices(filters), *windows)]
    weights = given.factor[..., member, :][np.ix_(*taps, _indices(filters))]
    factors = _factors(case, cotangent, np.ones(cotangent.shape, bool), np.moveaxis(weights, -1, 0))
    return Cell(place, group, place.channel, filters, factors)


def _filter_tap(case: Case, given: Operands, index: tuple[int, ...]) -> Cell:
    """In every batch and window, the input cell under the tap and the cotangent."""
    *taps, member, channel = index
    group = channel // (case.filter_count // case.groups)
    source = group * (case.channels // case.groups) + member
    cells = [_indices(met(axis, tap)) for axis, tap in zip(case.axes, taps, strict=True)]
    image = _channels_second(case, given.input)[:, source]
    read, inside = _read(image, range(case.batch), cells)
    factors = _factors(case, read, inside, _channels_second(case, given.factor)[:, channel])
    return Cell(Place(0, tuple(taps), channel), group, source, range(case.batch), factors)


def _bias_tap(case: Case, given: Operands, channel: int) -> Cell:
    cotangent = _channels_second(case, given.factor)[:, channel]
    factors = _factors(case, cotangent, np.ones(cotangent.shape, bool), None)
    return Cell(Place(0, (), channel), 0, 0, range(case.batch), factors)


def _windowed(case: Case, given: Operands, place: Place, channels: Sequence[int], weights: Array) -> Factors:
    """One window of some channels, and the weights of each."""
    cells = [_indices(axis.cells(window)) for axis, window in zip(case.axes, place.along, strict=True)]
    window, inside = _read(_channels_second(case, given.input)[place.batch], channels, cells)
    return _factors(case, window, inside, weights)


def _read(images: Array, numbers: Sequence[int], cells: list[Array]) -> tuple[Array, Array]:
    """The cells of images of those numbers, 0 where they lie on padding; and whether they do not."""
    sizes = images.shape[1:]
    held = [np.flatnonzero((each >= 0) & (each < size)) for each, size in zip(cells, sizes, strict=True)]
    values = np.zeros((len(numbers), *map(len, cells)), images.dtype)
    inside = np.zeros(values.shape, bool)
    kept = np.ix_(np.arange(len(numbers)), *held)
    values[kept] = images[np.ix_(_indices(numbers), *(each[k] for each, k in zip(cells, held, strict=True)))]
    inside[kept] = True
    return values, inside


def _factors(case: Case, left: Array, inside: Array, right: Array | None) -> Factors:
    kind = np.int64 if case.format.exact_integers else np.float64
    shape = (len(left), *(1,) * (3 - case.rank), *left.shape[1:])
    weights = None if right is None else right.astype(kind).reshape(shape)
    return Factors(left.astype(kind).reshape(shape), inside.reshape(shape), weights)


def _indices(numbers: Sequence[int]) -> Array:
    return np.array(numbers, dtype=np.intp)


def _channels_second(case: Case, image: Array) -> Array:
    return image if case.channels_first else np.moveaxis(image, -1, 1)
