"""One cell of a case's answer: the numbers of the operands that it is computed from, taken by index."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from verify.cases.case import Case
from verify.cases.geometry import Axis
from verify.cases.modes import ZEROS
from verify.cases.operands import Array
from verify.reports.explanation.requantised import without_zero_points


class Place(NamedTuple):
    """Where a cell of the answer lies.

    `along` is a window on each axis, a cell for `transpose`, a tap for `filtergrad`, and empty for the
    gradient of a bias. `channel` is the cell's last number: a channel of the answer, or a filter.
    """

    batch: int
    along: tuple[int, ...]
    channel: int


class Factors(NamedTuple):
    """Numbers that are multiplied pair by pair and added up, in blocks.

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

    `blocks` are the numbers of what its factors come from: the channels that are read, the filters of a
    `transpose`, the batches of a `filtergrad`, the channels between the two steps of a `separable`.
    `source` is the first channel that is read. A `separable` multiplies the sums of its blocks by
    `weights`, one for each; None for the other operations.
    """

    place: Place
    group: int
    source: int
    blocks: range
    factors: Factors
    weights: Array | None = None

    @property
    def weighed(self) -> Factors | None:
        """The last step of a `separable`: the sum of the products of each block, times its weight."""
        if self.weights is None:
            return None
        kind, row = self.factors.left.dtype, (1, 1, 1, len(self.blocks))
        sums = np.array([sum_of(block) for block in self.factors.products], dtype=kind).reshape(row)
        return Factors(sums, np.ones(row, bool), self.weights.astype(kind).reshape(row))


def sum_of(terms: Array) -> float:
    """The sum: an integer, or a float rounded once; NaN and infinities add up as they do in floats."""
    numbers: list[float] = terms.ravel().tolist()
    if terms.dtype.kind == "i":
        return sum(numbers)
    nonfinite = [number for number in numbers if not math.isfinite(number)]
    return sum(nonfinite) if nonfinite else math.fsum(numbers)


def place_of(case: Case, index: tuple[int, ...]) -> Place:
    """The place of an index into the answer, in its data format."""
    if case.traits.answer == "filters":
        return Place(0, index[:-2], index[-1])
    batch, *along, channel = (index[0], *index[2:], index[1]) if case.channels_first else index
    return Place(batch, tuple(along), channel)


def cell_of(case: Case, index: tuple[int, ...]) -> Cell:
    """The cell at an index into the answer, in its data format; a quantised one without zero points."""
    case, place = without_zero_points(case), place_of(case, index)
    if case.is_bias_gradient:
        factors = _factors(case, channels_second(case, case.cotangent)[:, place.channel])
        return Cell(place, 0, 0, range(case.batch), factors)
    if case.traits.answer == "filters":
        return _filter_cell(case, place, member=index[-2])
    if case.traits.answer == "source":
        return _scattered(case, place)
    return _depthwise(case, place) if case.traits.has_multiplier else _convolved(case, place)


def windows_over(axis: Axis, cell: int) -> list[tuple[int, int]]:
    """The windows that read a cell, in order, each with its tap that lies on the cell.

    They solve window·stride + tap·dilation − before = cell, or a place of padding that repeats the cell.
    """
    firsts = [
        (place + axis.before - tap * axis.dilation, tap)
        for place in places_of(axis, cell)
        for tap in range(axis.kernel)
    ]
    pairs = [(first // axis.stride, tap) for first, tap in firsts if first % axis.stride == 0]
    return sorted((window, tap) for window, tap in pairs if 0 <= window < axis.out)


def places_of(axis: Axis, cell: int) -> list[int]:
    """The cell, and the places of padding that repeat it, in order."""
    if axis.mode == ZEROS:
        return [cell]
    return [int(place) - axis.before for place in np.flatnonzero(axis.sources == cell)]


def cells_under(axis: Axis, tap: int) -> range:
    """The cells on which a tap lies, one for each window; those outside 0 … size−1 are padding."""
    first = tap * axis.dilation - axis.before
    return range(first, first + axis.out * axis.stride, axis.stride)


def _convolved(case: Case, place: Place) -> Cell:
    count = case.channels // case.groups
    group = place.channel // (case.filter_count // case.groups)
    members = range(group * count, (group + 1) * count)
    weights = np.moveaxis(case.filters[..., place.channel], -1, 0)
    factors = _window_factors(case, place, channels=members, weights=weights)
    return Cell(place, group, members[0], members, factors)


def _depthwise(case: Case, place: Place) -> Cell:
    """A channel times one of its filters; of a `separable`, each channel times each of its filters."""
    filters = np.moveaxis(case.filters.reshape(*case.kernel, -1), -1, 0)
    blocks, pointwise = range(place.channel, place.channel + 1), None
    if case.pointwise is not None:
        blocks, pointwise = range(len(filters)), case.pointwise[..., place.channel].ravel()
    sources = [block // case.multiplier for block in blocks]
    weights = filters[blocks[0] : blocks[-1] + 1]
    factors = _window_factors(case, place, channels=sources, weights=weights)
    return Cell(place, 0, sources[0], blocks, factors, pointwise)


def _scattered(case: Case, place: Place) -> Cell:
    """The windows of the forward convolution that read the cell, and their taps that lie on it."""
    count, share = case.channels // case.groups, case.filter_count // case.groups
    group, member = divmod(place.channel, count)
    filters = range(group * share, (group + 1) * share)
    pairs = [windows_over(axis, cell) for axis, cell in zip(case.axes, place.along, strict=True)]
    windows = [[window for window, _ in axis] for axis in pairs]
    taps = [[tap for _, tap in axis] for axis in pairs]
    cotangent = channels_second(case, case.cotangent)[place.batch][np.ix_(filters, *windows)]
    weights = case.filters[..., member, :][np.ix_(*taps, filters)]
    factors = _factors(case, cotangent, right=np.moveaxis(weights, -1, 0))
    return Cell(place, group, place.channel, filters, factors)


def _filter_cell(case: Case, place: Place, *, member: int) -> Cell:
    """In every batch and window, the input's cell under the tap and the cotangent."""
    group = place.channel // (case.filter_count // case.groups)
    source = group * (case.channels // case.groups) + member
    cells = [cells_under(axis, tap) for axis, tap in zip(case.axes, place.along, strict=True)]
    values, inside = _padded(case, channels_second(case, case.input)[:, source], cells)
    cotangent = channels_second(case, case.cotangent)[:, place.channel]
    factors = _factors(case, values, inside=inside, right=cotangent)
    return Cell(place, group, source, range(case.batch), factors)


def _window_factors(case: Case, place: Place, *, channels: Sequence[int], weights: Array) -> Factors:
    """One window of some channels, and the weights of each."""
    cells = [axis.cells(window) for axis, window in zip(case.axes, place.along, strict=True)]
    image = channels_second(case, case.input)[place.batch]
    values, inside = _padded(case, image[[*channels]], cells)
    return _factors(case, values, inside=inside, right=weights)


def _padded(case: Case, images: Array, places: Sequence[range]) -> tuple[Array, Array]:
    """The cells of images that some places stand for, 0 for padding of zeros; and which are none of that."""
    cells = [[axis.source(place) for place in along] for axis, along in zip(case.axes, places, strict=True)]
    values = np.zeros((len(images), *map(len, cells)), images.dtype)
    inside = np.zeros(values.shape, bool)
    kept = [[place for place, cell in enumerate(axis) if cell is not None] for axis in cells]
    sources = [[cell for cell in axis if cell is not None] for axis in cells]
    every = range(len(images))
    values[np.ix_(every, *kept)] = images[np.ix_(every, *sources)]
    inside[np.ix_(every, *kept)] = True
    return values, inside


def _factors(case: Case, left: Array, *, inside: Array | None = None, right: Array | None = None) -> Factors:
    kind = np.int64 if case.format.exact_integers else np.float64
    shape = (len(left), *(1,) * (3 - case.rank), *left.shape[1:])
    within = np.ones(left.shape, bool) if inside is None else inside
    weights = None if right is None else right.astype(kind).reshape(shape)
    return Factors(left.astype(kind).reshape(shape), within.reshape(shape), weights)


def channels_second(case: Case, image: Array) -> Array:
    """An image of the case's data format with its channels after the batch."""
    return image if case.channels_first else np.moveaxis(image, -1, 1)
