"""Answers of another shape: each rule that gives a wrong output size, count of channels or order of axes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from verify.cases.case import Case
from verify.cases.geometry import Axis
from verify.cases.operands import Array
from verify.faults.fault import FORWARD, IMAGE, WINDOWED, Answer, Shape, make_fault
from verify.oracle.compare import NUMERIC_KINDS

_Rule = Callable[[Axis, int], int]
"""The output size of an axis; the number is its size with the border's cells."""


def _sized(rule: _Rule, *, same: _Rule | None = None) -> Shape:
    """An image with other sizes, axis by axis; those of SAME by the rule `same`, if there is one."""

    def shape(case: Case) -> tuple[int, ...]:
        chosen = same if same is not None and case.padding == "SAME" else rule
        axes = zip(case.axes, case.borders, strict=True)
        sizes = (max(chosen(axis, axis.size + sum(ends)), 0) for axis, ends in axes)
        first = 2 if case.channels_first else 1
        return (*case.output_shape[:first], *sizes, *case.output_shape[first + case.rank :])

    return Shape(shape)


def _windows(axis: Axis, **changed: int) -> int:
    """(padded - span) // stride + 1, with some of the three numbers changed."""
    numbers = {"padded": axis.padded, "span": axis.span, "stride": axis.stride, **changed}
    return (numbers["padded"] - numbers["span"]) // numbers["stride"] + 1


def _rounded_up(axis: Axis, size: int) -> int:
    return axis.out + (axis.out > 0 and (axis.padded - axis.span) % axis.stride > 0)


def _reach(axis: Axis) -> int:
    """The cells from the first that a window reads to the last, padding included."""
    return (axis.out - 1) * axis.stride + axis.span if axis.out else 0


def _fitting_kernel(axis: Axis) -> int:
    """The taps with which the last window would reach the end of the padded input."""
    return (axis.padded - max(axis.out - 1, 0) * axis.stride - 1) // axis.dilation + 1


def _with_channels(count: Callable[[Case], int]) -> Shape:
    """An answer with another number of channels."""

    def shape(case: Case) -> tuple[int, ...]:
        answer = list(case.output_shape)
        answer[1 if case.channels_first and case.traits.answers_image else -1] = count(case)
        return tuple(answer)

    return Shape(shape)


def _of_filters(kernel: Callable[[Case], tuple[int, ...]]) -> Shape:
    """A gradient of the filters of other sizes."""
    return Shape(lambda case: (*kernel(case), *case.output_shape[case.rank :]))


def _in_other_format(case: Case, right: Array) -> Array:
    ends = (1, -1) if case.channels_first else (-1, 1)
    return np.ascontiguousarray(np.moveaxis(right, *ends))


fault = partial(make_fault, family="geometry", kinds=frozenset({"shape"}))
gradient = partial(make_fault, family="gradients", kinds=frozenset({"shape"}))

_UNSAME = f"padding != 'same' and {FORWARD}"
_PADDED = f"padding != 'valid' and {FORWARD}"
_SOME_PADDING = "any(before or after for before, after in pads)"
_TRANSPOSE = "operation == 'transpose'"
_FILTERGRAD = f"operation == 'filtergrad' and {WINDOWED}"

_SIZES = (
    fault(
        name="same-size-rounded-down",
        sentence="SAME's output size rounded down, floor(size / stride) for ceil",
        applies=f"padding == 'same' and {FORWARD}",
        needs="max(strides) > 1",
        word="conv_i1_k1_s2_same_ones",
        change=_sized(lambda axis, size: size // axis.stride),
    ),
    fault(
        name="valid-rounded-up",
        sentence="one window too many where cells are left over, the output size rounded up",
        applies=_UNSAME,
        needs="any(s > 1 for s in strides)",
        word="conv_i2_k1_s2_valid_ones",
        change=_sized(_rounded_up),
    ),
    fault(
        name="size-without-dilation",
        sentence="an output size that leaves the dilation out of the kernel's span",
        applies=_UNSAME,
        needs="max(dilations) > 1",
        word="conv_i2_k2_d2_valid_ones",
        change=_sized(lambda axis, size: _windows(axis, span=axis.kernel)),
    ),
    fault(
        name="size-without-stride",
        sentence="an output size that is not divided by the stride",
        applies=FORWARD,
        needs="max(strides) > 1",
        word="conv_i2_k1_s2_same_ones",
        change=_sized(lambda axis, size: _windows(axis, stride=1), same=lambda axis, size: size),
    ),
    fault(
        name="size-without-padding",
        sentence="an output size that leaves the padding out",
        applies=_PADDED,
        needs=_SOME_PADDING,
        word="conv_i1_k1_p1.0_ones",
        change=_sized(lambda axis, size: _windows(axis, padded=size)),
    ),
    fault(
        name="size-padded-before-alone",
        sentence="an output size that counts the padding before the input alone",
        applies=_PADDED,
        needs="any(after for before, after in pads)",
        word="conv_i1_k1_p0.1_ones",
        change=_sized(lambda axis, size: _windows(axis, padded=axis.before + axis.size)),
    ),
    fault(
        name="size-padded-before-twice",
        sentence="an output size that counts the padding before the input at both ends",
        applies=f"padding == 'explicit' and {FORWARD}",
        needs="any(before != after for before, after in pads)",
        word="conv_i1_k1_p1.0_ones",
        change=_sized(lambda axis, size: _windows(axis, padded=2 * axis.before + axis.size)),
    ),
    fault(
        name="size-without-last-window",
        sentence="one window too few, (padded - span) / stride without the 1 that is added",
        applies=FORWARD,
        needs="max(out) > 0",
        word="conv_i1_k1_same_ones",
        change=_sized(lambda axis, size: axis.out - 1),
    ),
    fault(
        name="size-of-full-mode",
        sentence="an answer to every window that meets a cell, as in the mode FULL",
        applies=FORWARD,
        needs=f"max(kernel) > 1 or {_SOME_PADDING}",
        word="conv_i1_k2_same_ones",
        change=_sized(lambda axis, size: _windows(axis, padded=size + 2 * (axis.span - 1))),
    ),
)

_AXES = (
    fault(
        name="answer-in-other-format",
        sentence="an answer with its channels where the other data format has them",
        applies=IMAGE,
        word="conv_i1_k1_f2_same_ones",
        change=Answer(_in_other_format),
        kinds=NUMERIC_KINDS | {"shape"},
    ),
    fault(
        name="axes-of-one-dropped",
        sentence="an answer without its axes of length 1",
        applies="True",
        word="conv_i1_k1_same_ones",
        change=Shape(lambda case: tuple(size for size in case.output_shape if size != 1)),
    ),
    fault(
        name="channels-of-one-group",
        sentence="an answer with the channels of one group alone",
        applies="groups > 1",
        word="conv_i1_c2_k1_f2_g2_same_ones",
        change=_with_channels(lambda case: case.output_channels // case.groups),
    ),
    fault(
        name="multiplier-left-out",
        sentence="a depthwise answer with one channel for each of the input, whatever the multiplier",
        applies="operation == 'depthwise' and multiplier > 1",
        word="depthwise_i1_k1_m2_same_ones",
        change=_with_channels(lambda case: case.channels),
    ),
)

_OF_GRADIENTS = (
    gradient(
        name="transpose-without-rest",
        sentence="a transpose without the cells that no window reads, which output_padding adds",
        applies=_TRANSPOSE,
        word="transpose_i2_k1_s2_same_ones",
        change=_sized(lambda axis, size: _reach(axis) - axis.before - axis.after),
    ),
    gradient(
        name="transpose-times-stride",
        sentence="a transpose of the size of its input times the stride",
        applies=_TRANSPOSE,
        word="transpose_i1_k1_s2_same_ones",
        change=_sized(lambda axis, size: axis.out * axis.stride),
    ),
    gradient(
        name="transpose-not-cropped",
        sentence="a transpose whose padding is not cut off",
        applies=_TRANSPOSE,
        needs=_SOME_PADDING,
        word="transpose_i1_k2_same_ones",
        change=_sized(lambda axis, size: axis.padded),
    ),
    gradient(
        name="transpose-of-whole-reach",
        sentence="a transpose as long as its windows reach, with the padding and without unread cells",
        applies=_TRANSPOSE,
        word="transpose_i2_k1_s2_same_ones",
        change=_sized(lambda axis, size: _reach(axis)),
    ),
    gradient(
        name="filter-gradient-dilated",
        sentence="a gradient of the filters that is as long as the dilated kernel",
        applies=_FILTERGRAD,
        needs="max(dilations) > 1 and max(kernel) > 1",
        word="filtergrad_i1_k2_d2_same_ones",
        change=_of_filters(lambda case: tuple(axis.span for axis in case.axes)),
    ),
    gradient(
        name="filter-gradient-not-cut",
        sentence="a gradient of the filters with taps for the cells that are left over",
        applies=_FILTERGRAD,
        word="filtergrad_i2_k1_s2_same_ones",
        change=_of_filters(lambda case: tuple(map(_fitting_kernel, case.axes))),
    ),
    gradient(
        name="filter-gradient-ungrouped",
        sentence="a gradient of the filters with the channels of every group",
        applies=f"{_FILTERGRAD} and groups > 1",
        word="filtergrad_i1_c2_k1_f2_g2_same_ones",
        change=Shape(lambda case: (*case.kernel, case.channels, case.output_channels)),
    ),
)

SHAPES = _SIZES + _AXES + _OF_GRADIENTS
