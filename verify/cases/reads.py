"""Which cells of the input the windows of a case read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from verify.cases.geometry import Axis

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
    return padded[axis.before : axis.before + axis.size]
