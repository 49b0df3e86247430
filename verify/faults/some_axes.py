"""Faults of geometry along some axes alone, as of a loop whose rows are right and whose columns are not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from itertools import combinations

import numpy as np

from verify.cases.case import Case
from verify.cases.geometry import Axis
from verify.faults.fault import Call, Fault, Geometry
from verify.faults.index_maps import Maps, outs_of, right_maps

_NAME = re.compile(r"(.+)-along-([0-2](?:-[0-2])?)")


def along_some(fault: Fault, rank: int) -> Iterator[Fault]:
    """A fault of geometry along each choice of some of the axes of a rank; of another fault, nothing."""
    if isinstance(fault.change, Geometry | Call):
        for count in range(1, rank):
            yield from (along(fault, axes) for axes in combinations(range(rank), count))


@cache
def along(fault: Fault, axes: tuple[int, ...]) -> Fault:
    """A fault of geometry along these axes alone: along the others, each window reads the right cells."""
    if not isinstance(fault.change, Geometry | Call):
        raise ValueError(f"the fault {fault.name!r} has no axes")  # noqa: TRY004 - the name is what is wrong
    of_axes = f"axis {axes[0]}" if len(axes) == 1 else f"axes {' and '.join(map(str, axes))}"
    return replace(
        fault,
        name=f"{fault.name}-along-{'-'.join(map(str, axes))}",
        sentence=f"{fault.sentence}, along {of_axes} alone",
        change=_narrowed(fault.change, axes),
    )


def base_and_axes(name: str) -> tuple[str, tuple[int, ...]] | None:
    """The name of the fault and the axes along which one of this name is wrong, if it is so named."""
    parts = _NAME.fullmatch(name)
    return (parts[1], tuple(map(int, parts[2].split("-")))) if parts else None


def _narrowed(change: Geometry | Call, axes: tuple[int, ...]) -> Geometry | Call:
    if isinstance(change, Call):
        return Call(lambda case: _some_axes(change, axes, case), _some_windows(change.windows, axes))
    return _some_windows(change, axes)


def _some_windows(change: Geometry, axes: tuple[int, ...]) -> Geometry:
    def maps(case: Case) -> Maps | None:
        wrong, right = change.maps(case), right_maps(case)
        if wrong is None or [*map(len, wrong)] != [*map(len, right)]:
            return None
        mixed = [wrong[axis] if axis in axes else right[axis] for axis in range(case.rank)]
        return None if all(map(np.array_equal, mixed, right)) else mixed

    return Geometry(maps)


def _some_axes(change: Call, axes: tuple[int, ...], case: Case) -> tuple[Axis, ...] | None:
    wrong = change.axes(case)
    if wrong is None:
        return None
    mixed = tuple(wrong[axis] if axis in axes else case.axes[axis] for axis in range(case.rank))
    has_room = "residual" not in case.epilogue or outs_of(mixed) == outs_of(case.axes)
    return mixed if has_room and mixed != case.axes else None
