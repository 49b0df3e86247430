"""Pictures of where in an answer the elements differ, one for each plane of it."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import NamedTuple

from verify.cases.case import Case
from verify.reports.explanation.axes import NAMES
from verify.reports.html.picture import COLUMNS, ONE, ROWS, Picture, Sign, Stretch, drawn

PLANES = 4
"""Planes that are drawn at most."""

_LISTED = 6
"""Places that are named in words at most."""

Index = tuple[int, ...]


def axes_of_answer(case: Case) -> tuple[str, ...]:
    """What the axes of a case's answer are called, in order."""
    spatial = NAMES[case.rank]
    if case.operation == "filtergrad":
        return ("filter",) if "bias" in case.epilogue else (*spatial, "channel", "filter")
    return ("batch", "channel", *spatial) if case.channels_first else ("batch", *spatial, "channel")


def answer_pictures(
    case: Case, shape: Sequence[int], differs: Sequence[Index], worst: Index | None, *, is_all: bool = True
) -> list[Picture]:
    """The planes of an answer in which elements differ: that of the worst first, then the fullest.

    A plane has the last two spatial axes, or the one that there is. None for an answer of another shape.
    `is_all` says whether no more elements differ.
    """
    names = axes_of_answer(case)
    if len(names) != len(shape) or any(len(index) != len(shape) for index in differs):
        return []
    spatial = [at for at, name in enumerate(names) if name in NAMES[case.rank]]
    across = (spatial or [0])[-2:]
    planes: dict[Index, list[Index]] = {}
    for index in differs:
        planes.setdefault(_beside(index, across), []).append(index)
    first = None if worst is None else _beside(worst, across)
    order = sorted(planes, key=lambda plane: (plane != first, -len(planes[plane]), plane))
    return [_plane(_Plane(names, shape, across, worst, is_all), planes[plane]) for plane in order[:PLANES]]


class _Plane(NamedTuple):
    """What the planes of one answer have in common; `across` are the axes that are drawn."""

    names: Sequence[str]
    shape: Sequence[int]
    across: Sequence[int]
    worst: Index | None
    is_all: bool

    def place(self, index: Index) -> tuple[int, int]:
        """The row and the column of an element."""
        row, column = (0, *(index[at] for at in self.across))[-2:]
        return row, column


def _plane(of: _Plane, found: Sequence[Index]) -> Picture:
    places = [of.place(index) for index in found]
    marks: list[tuple[Sign, int, int]] = [("differs", *place) for place in places]
    about = [of.place(index) for index in found if index == of.worst]
    marks += [("worst", *place) for place in about]
    about = about or places
    *down, right = (Stretch(0, of.shape[at], of.shape[at]) for at in of.across)
    rows = down[0].about([row for row, _ in about], ROWS) if down else ONE
    columns = right.about([column for _, column in about], COLUMNS)
    where = ", ".join(f"{name} {found[0][at]}" for at, name in enumerate(of.names) if at not in of.across)
    count = f"{len(found)}{' or more' * (not of.is_all)} of {prod(of.shape[at] for at in of.across)} differ"
    axes = " by ".join(f"{of.shape[at]} {of.names[at]}s" for at in of.across)
    listed = ", ".join(map(str, found[:_LISTED])) + " and more" * (len(found) > _LISTED)
    return drawn(f"{where}: {count}" if where else count, f"{axes}; {count}: {listed}.", rows, columns, marks)


def _beside(index: Index, across: Sequence[int]) -> Index:
    """Which plane an element lies in: its numbers on the other axes."""
    return tuple(number for at, number in enumerate(index) if at not in across)
