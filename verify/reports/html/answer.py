"""Pictures of where in an answer the elements differ, one for each plane of it."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import NamedTuple

from verify.cases.case import Case
from verify.reports.explanation.axes import AXIS_NAMES
from verify.reports.html.picture import COLUMNS, ONE, ROWS, Picture, Sign, Stretch, drawn

PLANES = 4
"""Planes that are drawn at most."""

_WRITTEN_OUT = 6
"""Elements whose indices the words of a picture give at most."""

Index = tuple[int, ...]


def axes_of_answer(case: Case) -> tuple[str, ...]:
    """What the axes of a case's answer are called, in order."""
    spatial = AXIS_NAMES[case.rank]
    if case.traits.answer == "filters":
        return ("filter",) if case.is_bias_gradient else (*spatial, "channel", "filter")
    return ("batch", "channel", *spatial) if case.channels_first else ("batch", *spatial, "channel")


def answer_pictures(
    case: Case, *, shape: Sequence[int], differs: Sequence[Index], worst: Index | None, is_all: bool = True
) -> list[Picture]:
    """The planes of an answer in which elements differ: that of the worst first, then the fullest.

    A plane has the last two spatial axes, or the only one. An answer of another shape has no pictures.
    `is_all` says whether `differs` has every element that differs.
    """
    names = axes_of_answer(case)
    if len(names) != len(shape) or any(len(index) != len(shape) for index in differs):
        return []
    spatial = [axis for axis, name in enumerate(names) if name in AXIS_NAMES[case.rank]]
    answer = _Answer(names, shape, (spatial or [0])[-2:], worst, is_all)
    planes: dict[Index, list[Index]] = {}
    for index in differs:
        planes.setdefault(answer.plane(index), []).append(index)
    first = None if worst is None else answer.plane(worst)
    order = sorted(planes, key=lambda plane: (plane != first, -len(planes[plane]), plane))
    return [_plane_picture(answer, planes[plane]) for plane in order[:PLANES]]


class _Answer(NamedTuple):
    """An answer: what its axes are called, its shape, and the axes that a picture shows."""

    names: Sequence[str]
    shape: Sequence[int]
    shown: Sequence[int]
    worst: Index | None
    is_all: bool

    def plane(self, index: Index) -> Index:
        """The plane in which an element lies: its index on the axes that a picture does not show."""
        return tuple(number for axis, number in enumerate(index) if axis not in self.shown)

    def place(self, index: Index) -> tuple[int, int]:
        """The row and the column of an element in its plane."""
        row, column = (0, *(index[axis] for axis in self.shown))[-2:]
        return row, column


def _plane_picture(answer: _Answer, differs: Sequence[Index]) -> Picture:
    """The plane of some elements that differ."""
    shape, names = answer.shape, answer.names
    places = [answer.place(index) for index in differs]
    worst = [answer.place(index) for index in differs if index == answer.worst]
    marks: list[tuple[Sign, int, int]] = [("differs", *place) for place in places]
    marks += [("worst", *place) for place in worst]
    centre = worst or places
    *down, across = (Stretch(0, shape[axis], shape[axis]) for axis in answer.shown)
    rows = down[0].about([row for row, _ in centre], ROWS) if down else ONE
    columns = across.about([column for _, column in centre], COLUMNS)
    others = (axis for axis in range(len(shape)) if axis not in answer.shown)
    where = ", ".join(f"{names[axis]} {differs[0][axis]}" for axis in others)
    elements = prod(shape[axis] for axis in answer.shown)
    count = f"{len(differs)}{' or more' * (not answer.is_all)} of {elements} differ"
    sizes = " by ".join(f"{shape[axis]} {names[axis]}s" for axis in answer.shown)
    indices = ", ".join(map(str, differs[:_WRITTEN_OUT])) + " and more" * (len(differs) > _WRITTEN_OUT)
    title = f"{where}: {count}" if where else count
    return drawn(title, f"{sizes}; {count}: {indices}.", rows=rows, columns=columns, marks=marks)
