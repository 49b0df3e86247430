"""Faults of transposes whose output padding is a stride or more, as their input lacks windows."""

from __future__ import annotations

from functools import partial

import numpy as np

from verify.cases.case import Case
from verify.cases.operands import Array
from verify.cases.trimming import output_padding
from verify.faults.fault import Answer, Geometry, Shape, answer_to, make_fault
from verify.faults.index_maps import Maps, map_of
from verify.oracle.problem import problem_of


def _at_the_end(case: Case) -> Maps | None:
    """Windows that are the last of those that fit, and not the first."""
    if not case.trimmed:
        return None
    return [map_of(axis, before=axis.before - axis.fewer * axis.stride) for axis in case.axes]


def _without_strides(case: Case) -> tuple[int, ...]:
    """The shape of an answer without the strides of the windows that the input lacks."""
    sizes = tuple(max(axis.size - axis.fewer * axis.stride, 0) for axis in case.axes)
    first = 2 if case.channels_first else 1
    return (*case.output_shape[:first], *sizes, *case.output_shape[first + case.rank :])


def _unbiased(case: Case, right: Array) -> Array | None:
    """The answer, without the bias in the cells that no window reaches."""
    if case.bias is None or not case.trimmed:
        return None
    plain = answer_to(problem_of(case), case.operands._replace(bias=np.zeros_like(case.bias)))
    is_beyond = np.zeros((), dtype=bool)
    for axis in case.axes:
        cells = np.arange(axis.size) >= axis.size + axis.after - output_padding(axis)
        is_beyond = np.logical_or.outer(is_beyond, cells)
    shape = (1, 1, *case.size) if case.channels_first else (1, *case.size, 1)
    return np.where(is_beyond.reshape(shape), plain, right)


fault = partial(
    make_fault,
    family="gradients",
    applies="operation == 'transpose' and trimmed != ()",
    is_narrow=True,  # as only a subject that says so is drawn one
)

OUTPUT_PADDED = (
    fault(
        name="output-padding-before",
        sentence="a transpose with the strides of its output_padding before its windows, and not after them",
        word="transpose_i2_k1_same_t1_ones",
        change=Geometry(_at_the_end),
    ),
    fault(
        name="output-padding-below-stride",
        sentence="a transpose whose output_padding is taken modulo the stride",
        word="transpose_i2_k1_same_t1_ones",
        change=Shape(_without_strides),
        kinds=frozenset({"shape"}),
    ),
    fault(
        name="output-padding-without-bias",
        sentence="a transpose without the bias in the cells of its output_padding",
        needs="'bias' in epilogue",
        word="transpose_i2_k1_same_t1_bias_ones",
        change=Answer(_unbiased),
    ),
)
