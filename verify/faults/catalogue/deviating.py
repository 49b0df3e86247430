"""Faults that a recorded deviation predicts; no run looks for them, as few subjects could have them."""

from __future__ import annotations

import numpy as np

from verify.cases.case import Case
from verify.cases.geometry import Axis, ceil_div
from verify.cases.operands import Array
from verify.faults.catalogue.converted import mixed
from verify.faults.catalogue.padding import recomputed
from verify.faults.fault import IMAGE, WINDOWED, Answer, Geometry, make_fault, shifted
from verify.faults.index_maps import (
    Map,
    Maps,
    groups_of,
    map_of,
    right_maps,
    windows_by_maps,
    zero_outside,
)
from verify.oracle.problem import channels_last, in_data_format, problem_of
from verify.oracle.reference import padded_beforehand

GRADIENT_OF_FILTERS = "operation == 'filtergrad' and 'bias' not in epilogue"


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


def _mixed_phases(case: Case, right: Array) -> Array | None:
    """The answer of windows within phases, with NaN for zeros times what is not finite in other groups."""
    maps = _phased(case)
    spatial = right.shape[2:] if case.channels_first else right.shape[1:-1]
    return None if maps is None or tuple(map(len, maps)) != spatial else mixed(case, right, maps)


def _phases(axis: Axis, border: tuple[int, int], case: Case) -> Map:
    cells, kept = _padded_phases(axis, border, case)
    return cells[:kept]


def _padded_phases(axis: Axis, border: tuple[int, int], case: Case) -> tuple[Map, int]:
    """The windows of phases padded to one length, and how many of them are kept."""
    reach = (axis.kernel - 1) * axis.dilation
    before = border[0] + reach // 2 if case.padding == "SAME" else axis.before
    padded = axis.size + sum(border) + reach if case.padding == "SAME" else axis.padded
    length = ceil_div(padded, axis.dilation)
    in_phase = max((length - axis.kernel) // axis.stride + 1, 0)
    outs = np.arange(in_phase * axis.dilation)[:, np.newaxis]
    first = outs % axis.dilation + outs // axis.dilation * axis.stride * axis.dilation
    cells = zero_outside(axis, first + np.arange(axis.kernel) * axis.dilation - before)
    return cells, max(len(cells) - (length * axis.dilation - padded), 0)


def _times_zero(case: Case, x: Array | None = None) -> Array | None:
    """The input times 0, channels last: NaN where it is NaN or infinite; None where it is neither.

    It is the case's own unless one is given.
    """
    lost = channels_last(case, case.input if x is None else x).astype(np.float64) * 0
    return lost if np.isnan(lost).any() else None


def _meeting_all(case: Case, right: Array) -> Array | None:
    """The gradient of filters in which each tap meets every cell, with 0 those that it should not.

    Where padding repeats cells, they are those of the input that is padded already.
    """
    problem, operands = padded_beforehand(problem_of(case), case.operands)
    lost = _times_zero(case, operands.input)
    if lost is None:
        return None
    is_nan = np.isnan(lost).sum(axis=0)
    read = is_nan
    for axis in problem.axes:
        reads = (np.arange(axis.size)[:, np.newaxis, np.newaxis] == map_of(axis)).any(axis=1)
        read = np.tensordot(read, reads, axes=(0, 0))
    unread = is_nan.sum(axis=tuple(range(case.rank))) > np.moveaxis(read, 0, -1)
    return _with_lost(case, right, np.where(unread, np.nan, 0))


def _meeting_padding(case: Case, right: Array) -> Array | None:
    """The gradient of filters with the products of the zeros behind the cotangent of padded phases."""
    lost = _times_zero(case)
    if lost is None:
        return None
    phases = [_padded_phases(axis, ends, case) for axis, ends in zip(case.axes, case.borders, strict=True)]
    maps = [cells for cells, _ in phases]
    is_kept = [np.arange(len(cells)) < kept for cells, kept in phases]
    return _with_lost(case, right, _outside(lost, maps, is_kept, case=case))


def _meeting_gaps(case: Case, right: Array) -> Array | None:
    """The gradient of filters with the products of the zeros between the cells of a strided cotangent.

    It is as long as one without strides would be, or longer to be a multiple of the dilation.
    """
    lost = _times_zero(case)
    if lost is None:
        return None
    places = [
        np.arange(ceil_div(axis.padded - axis.span + 1, axis.dilation) * axis.dilation) for axis in case.axes
    ]
    maps = [
        zero_outside(axis, place[:, np.newaxis] + np.arange(axis.kernel) * axis.dilation - axis.before)
        for axis, place in zip(case.axes, places, strict=True)
    ]
    is_met = [
        (place % axis.stride == 0) & (place // axis.stride < axis.out)
        for axis, place in zip(case.axes, places, strict=True)
    ]
    return _with_lost(case, right, _outside(lost, maps, is_met, case=case))


def _mixed_by_a_step(case: Case, right: Array) -> Array | None:
    """NaN for each product of a zero with what is not finite in another channel, in a depthwise step.

    That is the last of a transpose, and the first before the gradient of filters.
    """
    is_image = case.traits.answer == "source"
    lost = _times_zero(case, right if is_image else None)
    if lost is None:
        return None
    is_lost = np.isnan(lost)
    others = np.where(is_lost.sum(axis=-1, keepdims=True) > is_lost, np.nan, 0)
    if is_image:
        return np.where(np.isnan(in_data_format(case, others)), right.dtype.type(np.nan), right)
    none = [np.zeros(axis.out, bool) for axis in case.axes]
    return _with_lost(case, right, _outside(others, right_maps(case), none, case=case))


def _outside(lost: Array, maps: Maps, inside: list[Array], *, case: Case) -> Array:
    """For each tap and channel the sum over the windows of maps that are not `inside` along every axis."""
    is_inside = np.logical_and.reduce(np.meshgrid(*inside, indexing="ij"))
    windows = windows_by_maps(lost, case=case, maps=maps)[:, ~is_inside.reshape(-1)]
    return np.asarray(windows.sum(axis=(0, 1)).reshape(*case.kernel, case.channels))


def _with_lost(case: Case, right: Array, taps: Array) -> Array:
    """A gradient of filters plus one number for each tap and channel, in the filters of its group."""
    parts = [
        np.broadcast_to(taps[..., members, np.newaxis], right[..., filters].shape)
        for members, filters in groups_of(case)
    ]
    return np.asarray(right + np.concatenate(parts, axis=-1).astype(right.dtype))


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
        applies=WINDOWED,
        word="depthwise_i5_k1_s2_d2_valid_iota",
        change=Geometry(_phased),
    ),
    make_fault(
        name="groups-times-zero-in-phases",
        family="channels",
        sentence="zeros in the filters of other groups that meet what a dilation has moved to the batch",
        applies=f"(groups > 1 or operation in ('depthwise', 'separable')) and {IMAGE}",
        word="depthwise_i5_c2_k1_s2_d2_same_nonfinite1",
        change=Answer(_mixed_phases),
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
    make_fault(
        name="every-cell-meets-every-tap",
        family="gradients",
        sentence="a filter gradient in which every cell meets every tap, times 0 where it should not",
        applies=GRADIENT_OF_FILTERS,
        word="filtergrad_i2x1x1_k1x1x1_s2x1x1_same_float64_unread",
        change=Answer(_meeting_all),
    ),
    make_fault(
        name="padded-phases-read",
        family="gradients",
        sentence="a filter gradient that multiplies cells with the zeros by which phases are padded",
        applies=f"{GRADIENT_OF_FILTERS} and max(dilations) > 1",
        word="filtergrad_i3_k2_d2_same_float64_nonfinite1",
        change=Answer(_meeting_padding),
    ),
    make_fault(
        name="zeros-between-read",
        family="gradients",
        sentence="a filter gradient that multiplies cells with the zeros that strides put between others",
        applies=f"{GRADIENT_OF_FILTERS} and max(strides) > 1",
        word="filtergrad_i3_k1_s2_same_float64_unread",
        change=Answer(_meeting_gaps),
    ),
    make_fault(
        name="depthwise-step-times-zero",
        family="gradients",
        sentence="a depthwise step of one cell as a convolution over all channels, with zeros between them",
        applies=f"(operation == 'transpose' or {GRADIENT_OF_FILTERS}) and groups == 1 and channels > 1 "
        "and max(kernel) == 1",
        word="transpose_i1_c2_k1_same_nonfinite",
        change=Answer(_mixed_by_a_step),
    ),
)
"""Each is right where its condition does not hold, as those of the catalogue are."""
