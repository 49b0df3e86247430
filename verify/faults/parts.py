"""Parts of faults of geometry: along some axes alone, or in what windows read alone.

A loop may have its rows right and its columns wrong, or step as it should not through an answer that has the
right size and padding.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from itertools import combinations

import numpy as np

from verify.cases.case import Case
from verify.cases.geometry import Axis
from verify.faults.fault import Call, Fault, Geometry, Inputs
from verify.faults.index_maps import Maps, outs_of, right_maps

_NAME = re.compile(r"(.+?)(-in-windows)?(?:-along-([0-2](?:-[0-2])?))?")


def parts_of(fault: Fault, rank: int) -> Iterator[Fault]:
    """The parts of a fault for cases of a rank; one that has no geometry has none."""
    whole = (fault, *([in_windows(fault)] if isinstance(fault.change, Call) else []))
    yield from whole[1:]
    if _has_axes(fault):
        for count in range(1, rank):
            for axes in combinations(range(rank), count):
                yield from (along(each, axes) for each in whole)


def is_part(fault: Fault) -> bool:
    return base_and_part(fault.name)[1:] != (False, ())


def base_and_part(name: str) -> tuple[str, bool, tuple[int, ...]]:
    """What the name of a part says: its fault, whether it is in windows alone, and its axes, () for all."""
    parts = _NAME.fullmatch(name)
    assert parts is not None
    return parts[1], bool(parts[2]), tuple(map(int, parts[3].split("-"))) if parts[3] else ()


@cache
def in_windows(fault: Fault) -> Fault:
    """A fault whose windows read other cells, in an answer that has the right size and padding."""
    if not isinstance(fault.change, Call):
        raise ValueError(f"the fault {fault.name!r} has no sizes")  # noqa: TRY004 - the name is what is wrong
    return replace(
        fault,
        name=f"{fault.name}-in-windows",
        sentence=f"{fault.sentence}, though sizes and padding are right",
        change=fault.change.windows,
    )


@cache
def along(fault: Fault, axes: tuple[int, ...]) -> Fault:
    """A fault along these axes alone: along the others, each window reads the right cells."""
    if not _has_axes(fault):
        raise ValueError(f"the fault {fault.name!r} has no axes")
    of_axes = f"axis {axes[0]}" if len(axes) == 1 else f"axes {' and '.join(map(str, axes))}"
    return replace(
        fault,
        name=f"{fault.name}-along-{'-'.join(map(str, axes))}",
        sentence=f"{fault.sentence}, along {of_axes} alone",
        change=_narrowed(fault.change, axes),
    )


def _has_axes(fault: Fault) -> bool:
    change = fault.change
    return isinstance(change, Geometry | Call) or (isinstance(change, Inputs) and change.along is not None)


@cache
def _narrowed(change: object, axes: tuple[int, ...]) -> Geometry | Call | Inputs:
    match change:
        case Call():
            return Call(lambda case: _some_axes(change, axes, case), _some_windows(change.windows, axes))
        case Inputs(_, of_axes) if of_axes is not None:
            return of_axes(axes)
        case Geometry():
            return _some_windows(change, axes)
    raise TypeError(change)


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
