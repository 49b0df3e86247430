"""How far a fill counts 1, 2, 3 … before it starts again, so that cells that may be confused differ.

Numbers of a period repeat wherever the flat indices of two cells differ by a multiple of it. A kernel that
takes a wrong index along one axis, a wrong channel, stride or padding reads another cell than the right one.
"""

from __future__ import annotations

import math
from functools import lru_cache
from itertools import chain, product
from typing import TypeAlias

Groups: TypeAlias = tuple[tuple[int, ...], ...]
"""The extents of an operand, channels last, those of its spatial axes as one group."""

LEAST = 13
"""The least period where the sums leave room for it and not all numbers differ."""

TRIED = 256
"""Periods that are looked at: among so many in a row is one that shares no factor with the extents."""


@lru_cache(maxsize=2**12)
def period_of(groups: Groups, *, whole: int, most: int) -> int:
    """The period of an operand's numbers.

    All differ where there are no more than `whole`. Else it is a period, up to `most`, in which any two cells
    differ that lie at different positions, or that differ in one other index; where there is none, one in
    which any two differ that lie apart along one axis, or by one cell along several; where there is none,
    one in which two differ that lie less than a period apart along one axis.
    Of several it is the largest, and the least where numbers beyond `whole` are lost in rounding.
    """
    axes = [*chain.from_iterable(groups)]
    size = math.prod(axes)
    if size <= whole:
        return max(size, 1)
    merged = [math.prod(group) for group in groups]
    for extents, steps in ((merged, []), (axes, _steps(groups, _strides(axes)))):
        least = max(*extents, min(LEAST, most))
        periods = range(least, min(most, least + TRIED) + 1)
        if whole >= most:
            periods = range(most, max(least, most - TRIED) - 1, -1)
        for period in periods:
            if _tells_apart(period, extents) and all(step % period for step in steps):
                return period
    strides = [stride for extent, stride in zip(axes, _strides(axes), strict=True) if extent > 1]
    coprime = (
        period
        for period in range(most, max(most - TRIED, 1), -1)
        if all(math.gcd(period, stride) == 1 for stride in strides)
    )
    return next(coprime, most)


def _tells_apart(period: int, extents: list[int]) -> bool:
    """Whether no two cells along one axis have a number in common."""
    pairs = zip(extents, _strides(extents), strict=True)
    return all(period // math.gcd(period, stride) >= extent for extent, stride in pairs)


def _strides(extents: list[int]) -> list[int]:
    """How far apart neighbours along each axis lie in flat indices."""
    return [math.prod(extents[place + 1 :]) for place in range(len(extents))]


def _steps(groups: Groups, strides: list[int]) -> list[int]:
    """How far apart cells lie in flat indices that are neighbours along several axes of a group."""
    steps = []
    for group in groups:
        of_group, strides = strides[: len(group)], strides[len(group) :]
        shifts = product(*((-1, 0, 1) if extent > 1 else (0,) for extent in group))
        steps += [sum(map(math.prod, zip(shift, of_group, strict=True))) for shift in shifts if any(shift)]
    return steps
