"""Faults of compilers and of TensorFlow Lite's kernels, which a recorded deviation predicts."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from verify.cases.case import Case
from verify.cases.geometry import Axis
from verify.cases.operands import Array, Operands
from verify.faults.composed import computed_with
from verify.faults.fault import FORWARD, IMAGE, Answer, Geometry, Other, Sums, make_fault
from verify.faults.index_maps import Maps, factors, finished, outs_of, right_maps, sums_by_maps
from verify.oracle.problem import channels_last, in_data_format


def _below_zero(axis: Axis, border: tuple[int, int]) -> bool:
    """Whether SAME has more cells than its windows reach, so that a total not clamped is below 0."""
    return axis.size + sum(border) > (axis.out - 1) * axis.stride + axis.span


def _wrapped(case: Case) -> Maps | None:
    """No cell for any window, if a total below 0, taken as an unsigned number, is a padding that large.

    Kernels of one cell have none to pad.
    """
    if max(case.kernel) == 1 or not any(map(_below_zero, case.axes, case.borders)):
        return None
    return [np.full((axis.out, axis.kernel), axis.size) for axis in case.axes]


def _along_the_last_axis(case: Case) -> Case | None:
    """The bias as a residual that has a number for each place along the last axis; its gradient there."""
    bias = case.operands.bias
    if case.is_bias_gradient:
        turned = np.swapaxes(case.operands.factor, 1, -1)
        is_alike = turned.shape == case.operands.factor.shape
        return computed_with(case, operands=case.operands._replace(factor=turned)) if is_alike else None
    if bias is None or not case.channels_first or case.output_shape[-1] != len(bias):
        return None
    added = np.broadcast_to(bias.astype(np.float64), case.output_shape)
    if case.operands.residual is not None:
        added = added + case.operands.residual.astype(np.float64)
    operands = case.operands._replace(bias=np.zeros_like(bias), residual=added)
    steps = [step for step in case.epilogue if step not in ("bias", "residual")]
    return computed_with(case, operands=operands, epilogue=("bias", "residual", *steps))


def _not_finite(array: Array) -> Array:
    return (~np.isfinite(array.astype(np.float64))).astype(np.float64)


def mixed(case: Case, right: Array, maps: Maps | None = None) -> Array | None:
    """NaN for each product of a zero with what is not finite in another group's channels.

    `maps` say which cells the windows read, where these are not those of the case.
    """
    groups = case.channels if case.traits.has_multiplier else case.groups
    made = case.channels * case.multiplier if case.traits.has_multiplier else case.filter_count
    if groups == 1:
        return None
    members, parts = np.arange(case.channels) * groups // case.channels, np.arange(made) * groups // made
    others = np.broadcast_to(members[:, np.newaxis] != parts, (*case.kernel, case.channels, made))
    dense: dict[str, Any] = {"filter_count": made, "multiplier": 1, "groups": 1}
    if case.traits.has_multiplier:
        dense["operation"] = "conv"
    operands = Operands(input=_not_finite(case.input), factor=others.astype(np.float64))
    counts = sums_by_maps(computed_with(case, operands=operands, **dense), maps or right_maps(case))
    return _nan_where(channels_last(case, counts), case, right)


def _nan_where(counts: Array, case: Case, right: Array) -> Array:
    """The right answer, but NaN where anything was counted, channels last; a pointwise step spreads it."""
    if case.pointwise is not None:
        counts = counts.sum(axis=-1, keepdims=True)
    return np.where(in_data_format(case, counts) > 0, right.dtype.type(np.nan), right)


TILES = (3, 4, 9, 25)
"""Taps for which XNNPACK's code of a depthwise convolution is written."""


def _tiled(case: Case, right: Array) -> Array | None:
    """NaN where there is one among the cells that follow a window's, up to a number of taps of TILES.

    The cells of all windows of a row are listed column by column of the taps, those that the next window
    reads too only once, and the rows after one another; behind the last cell that one is repeated.
    """
    taps = math.prod(case.kernel)
    tile = min((tile for tile in TILES if tile >= taps), default=taps)
    if tile == taps or not right.size or (case.padding == "SAME" and _wrapped(case)):
        return None
    x, _ = factors(case, np.float64)
    cells = _listed(case)
    rows, columns, kernel, step = _steps(case)
    width = (columns - 1) * step * kernel[0] + taps
    firsts = np.arange(rows)[:, np.newaxis] * width + np.arange(columns) * step * kernel[0]
    read = np.append(cells, np.repeat(cells[-1:], tile - taps))[
        firsts[..., np.newaxis] + np.arange(taps, tile)
    ]
    flat = _not_finite(x).reshape(len(x), math.prod(case.size), x.shape[-1])
    counts = np.append(flat, np.zeros((len(x), 1, x.shape[-1])), axis=1)[:, read].sum(axis=3)
    return _nan_where(counts.reshape(len(x), *outs_of(case.axes), x.shape[-1]), case, right)


def _tiled_second(case: Case, right: Array) -> Array | None:
    """NaN where one of two places of the first step's answer is, that follow a second filter of one number.

    With one channel and one filter the second step is a depthwise convolution, too, and has one tap.
    """
    if case.channels * case.multiplier != 1 or case.filter_count != 1 or not right.size:
        return None
    operands = Operands(input=case.input, factor=case.filters)
    first = computed_with(case, operation="depthwise", operands=operands, epilogue=())
    sums = sums_by_maps(first, right_maps(first))
    tiled = _tiled(first, sums)
    wrong = _not_finite(channels_last(case, sums if tiled is None else tiled))
    flat = wrong.reshape(len(wrong), -1)
    behind = np.concatenate([flat, *(flat[:, -1:],) * (TILES[0] - 1)], axis=1)
    counts = sum(behind[:, place : place + flat.shape[1]] for place in range(1, TILES[0]))
    return _nan_where(np.reshape(counts, wrong.shape), case, right)


def _steps(case: Case) -> tuple[int, int, tuple[int, int], int]:
    """Rows and columns of the answer, the kernel, and the columns of taps that a window has alone."""
    rows, columns = (1, *(axis.out for axis in case.axes))[-2:]
    height, width = (1, *case.kernel)[-2:]
    last = case.axes[-1]
    return rows, columns, (height, width), width if last.dilation > 1 else min(last.stride, width)


def _listed(case: Case) -> Array:
    """The cells of all windows in the order in which XNNPACK lists them; the number of cells is a zero."""
    rows, columns, (height, width), step = _steps(case)
    maps = right_maps(case)
    down = maps[0] if case.rank > 1 else np.zeros((1, 1), np.int64)
    size = case.size if case.rank > 1 else (1, *case.size)
    across = maps[-1]
    y, x = down[:, np.newaxis, np.newaxis, :], across[np.newaxis, :, :, np.newaxis]
    cells = np.where((y < size[0]) & (x < size[1]), y * size[1] + x, math.prod(size))
    length = (columns - 1) * step * height + height * width
    listed = np.empty((rows, length), np.int64)
    for column in range(columns):
        first = column * step * height
        listed[:, first : first + height * width] = cells[:, column].reshape(rows, -1)
    return listed.reshape(-1)


def _dilated_nothing(case: Case, right: Array) -> Array | None:
    """A stride less one longer along an axis without windows, whose cells a stride cannot move apart."""
    lengths = [axis.size + (0 if axis.out else axis.stride - 1) for axis in case.axes]
    if [axis.size for axis in case.axes] == lengths:
        return None
    channels = right.shape[1 if case.channels_first else -1]
    image = case.in_data_format((case.batch, *(1,) * case.rank, channels))
    first = right[tuple(map(slice, image))] if right.size else finished(case, np.zeros(image))
    shape = case.in_data_format((case.batch, *lengths, channels))
    return np.broadcast_to(first, shape).astype(right.dtype)


def _columns_by_the_next_axis(case: Case) -> Maps | None:
    """As many windows along the first axis as fit with the padding after it that is before the second one.

    The odd cell of the first axis stays after it; fewer than none are none.
    """
    first, second = case.axes[:2]
    left = first.size + first.after + second.before - first.kernel
    count = left // first.stride + 1 if left >= 0 else int(-left < first.stride)
    if count >= first.out:
        return None
    maps = right_maps(case)
    maps[0][count:] = first.size
    return maps


def _packed(case: Case, maps: Maps) -> np.ma.MaskedArray[Any, Any]:
    """The transpose of all filters to the channels of one group, one after another in the answer's memory.

    They fill its first part, and nothing is written after them. They are clamped to the finite numbers.
    """
    one = computed_with(case, channels=case.channels // case.groups, groups=1, channels_first=False)
    operands = Operands(input=channels_last(case, case.input), factor=case.operands.factor)
    sums = sums_by_maps(computed_with(one, operands=operands), maps).reshape(-1)
    shape = (case.batch, *case.size, case.channels)
    image = np.zeros(math.prod(shape), sums.dtype)
    image[: len(sums)] = np.clip(sums, -case.format.largest, case.format.largest)
    masked = np.ma.masked_array(image, np.arange(len(image)) >= len(sums)).reshape(shape)
    return np.ma.asarray(np.moveaxis(masked, -1, 1)) if case.channels_first else masked


def _finite(case: Case, maps: Maps) -> np.ma.MaskedArray[Any, Any]:
    """Sums clamped to the finite numbers, of which NaN becomes the largest but in a transpose."""
    largest = case.format.largest
    sums = np.clip(sums_by_maps(case, maps), -largest, largest)
    is_forward = case.traits.answer == "result"
    return np.ma.masked_array(np.where(np.isnan(sums), largest, sums) if is_forward else sums)


_ONE_FOR_ONE = """rank < 3 and (multiplier == 1 if operation in ('depthwise', 'separable')
    else operation == 'conv' and groups == channels == filters)"""
"""The condition that one channel makes one of the answer, as in XNNPACK's depthwise convolutions."""

CONVERTED = (
    make_fault(
        name="depth-padded-by-the-height",
        family="gradients",
        sentence="windows of the first axis counted with the padding of the second, and the others left out",
        applies="operation == 'transpose' and rank == 3 and padding == 'same' and max(dilations) == 1",
        word="transpose_i1x1x1_k3x1x1_same_iota",
        change=Geometry(_columns_by_the_next_axis),
    ),
    make_fault(
        name="same-wraps-below-zero",
        family="padding",
        sentence="SAME's total below 0 taken for a number so large that no window reads a cell",
        applies=f"padding == 'same' and {FORWARD}",
        word="conv_i3_k2_s3_same_ones",
        change=Geometry(_wrapped),
    ),
    make_fault(
        name="groups-times-zero",
        family="channels",
        sentence="groups as one convolution over all channels, with zeros in the filters of the others",
        applies=f"(groups > 1 or operation in ('depthwise', 'separable')) and {IMAGE}",
        word="conv_i1_c2_k1_f2_g2_same_nonfinite1",
        change=Answer(mixed),
    ),
    make_fault(
        name="groups-of-a-transpose-packed",
        family="gradients",
        sentence="the channels of one group of a transpose packed into the answer, and nothing after them",
        applies="operation == 'transpose' and groups > 1",
        word="transpose_i2_c2_k1_f2_g2_same_ones",
        change=Sums(_packed),
    ),
    make_fault(
        name="sums-clamped",
        family="behaviour",
        sentence="the sums clamped to the finite numbers, of which NaN becomes the largest",
        applies="operation in ('conv', 'transpose') and rank == 3 and fill == 'nonfinite'",
        word="conv_i1x1x1_c2_k1x1x1_same_nonfinite1",
        change=Sums(_finite),
    ),
    make_fault(
        name="bias-along-last-axis",
        family="batch and bias",
        sentence="the bias added along the last axis of an answer whose channels come first",
        applies="channels_first and 'bias' in epilogue",
        word="conv_i2_k1_f2_same_cf_bias_iota",
        change=Other(_along_the_last_axis),
    ),
    make_fault(
        name="taps-of-a-tile",
        family="geometry",
        sentence="the cells that follow a window's read too, and multiplied by 0",
        applies=_ONE_FOR_ONE,
        word="depthwise_i2x8_c3_k1x1_same_nonfinite866",
        change=Answer(_tiled),
    ),
    make_fault(
        name="taps-of-a-tile-of-one",
        family="geometry",
        sentence="two more places of the first step's answer read by the second, and multiplied by 0",
        applies="operation == 'separable' and rank < 3 and channels == multiplier == filters == 1",
        word="separable_i1_k2_same_nonfinite",
        change=Answer(_tiled_second),
    ),
    make_fault(
        name="nothing-transposed-by-its-stride",
        family="geometry",
        sentence="an axis without windows transposed to a stride less one more than it has",
        applies="operation == 'transpose'",
        word="transpose_i1_k2_s2_valid_ones",
        change=Answer(_dilated_nothing),
    ),
)
"""Each is right where its condition does not hold, as those of the catalogue are."""
