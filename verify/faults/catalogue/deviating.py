"""Faults that a recorded deviation predicts; no run looks for them, as few subjects could have them."""

from __future__ import annotations

import numpy as np

from verify.cases.case import Case
from verify.cases.geometry import Axis, ceil_div
from verify.cases.operands import Array
from verify.faults.catalogue.padding import recomputed
from verify.faults.fault import FORWARD, WINDOWED, Answer, Geometry, make_fault, shifted
from verify.faults.index_maps import Map, Maps, zero_outside


def _halved(total: int) -> int:
    """Half of a number, rounded towards 0 as C++ does."""
    return total // 2 if total >= 0 else -(-total // 2)


def _truncated(axis: Axis, size: int) -> int:
    """SAME's total, not clamped at 0, as twice what comes before."""
    return 2 * _halved((ceil_div(size, axis.stride) - 1) * axis.stride + axis.span - size) if size else 0


def _centred(case: Case) -> list[int]:
    """Windows begun as if the cells that they leave over were padding below 0, half of it before."""
    one = case.padding == "VALID"
    sizes = [axis.size + sum(ends) for axis, ends in zip(case.axes, case.borders, strict=True)]
    left = zip(case.axes, sizes, strict=True)
    return [_halved((axis.out - 1) * axis.stride + axis.span - size + one) for axis, size in left]


def _phased(case: Case) -> Maps | None:
    """Windows that step over the cells that a dilation has moved to the batch, which are then put back.

    Cells o, o + dilation, … are the image of phase o, padded behind to one length. SAME pads as for strides
    of 1. As many answers are cut off as there were cells padded behind.
    """
    if max(case.dilations) == 1 or max(case.strides) == 1:
        return None
    return [_phases(axis, ends, case) for axis, ends in zip(case.axes, case.borders, strict=True)]


def _phases(axis: Axis, border: tuple[int, int], case: Case) -> Map:
    reach = (axis.kernel - 1) * axis.dilation
    before = border[0] + reach // 2 if case.padding == "SAME" else axis.before
    padded = axis.size + sum(border) + reach if case.padding == "SAME" else axis.padded
    length = ceil_div(padded, axis.dilation)
    in_phase = max((length - axis.kernel) // axis.stride + 1, 0)
    outs = np.arange(max(in_phase * axis.dilation - (length * axis.dilation - padded), 0))[:, np.newaxis]
    first = outs % axis.dilation + outs // axis.dilation * axis.stride * axis.dilation
    return zero_outside(axis, first + np.arange(axis.kernel) * axis.dilation - before)


def _without_nan(case: Case, right: Array) -> Array | None:
    is_nan = np.isnan(right.astype(np.float64))
    return np.where(is_nan, right.dtype.type(0), right) if is_nan.any() else None


def _clamped(case: Case, right: Array) -> Array | None:
    largest = case.format.largest
    wide = right.astype(np.float64)
    return np.clip(wide, -largest, largest).astype(right.dtype) if np.isinf(wide).any() else None


DEVIATING = (
    make_fault(
        name="same-truncated",
        family="padding",
        sentence="SAME's total not clamped at 0, and halved towards 0",
        applies=f"padding == 'same' and {WINDOWED}",
        word="conv_i3_k1_s3_same_iota",
        change=recomputed(_truncated),
    ),
    make_fault(
        name="windows-centred",
        family="padding",
        sentence="windows in the middle of the input, as if the cells left over were padding below 0",
        applies=f"padding != 'explicit' and {WINDOWED}",
        word="conv_i4_k1_s4_valid_iota",
        change=shifted(_centred),
    ),
    make_fault(
        name="strides-within-phases",
        family="geometry",
        sentence="strides over the cells that a dilation has moved to the batch",
        applies=FORWARD,
        word="depthwise_i5_k1_s2_d2_valid_iota",
        change=Geometry(_phased),
    ),
    make_fault(
        name="relu-drops-nan",
        family="behaviour",
        sentence="NaN before a relu turned into 0",
        applies="'relu' in epilogue or 'relu6' in epilogue",
        word="conv_i1_k1_same_relu_nonfinite1",
        change=Answer(_without_nan),
    ),
    make_fault(
        name="infinity-clamped",
        family="behaviour",
        sentence="the answer clamped to the finite numbers of its dtype",
        applies="fill == 'nonfinite'",
        word="conv_i1_k1_same_nonfinite",
        change=Answer(_clamped),
    ),
)
"""Each is right where its condition does not hold, as those of the catalogue are."""
