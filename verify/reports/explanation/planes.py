"""A case as planes of numbers: those that are read, those they are multiplied with, those of the answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from typing import NamedTuple

import numpy as np

from verify.cases.case import Case
from verify.cases.geometry import Axis
from verify.cases.operands import Array
from verify.reports.explanation.cell import cells_under, channels_second, place_of, windows_over
from verify.reports.explanation.requantised import without_zero_points


class Reading(NamedTuple):
    """What one place on an axis of the answer reads there: cells of the left planes, and of the right ones.

    Cells below 0, or not below the size, are padding.
    """

    left: Sequence[int]
    right: Sequence[int]


class Walk(NamedTuple):
    """One axis: the padding around the left planes, and what each place of the answer reads.

    `sources` has for each place of the padded axis the cell that it stands for, -1 for a zero.
    """

    before: int
    size: int
    after: int
    readings: tuple[Reading, ...]
    sources: tuple[int, ...]

    def source(self, place: int) -> int:
        """The cell that a place stands for, counted from the first cell; -1 for a zero."""
        return self.sources[place + self.before]


class Block(NamedTuple):
    """A left plane and the right plane that it is multiplied with; -1 where it is only added up."""

    left: int
    right: int


class Plane(NamedTuple):
    """A plane of the answer: its batch and channel, or a filter's channel and filter, and its blocks."""

    name: str
    blocks: tuple[Block, ...]


class Planes(NamedTuple):
    """A case of one or two axes; arrays are (planes, rows, columns), with one row where it has one axis.

    The planes of an answer are in the order in which a picture fills them: filter by filter.
    """

    case: Case
    left: Array
    right: Array | None
    rows: Walk
    columns: Walk
    answers: int

    def plane(self, number: int) -> Plane:
        """A plane of the answer."""
        return _plane(self.case, number)

    @property
    def extent(self) -> tuple[int, int]:
        """Rows and columns of a plane of the answer."""
        return len(self.rows.readings), len(self.columns.readings)

    def indices(self, plane: int) -> Iterator[tuple[int, ...]]:
        """The cells of a plane row by row, as indices into the answer."""
        case = self.case
        for along in product(*map(range, self.extent)):
            spatial = along[-case.rank :]
            if case.is_bias_gradient:
                yield (plane,)
            elif case.traits.answer == "filters":
                yield (*spatial, *divmod(plane, case.filter_count))
            else:
                batch, channel = divmod(plane, case.output_channels)
                yield case.in_data_format((batch, *spatial, channel))

    def place(self, index: tuple[int, ...]) -> tuple[int, int]:
        """The plane in which a cell of the answer lies, and its place there, counted row by row."""
        case = self.case
        batch, along, channel = place_of(case, index)
        row, column = (0, 0, *along)[-2:] if along else (0, 0)
        plane = batch * case.output_channels + channel
        if case.traits.answer == "filters":
            plane = channel if case.is_bias_gradient else index[-2] * case.filter_count + channel
        return plane, row * self.extent[1] + column

    def values(self, answer: Array) -> list[list[float]]:
        """The numbers of an answer, plane by plane."""
        return [[answer[index].item() for index in self.indices(plane)] for plane in range(self.answers)]


def planes_of(case: Case) -> Planes:
    """The planes of a case, of a quantised one without zero points; ValueError for one of three axes."""
    if case.rank > 2:
        raise ValueError(f"a picture has one or two spatial axes, and {str(case)!r} has {case.rank}")
    is_windowed = case.traits.input == "source" and not case.is_bias_gradient
    shown = without_zero_points(case)
    left = _images(shown.input if is_windowed else shown.cotangent, case)
    walks = [_walk(case, axis) for axis in case.axes]
    alone = Walk(0, 1, 0, (Reading((0,), (0,)),), (0,))
    down, across = walks if case.rank == 2 else (alone, *walks)
    return Planes(case, left, _right(shown), down, across, _count(case))


def _images(image: Array, case: Case) -> Array:
    """An image as planes: each batch with its channels."""
    moved = channels_second(case, image)
    return moved.reshape(moved.shape[0] * moved.shape[1], *(1,) * (2 - case.rank), *moved.shape[2:])


def _right(case: Case) -> Array | None:
    if case.is_bias_gradient:
        return None
    if case.traits.answer == "filters":
        return _images(case.cotangent, case)
    moved = np.moveaxis(case.filters, (-2, -1), (0, 1))
    return moved.reshape(moved.shape[0] * moved.shape[1], *(1,) * (2 - case.rank), *case.kernel)


def _walk(case: Case, axis: Axis) -> Walk:
    windows, taps = range(axis.out), range(axis.kernel)
    if case.is_bias_gradient:
        return Walk(0, axis.out, 0, (Reading(windows, ()),), tuple(windows))
    match case.traits.answer:
        case "source":
            pairs = [windows_over(axis, cell) for cell in range(axis.size)]
            readings = [Reading([at for at, _ in pair], [tap for _, tap in pair]) for pair in pairs]
            return Walk(0, axis.out, 0, tuple(readings), tuple(windows))
        case "filters":
            readings = [Reading(cells_under(axis, tap), windows) for tap in taps]
        case _:
            readings = [Reading(axis.cells(window), taps) for window in windows]
    sources = tuple(int(cell) if cell < axis.size else -1 for cell in axis.sources)
    return Walk(axis.before, axis.size, axis.after, tuple(readings), sources)


def _count(case: Case) -> int:
    """Planes of the answer."""
    if case.is_bias_gradient:
        return case.filter_count
    if case.traits.answer == "filters":
        return case.filter_shape[-2] * case.filter_count
    return case.batch * case.output_channels


def _plane(case: Case, number: int) -> Plane:
    if case.traits.answer == "filters":
        return _filter_plane(case, number)
    batch, channel = divmod(number, case.output_channels)
    start = f"batch {batch}, " if case.batch > 1 else ""
    is_filter = case.traits.answer == "result" and case.traits.has_filters
    name = f"{start}{'filter' if is_filter else 'channel'} {channel}"
    return Plane(name, tuple(_image_blocks(case, batch, channel)))


def _image_blocks(case: Case, batch: int, channel: int) -> Iterator[Block]:
    members, filters = case.channels // case.groups, case.filter_count
    if case.traits.has_multiplier:
        made = range(case.channels * case.multiplier) if case.traits.has_pointwise else (channel,)
        yield from (Block(batch * case.channels + at // case.multiplier, at) for at in made)
    elif case.traits.answer == "source":
        group, member = divmod(channel, members)
        share = filters // case.groups
        for at in range(group * share, (group + 1) * share):
            yield Block(batch * filters + at, member * filters + at)
    else:
        first = channel // (filters // case.groups) * members
        for member in range(members):
            yield Block(batch * case.channels + first + member, member * filters + channel)


def _filter_plane(case: Case, number: int) -> Plane:
    filters = case.filter_count
    if case.is_bias_gradient:
        blocks = (Block(batch * filters + number, -1) for batch in range(case.batch))
        return Plane(f"filter {number}", tuple(blocks))
    member, channel = divmod(number, filters)
    source = channel // (filters // case.groups) * (case.channels // case.groups) + member
    pairs = (Block(batch * case.channels + source, batch * filters + channel) for batch in range(case.batch))
    return Plane(f"channel {member}, filter {channel}", tuple(pairs))
