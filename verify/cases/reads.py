"""Which cells of the input the windows of a case read, and how often where padding repeats cells."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from verify.cases.geometry import Axis
from verify.cases.modes import ZEROS, Places

if TYPE_CHECKING:
    from verify.cases.case import Case


def read_cells(case: Case) -> NDArray[np.bool_]:
    """For each spatial cell of the input, whether any window reads it; shape `case.size`."""
    is_read = np.ones((), dtype=bool)
    for axis in case.axes:
        is_read = np.logical_and.outer(is_read, _read_along(axis))
    return is_read


def _read_along(axis: Axis) -> NDArray[np.bool_]:
    padded = np.zeros(axis.padded, dtype=bool)
    windows, taps = range(0, axis.out * axis.stride, axis.stride), range(0, axis.span, axis.dilation)
    fewer, more = sorted((windows, taps), key=len)
    for first in fewer:
        padded[first : first + more.stop : more.step] = True
    if axis.mode == ZEROS:
        return padded[axis.before : axis.before + axis.size]
    is_read = np.zeros(axis.size + 1, dtype=bool)
    is_read[axis.sources[padded]] = True
    return is_read[:-1]


@lru_cache
def most_reads(axis: Axis) -> int:
    """Pairs of a window and a tap that read one cell, at most: the products that a gradient adds up there."""
    return _most(axis.sources[axis.places].reshape(1, -1), axis.size)


@lru_cache
def most_places(axis: Axis) -> int:
    """Places of the padded axis that stand for one cell, at most."""
    return _most(axis.sources.reshape(1, -1), axis.size)


@lru_cache
def most_alike(axis: Axis, *, of_tap: bool = False) -> int:
    """Taps of one window that read the same cell, at most; of one tap the windows."""
    cells = axis.sources[axis.places]
    return _most(cells.T if of_tap else cells, axis.size)


def _most(rows: Places, size: int) -> int:
    """How often a cell is in one row, at most, and 1 where none is."""
    counts = (np.bincount(row, minlength=size + 1)[:size].max(initial=1) for row in rows)
    return int(max(counts, default=1))
