"""Faults of geometry, strides, dilations, taps and windows not where they belong; and faults of gradients."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from verify.cases.case import Case
from verify.cases.geometry import Axis, same_padding
from verify.cases.operands import Array, Operands
from verify.faults.fault import (
    FORWARD,
    IMAGE,
    OTHER_END,
    WINDOWED,
    Answer,
    Call,
    Geometry,
    Inputs,
    make_fault,
)
from verify.faults.index_maps import Map, Maps, map_of, outs_of
from verify.oracle.compare import NUMERIC_KINDS


def _stepping(change: Callable[[Case], tuple[tuple[int, ...], tuple[int, ...]]]) -> Geometry:
    """Windows with other strides and dilations, as many as there should be, begun where they should."""

    def maps(case: Case) -> Maps | None:
        strides, dilations = change(case)
        if (strides, dilations) == (case.strides, case.dilations):
            return None
        walks = zip(case.axes, strides, dilations, strict=True)
        return [map_of(axis, stride=stride, dilation=dilation) for axis, stride, dilation in walks]

    return Geometry(maps)


def _with_filters(change: Callable[[Case, Array], Array]) -> Inputs:
    """Other filters, for the operations that have some."""

    def operands(case: Case) -> Operands | None:
        factor = change(case, case.operands.factor)
        if np.array_equal(factor, case.operands.factor):
            return None
        return case.operands._replace(factor=np.ascontiguousarray(factor))

    return Inputs(operands)


def _flipped_along(axes: tuple[int, ...]) -> Inputs:
    """The kernel flipped along some axes."""
    return _with_filters(lambda case, w: np.flip(w, tuple(axis for axis in axes if axis < case.rank)))


_FLIPPED = _flipped_along((0, 1, 2))._replace(along=_flipped_along)


def _called_with(change: Callable[[Case], tuple[tuple[int, ...], tuple[int, ...]]]) -> Call:
    """A right convolution that was given other strides and dilations; SAME and the output sizes follow.

    Where that cannot be called, as for the gradients, whose input has its size, the windows alone change.
    """

    def axes(case: Case) -> tuple[Axis, ...] | None:
        strides, dilations = change(case)
        is_forward = case.traits.answer == "result"
        if (strides, dilations) == (case.strides, case.dilations) or not is_forward:
            return None
        numbers = zip(case.axes, case.borders, strides, dilations, strict=True)
        axes = tuple(
            _axis(axis, border, stride=stride, dilation=dilation, is_same=case.padding == "SAME")
            for axis, border, stride, dilation in numbers
        )
        has_room = "residual" not in case.epilogue or outs_of(axes) == outs_of(case.axes)
        is_legal = case.padding == "SAME" or not any(axis.shortfall for axis in axes)
        return axes if has_room and is_legal else None

    return Call(axes, _stepping(change))


def _axis(axis: Axis, border: tuple[int, int], *, stride: int, dilation: int, is_same: bool) -> Axis:
    """An axis with another stride and dilation; SAME's padding follows them."""
    changed = axis._replace(stride=stride, dilation=dilation)
    if not is_same:
        return changed
    before, after = same_padding(axis.size + sum(border), axis.kernel, stride, dilation)
    return changed._replace(before=border[0] + before, after=after + border[1])


def _one_stride(axis: int) -> Callable[[Case], tuple[tuple[int, ...], tuple[int, ...]]]:
    """A stride of 1 along one axis, the others as they are."""

    def steps(case: Case) -> tuple[tuple[int, ...], tuple[int, ...]]:
        strides = list(case.strides)
        strides[axis] = 1
        return tuple(strides), case.dilations

    return steps


def _undilated_where_strided(case: Case) -> tuple[tuple[int, ...], tuple[int, ...]]:
    pairs = zip(case.strides, case.dilations, strict=True)
    return case.strides, tuple(1 if stride > 1 else dilation for stride, dilation in pairs)


def _cut(case: Case) -> Maps | None:
    """Taps that reach further from the first than the input is long read nothing."""
    if all(axis.span <= axis.size for axis in case.axes):
        return None

    def cut(axis: Axis) -> Map:
        reach = np.arange(axis.kernel) * axis.dilation
        return np.where(reach < max(axis.size, 1), map_of(axis), axis.size)

    return [cut(axis) for axis in case.axes]


def _transposed(case: Case, w: Array) -> Array:
    """The kernel's memory read as if its first and its last axis were in the other order."""
    return w.swapaxes(0, case.rank - 1).reshape(w.shape)


def _spatial(case: Case, axis: int) -> int:
    """The place of a spatial axis in an answer of a forward operation or a transpose."""
    return axis + 1 + case.channels_first


def _last_lost(axis: int) -> Answer:
    def answer(case: Case, right: Array) -> Array | None:
        wrong = right.copy()
        if not wrong.size:
            return None
        np.moveaxis(wrong, _spatial(case, axis % case.rank), 0)[-1] = 0
        return wrong

    return Answer(answer)


def _moved(case: Case, right: Array) -> Array | None:
    place = _spatial(case, case.rank - 1)
    wrong = np.roll(right, 1, place)
    np.moveaxis(wrong, place, 0)[:1] = 0
    return wrong


fault = partial(make_fault, family="geometry")
call_fault = partial(fault, kinds=NUMERIC_KINDS | {"shape"})
gradient = partial(make_fault, family="gradients")

_SEVERAL = f"rank > 1 and {WINDOWED}"

WINDOWS = (
    call_fault(
        name="strides-exchanged",
        sentence="strides of the first and the last axis exchanged",
        applies=_SEVERAL,
        needs="strides[0] != strides[-1]",
        word="conv_i1x2_k1x1_s2x1_same_ones",
        change=_called_with(lambda case: (case.strides[::-1], case.dilations)),
    ),
    call_fault(
        name="dilations-exchanged",
        sentence="dilations of the first and the last axis exchanged",
        applies=_SEVERAL,
        needs="dilations[0] != dilations[-1]",
        word="conv_i1x1_k1x2_d2x1_same_ones",
        change=_called_with(lambda case: (case.strides, case.dilations[::-1])),
    ),
    call_fault(
        name="stride-of-first-axis",
        sentence="the first axis's stride used for every axis",
        applies=_SEVERAL,
        needs="len(set(strides)) > 1",
        word="conv_i1x2_k1x1_s2x1_same_ones",
        change=_called_with(lambda case: (case.strides[:1] * case.rank, case.dilations)),
    ),
    call_fault(
        name="dilation-of-first-axis",
        sentence="the first axis's dilation used for every axis",
        applies=_SEVERAL,
        needs="len(set(dilations)) > 1",
        word="conv_i1x1_k1x2_d2x1_same_ones",
        change=_called_with(lambda case: (case.strides, case.dilations[:1] * case.rank)),
    ),
    call_fault(
        name="stride-for-dilation",
        sentence="strides and dilations exchanged",
        applies=WINDOWED,
        needs="strides != dilations",
        word="conv_i2_k1_s2_same_ones",
        change=_called_with(lambda case: (case.dilations, case.strides)),
    ),
    call_fault(
        name="dilation-as-stride",
        sentence="the dilation used as the stride, too",
        applies=WINDOWED,
        needs="strides != dilations",
        word="conv_i2_k1_d2_same_ones",
        change=_called_with(lambda case: (case.dilations, case.dilations)),
    ),
    call_fault(
        name="stride-as-dilation",
        sentence="the stride used as the dilation, too",
        applies=WINDOWED,
        needs="strides != dilations and max(kernel) > 1",
        word="conv_i1_k2_s2_same_ones",
        change=_called_with(lambda case: (case.strides, case.strides)),
    ),
    *(
        call_fault(
            name=f"{which}-stride-ignored",
            sentence=f"the stride of the {which} axis ignored",
            applies=_SEVERAL,
            needs=f"strides[{axis}] > 1",
            word=f"conv_i{size}_k1x1_s{size}_same_ones",
            change=_called_with(_one_stride(axis)),
        )
        for which, axis, size in (("first", 0, "2x1"), ("last", -1, "1x2"))
    ),
    call_fault(
        name="stride-ignored",
        sentence="the stride ignored",
        applies=FORWARD,
        needs="max(strides) > 1",
        word="conv_i2_k1_s2_same_ones",
        change=_called_with(lambda case: ((1,) * case.rank, case.dilations)),
    ),
    call_fault(
        name="dilation-ignored",
        sentence="the dilation ignored",
        applies=WINDOWED,
        needs="max(dilations) > 1",
        word="conv_i1_k2_d2_same_ones",
        change=_called_with(lambda case: (case.strides, (1,) * case.rank)),
    ),
    call_fault(
        name="groups-taken-for-dilation",
        sentence="the number of groups used as the dilation",
        applies=f"groups > 1 and {WINDOWED}",
        needs="max(kernel) > 1 and (set(dilations) != {groups})",
        word="conv_i1_c2_k2_f2_g2_same_ones",
        change=_called_with(lambda case: (case.strides, (case.groups,) * case.rank)),
    ),
    fault(
        name="stride-and-dilation",
        sentence="the dilation ignored where the stride is above 1 as well",
        applies=WINDOWED,
        needs="any(s > 1 and d > 1 for s, d in zip(strides, dilations))",
        word="conv_i1_k2_s2_d2_same_ones",
        change=_stepping(_undilated_where_strided),
    ),
    fault(
        name="pointwise-stride-ignored",
        sentence="the stride of a kernel of one tap ignored",
        applies=WINDOWED,
        needs="set(kernel) == {1} and max(strides) > 1",
        word="conv_i3_k1_s2_same_iota",
        change=_stepping(
            lambda case: (
                (1,) * case.rank if set(case.kernel) == {1} else case.strides,
                case.dilations,
            )
        ),
    ),
    fault(
        name="kernel-cut-to-input",
        sentence="taps lost where the kernel reaches further than the input",
        applies=WINDOWED,
        needs="any(reach > cells for reach, cells in zip(span, size))",
        word="conv_i1_k2_p1.0_ones",
        change=Geometry(_cut),
    ),
    fault(
        name="kernel-flipped",
        sentence="the kernel flipped, as mathematics has it",
        applies=FORWARD,
        needs="max(kernel) > 1",
        word="conv_i1_k2_same_iota",
        change=_FLIPPED,
    ),
    fault(
        name="kernel-transposed",
        sentence="the kernel's first and last axes exchanged",
        applies=f"rank > 1 and {IMAGE}",
        needs="sum(k > 1 for k in kernel) > 1",
        word="conv_i1x2_k2x2_same_iota",
        change=_with_filters(_transposed),
    ),
    fault(
        name="last-row-lost",
        sentence="the last row never written",
        applies=IMAGE,
        needs="0 not in out or operation == 'transpose'",
        change=_last_lost(0),
    ),
    fault(
        name="last-column-lost",
        sentence="the last column never written",
        applies=f"rank > 1 and {IMAGE}",
        needs="0 not in out or operation == 'transpose'",
        word="conv_i1x1_k1x1_same_ones",
        change=_last_lost(-1),
    ),
    fault(
        name="answer-shifted",
        sentence="the answer shifted by one along the last axis",
        applies=IMAGE,
        change=Answer(_moved),
    ),
)

_GRADIENT = "operation in ('transpose', 'filtergrad')"

GRADIENTS = (
    gradient(
        name="gradient-not-flipped",
        sentence="the gradient of the input with the kernel not flipped",
        applies="operation == 'transpose'",
        needs="max(kernel) > 1",
        word="transpose_i1_k2_same_iota",
        change=_FLIPPED,
    ),
    gradient(
        name="gradient-ignores-stride",
        sentence="a gradient that ignores the stride",
        applies=f"{_GRADIENT} and {WINDOWED}",
        needs="max(strides) > 1",
        word="transpose_i3_k1_s2_same_ones",
        change=_stepping(lambda case: ((1,) * case.rank, case.dilations)),
    ),
    gradient(
        name="gradient-padded-at-other-end",
        sentence="a gradient with the padding of the other end",
        applies=f"{_GRADIENT} and padding == 'explicit' and {WINDOWED}",
        needs="any(before != after for before, after in pads)",
        word="transpose_i1_k1_p0.1_iota",
        change=OTHER_END,
    ),
    gradient(
        name="gradient-mean-of-batch",
        sentence="a gradient divided by the batch",
        applies=f"{_GRADIENT} and batch > 1",
        word="filtergrad_n2_i1_k1_same_ones",
        change=Answer(
            lambda case, right: (right.astype(np.float64) / max(case.batch, 1)).astype(right.dtype)
        ),
    ),
    gradient(
        name="gradient-zero",
        sentence="a gradient of zeros",
        applies=_GRADIENT,
        word="transpose_i1_k1_same_ones",
        change=Answer(lambda case, right: np.zeros_like(right)),
    ),
    gradient(
        name="gradient-negated",
        sentence="a gradient of the wrong sign",
        applies=_GRADIENT,
        word="transpose_i1_k1_same_ones",
        change=Answer(lambda case, right: -right),
    ),
)
