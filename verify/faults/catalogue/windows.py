"""Faults of geometry: strides, dilations, taps and windows that are not where they belong."""

from __future__ import annotations

from collections.abc import Callable
from itertools import repeat

import numpy as np

from verify.cases.case import Array, Case, Operands
from verify.cases.geometry import Axis, same_padding
from verify.cases.predicates import Predicate
from verify.cases.word import Padding
from verify.faults.catalogue.padding import FORWARD, LINEAR, own_padding
from verify.faults.fault import Answer, Call, Fault, Geometry, Inputs, outs_of
from verify.faults.index_maps import Map, Maps, cells_read, inside
from verify.oracle.compare import NUMERIC_KINDS, Kind
from verify.oracle.problem import Problem

_FORWARD = ("conv", "depthwise", "separable")


def stepping(change: Callable[[Case], tuple[tuple[int, ...], tuple[int, ...]]]) -> Geometry:
    """Windows with other strides and dilations, as many as there should be, begun where they should."""

    def maps(case: Case) -> Maps | None:
        strides, dilations = change(case)
        if (strides, dilations) == (case.strides, case.dilations):
            return None
        walks = zip(case.axes, strides, dilations, strict=True)
        return [inside(axis, cells_read(axis, stride=s, dilation=d)) for axis, s, d in walks]

    return Geometry(maps)


def called_with(change: Callable[[Case], tuple[tuple[int, ...], tuple[int, ...]]]) -> Call:
    """A right convolution that was given other strides and dilations; SAME and the output sizes follow.

    Where that cannot be called, as for the gradients, whose input has its size, the windows alone change.
    """

    def axes(case: Case) -> tuple[Axis, ...] | None:
        strides, dilations = change(case)
        if (strides, dilations) == (case.strides, case.dilations) or case.operation not in _FORWARD:
            return None
        axes = tuple(map(_axis, case.axes, own_padding(case), strides, dilations, repeat(case.padding)))
        has_room = "residual" not in case.epilogue or outs_of(axes) == outs_of(case.axes)
        is_legal = case.padding == "SAME" or not any(axis.shortfall for axis in axes)
        return axes if has_room and is_legal else None

    return Call(axes, stepping(change))


def _axis(axis: Axis, own: tuple[int, int], stride: int, dilation: int, padding: Padding) -> Axis:
    """An axis with another stride and dilation; SAME's padding follows them."""
    before, after = axis.before - own[0], axis.after - own[1]
    if padding == "SAME":
        own = same_padding(before + axis.size + after, axis.kernel, stride, dilation)
    return Axis(axis.size, axis.kernel, stride, dilation, before + own[0], own[1] + after)


def _undilated_where_strided(case: Case) -> tuple[tuple[int, ...], tuple[int, ...]]:
    pairs = zip(case.strides, case.dilations, strict=True)
    return case.strides, tuple(1 if stride > 1 else dilation for stride, dilation in pairs)


def _cut(case: Case) -> Maps | None:
    """Taps that reach further from the first than the input is long read nothing."""
    if all(axis.span <= axis.size for axis in case.axes):
        return None

    def cut(axis: Axis) -> Map:
        reach = np.arange(axis.kernel) * axis.dilation
        return np.where(reach < max(axis.size, 1), inside(axis, cells_read(axis)), axis.size)

    return [cut(axis) for axis in case.axes]


def _with_filters(change: Callable[[Case, Array], Array]) -> Inputs:
    """Other filters, for the operations that have some."""

    def given(case: Case, problem: Problem, operands: Operands) -> tuple[Problem, Operands] | None:
        changed = change(case, operands.factor)
        if np.array_equal(changed, operands.factor):
            return None
        return problem, operands._replace(factor=np.ascontiguousarray(changed))

    return Inputs(given)


def flipped(case: Case, w: Array) -> Array:
    return np.flip(w, tuple(range(case.rank)))


def _transposed(case: Case, w: Array) -> Array:
    """The kernel's memory read as if its first and its last axis were in the other order."""
    return w.swapaxes(0, case.rank - 1).reshape(w.shape)


def _rounded_up(case: Case, right: Array) -> Array | None:
    """One window more on every axis where cells are left over."""
    extra = [int(axis.out > 0 and (axis.padded - axis.span) % axis.stride > 0) for axis in case.axes]
    if not any(extra):
        return None
    ends = [(0, 0)] * right.ndim
    for axis, more in enumerate(extra):
        ends[_spatial(case, axis)] = (0, more)
    return np.pad(right, ends)


def _spatial(case: Case, axis: int) -> int:
    """The place of a spatial axis in an answer of a forward operation or a transpose."""
    return axis + 1 + case.channels_first


def lost(axis: int) -> Answer:
    """The last place along one axis is never written."""

    def answer(case: Case, right: Array) -> Array | None:
        wrong = np.moveaxis(right.copy(), _spatial(case, axis % case.rank), 0)
        if not wrong.size:
            return None
        wrong[-1] = 0
        return np.moveaxis(wrong, 0, _spatial(case, axis % case.rank))

    return Answer(answer)


def _moved(case: Case, right: Array) -> Array | None:
    """Every value stands one place further along the last axis, the first place is zero."""
    wrong = np.moveaxis(np.zeros_like(right), _spatial(case, case.rank - 1), 0)
    wrong[1:] = np.moveaxis(right, _spatial(case, case.rank - 1), 0)[:-1]
    return np.moveaxis(wrong, 0, _spatial(case, case.rank - 1))


def _fault(
    name: str,
    sentence: str,
    applies: str,
    needs: str,
    word: str,
    change: Geometry | Inputs | Answer | Call,
    kinds: frozenset[Kind] = NUMERIC_KINDS,
) -> Fault:
    return Fault(name, "geometry", sentence, Predicate(applies), Predicate(needs), word, change, kinds)


_FORM: frozenset[Kind] = frozenset({"value", "non-finite", "shape"})
_SEVERAL = f"rank > 1 and {LINEAR}"
_IMAGE = "operation != 'filtergrad'"

WINDOWS = (
    _fault(
        "strides-exchanged",
        "strides of the first and the last axis exchanged",
        _SEVERAL,
        "strides[0] != strides[-1]",
        "conv_i1x2_k1x1_s2x1_same_ones",
        called_with(lambda case: (case.strides[::-1], case.dilations)),
        _FORM,
    ),
    _fault(
        "dilations-exchanged",
        "dilations of the first and the last axis exchanged",
        _SEVERAL,
        "dilations[0] != dilations[-1]",
        "conv_i1x1_k1x2_d2x1_same_ones",
        called_with(lambda case: (case.strides, case.dilations[::-1])),
        _FORM,
    ),
    _fault(
        "stride-of-first-axis",
        "the first axis's stride used for every axis",
        _SEVERAL,
        "len(set(strides)) > 1",
        "conv_i1x2_k1x1_s2x1_same_ones",
        called_with(lambda case: (case.strides[:1] * case.rank, case.dilations)),
        _FORM,
    ),
    _fault(
        "stride-ignored",
        "the stride ignored",
        FORWARD,
        "max(strides) > 1",
        "conv_i2_k1_s2_same_ones",
        called_with(lambda case: ((1,) * case.rank, case.dilations)),
        _FORM,
    ),
    _fault(
        "dilation-ignored",
        "the dilation ignored",
        LINEAR,
        "max(dilations) > 1",
        "conv_i1_k2_d2_same_ones",
        called_with(lambda case: (case.strides, (1,) * case.rank)),
        _FORM,
    ),
    _fault(
        "stride-and-dilation",
        "the dilation ignored where the stride is above 1 as well",
        LINEAR,
        "any(s > 1 and d > 1 for s, d in zip(strides, dilations))",
        "conv_i1_k2_s2_d2_same_ones",
        stepping(_undilated_where_strided),
    ),
    _fault(
        "pointwise-stride-ignored",
        "the stride of a kernel of one tap ignored",
        LINEAR,
        "set(kernel) == {1} and max(strides) > 1",
        "conv_i3_k1_s2_same_iota",
        stepping(
            lambda case: (
                (1,) * case.rank if set(case.kernel) == {1} else case.strides,
                case.dilations,
            )
        ),
    ),
    _fault(
        "kernel-cut-to-input",
        "taps lost where the kernel reaches further than the input",
        LINEAR,
        "any(reach > cells for reach, cells in zip(span, size))",
        "conv_i1_k2_p1.0_ones",
        Geometry(_cut),
    ),
    _fault(
        "kernel-flipped",
        "the kernel flipped, as mathematics has it",
        FORWARD,
        "max(kernel) > 1",
        "conv_i1_k2_same_iota",
        _with_filters(flipped),
    ),
    _fault(
        "kernel-transposed",
        "the kernel's first and last axes exchanged",
        f"rank > 1 and {_IMAGE}",
        "sum(k > 1 for k in kernel) > 1",
        "conv_i1x2_k2x2_same_iota",
        _with_filters(_transposed),
    ),
    _fault(
        "valid-rounded-up",
        "one window too many where cells are left over",
        f"padding != 'same' and {FORWARD}",
        "any(s > 1 for s in strides)",
        "conv_i2_k1_s2_valid_ones",
        Answer(_rounded_up),
        frozenset({"shape"}),
    ),
    _fault(
        "last-row-lost",
        "the last row never written",
        _IMAGE,
        "0 not in out or operation == 'transpose'",
        "conv_i1_k1_same_ones",
        lost(0),
    ),
    _fault(
        "last-column-lost",
        "the last column never written",
        f"rank > 1 and {_IMAGE}",
        "0 not in out or operation == 'transpose'",
        "conv_i1x1_k1x1_same_ones",
        lost(-1),
    ),
    _fault(
        "answer-shifted",
        "the answer shifted by one along the last axis",
        _IMAGE,
        "True",
        "conv_i1_k1_same_ones",
        Answer(_moved),
    ),
)
