"""Faults of filters that are kept in another dtype than they are used in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from verify.cases.case import Case
from verify.cases.dtypes import FORMATS
from verify.cases.geometry import Axis
from verify.cases.operands import Array, Operands
from verify.cases.weights import OWN, as_kept
from verify.faults.fault import Answer, Fault, Inputs, make_fault
from verify.oracle.dynamic import DYNAMIC_SCHEMES, Quantised, in_steps, made_float32, quantised_input
from verify.oracle.epilogue import follow, for_channels
from verify.oracle.problem import problem_of
from verify.oracle.reference import linear

_BF16 = FORMATS["bfloat16"].dtype


def _with(operand: str, change: Callable[[Array], Any]) -> Inputs:
    """An operand that is changed; it is float32 again."""

    def operands(case: Case) -> Operands | None:
        right = getattr(case.operands, operand)
        if right is None:
            return None
        with np.errstate(over="ignore"):
            wrong = np.asarray(change(right), right.dtype)
        same = np.array_equal(wrong, right, equal_nan=True)
        return None if same else case.operands._replace(**{operand: wrong})

    return Inputs(operands)


def _read_as_bfloat16(case: Case) -> Operands | None:
    halves = np.ascontiguousarray(as_kept(case.operands.factor, case))
    return case.operands._replace(factor=halves.view(_BF16).astype(np.float32))


def _half_fault(**fields: Any) -> Fault:
    """A fault of filters that are kept in float16."""
    return make_fault(family="precision", applies="weights == 'float16'", **fields)


def _answered(case: Case, distances: Array, *, axes: tuple[Axis, ...] | None = None, **scales: Any) -> Array:
    """What is made of other integers of the input, with filters of int8; of other `axes`, other `scales`."""
    problem = problem_of(case)
    operands = case.operands
    whole = problem._replace(weights=OWN, axes=axes or problem.axes)
    sums = linear(whole, in_steps(problem, operands)._replace(input=distances), exact=True)
    return _ended(case, made_float32(problem, operands, sums, **scales))


def _ended(case: Case, values: Array) -> Array:
    """The answer of numbers that have their bias: after an activation."""
    ended, _ = follow(problem_of(case)._replace(weights=OWN), case.operands, values)
    return ended.astype(case.dtype)


def _quantised(case: Case) -> Quantised:
    return quantised_input(problem_of(case), case.operands)


def _of_one_range(case: Case, right: Array) -> Array | None:
    """All images by the range of all of them."""
    as_one = case.operands._replace(input=case.input.reshape(1, *case.input.shape)) if case.batch else None
    if as_one is None:
        return None
    made = quantised_input(problem_of(case), as_one)
    return _answered(case, made.distances[0], x_scales=np.repeat(made.scales, case.batch))


def _cut(case: Case, right: Array) -> Array:
    """Numbers that are cut to a step toward 0."""
    made = _quantised(case)
    scales = np.where(made.scales, made.scales, 1).reshape(-1, *(1,) * (case.input.ndim - 1))
    return _answered(case, np.trunc(case.input / scales).astype(np.int64))


def _with_zero_points(case: Case, right: Array) -> Array:
    made = _quantised(case)
    zeros = np.array(made.zero_points, np.int64).reshape(-1, *(1,) * (case.input.ndim - 1))
    return _answered(case, made.distances + zeros)


def _padded_with_bytes_of_0(case: Case, right: Array) -> Array | None:
    """Padding holds the integer 0, which lies a zero point away from the number 0."""
    made = _quantised(case)
    first = 2 if case.channels_first else 1
    cells = [(0, 0)] * (case.rank + 1)
    cells[first - 1 : first - 1 + case.rank] = [(axis.before, axis.after) for axis in case.axes]
    images = [
        np.pad(image, cells, constant_values=-zero)
        for image, zero in zip(made.distances, made.zero_points, strict=True)
    ]
    axes = tuple(Axis(axis.padded, *axis[1:4], 0, 0) for axis in case.axes)
    return _answered(case, np.stack(images), axes=axes) if images else None


def _by_the_first_scale(case: Case, right: Array) -> Array:
    first = case.quantised.w_scale[:1] * max(case.output_channels, 1)
    return _answered(case, _quantised(case).distances, w_scales=first)


def _bias_in_sums(case: Case, right: Array) -> Array | None:
    """A bias that is added to the sums of integers, before these are scaled."""
    if case.bias is None:
        return None
    problem = problem_of(case)
    sums = linear(problem._replace(weights=OWN), in_steps(problem, case.operands), exact=True)
    sums = sums + np.rint(for_channels(problem, case.bias))
    return _ended(case, made_float32(problem, case.operands._replace(bias=None), sums))


def _wrapped(case: Case, right: Array) -> Array:
    """Sums of integers that an accumulator of 16 bits wraps."""
    problem = problem_of(case)
    sums = linear(problem._replace(weights=OWN), in_steps(problem, case.operands), exact=True).astype(
        np.int64
    )
    return _ended(case, made_float32(problem, case.operands, (sums + 2**15) % 2**16 - 2**15))


def _dynamic_fault(answer: Callable[[Case, Array], Array | None], applies: str = "", **fields: Any) -> Fault:
    """A fault of filters of int8 beside an input that is quantised while a kernel runs."""
    condition = "weights == 'int8'" + f" and {applies}" * bool(applies)
    return make_fault(family="quantised", applies=condition, change=Answer(answer), **fields)


_HELD = tuple(DYNAMIC_SCHEMES)

WEIGHTS = (
    _half_fault(
        name="f16-weights-in-bf16",
        sentence="filters that are kept in float16 are rounded to bfloat16",
        change=_with("factor", lambda filters: filters.astype(_BF16)),
        word="conv_i1_k1_same_float16weights_reals",
    ),
    _half_fault(
        name="f16-weights-read-as-bf16",
        sentence="the bits of filters that are kept in float16 are read as those of bfloat16",
        change=Inputs(_read_as_bfloat16),
        word="conv_i1_k1_same_float16weights_ones",
    ),
    _half_fault(
        name="input-in-f16-of-weights",
        sentence="the input is rounded to float16, in which the filters are kept",
        change=_with("input", lambda x: x.astype(np.float16)),
        word="conv_i1_k1_same_float16weights_reals",
    ),
    _half_fault(
        name="bias-in-f16-of-weights",
        sentence="the bias is rounded to float16, in which the filters are kept",
        change=_with("bias", lambda bias: bias.astype(np.float16)),
        word="conv_i1_k1_same_float16weights_bias_reals",
    ),
    _dynamic_fault(
        _of_one_range,
        name="one-range-of-all-images",
        sentence="the input is quantised by one range of all images",
        needs="batch > 1",
        word="conv_n2_i1_k1_same_int8weights_iota",
        schemes=_HELD,
    ),
    _dynamic_fault(
        _cut,
        name="input-cut-to-steps",
        sentence="numbers of the input are cut to a step toward 0 where a kernel quantises them",
        word="conv_i1_k1_same_int8weights_ones",
        schemes=_HELD,
    ),
    _dynamic_fault(
        _with_zero_points,
        name="image-zero-point-left-out",
        sentence="the zero point by which an image is quantised is not subtracted",
        word="conv_i1_k1_same_int8weights_ones",
    ),
    _dynamic_fault(
        _padded_with_bytes_of_0,
        "any(before + after > 0 for before, after in pads)",
        name="padding-not-image-zero-point",
        sentence="padding holds the integer 0 and not the zero point by which its image is quantised",
        word="conv_i1_k2_same_int8weights_ones",
    ),
    _dynamic_fault(
        _by_the_first_scale,
        "len(w_scale) > 1",
        name="weights-of-the-first-scale",
        sentence="filters that are kept in int8 all have the scale of the first channel",
        word="conv_i1_k1_f2_same_int8weights_qw1x0.5_ones",
    ),
    _dynamic_fault(
        _bias_in_sums,
        "'bias' in epilogue",
        name="bias-in-sums-of-integers",
        sentence="the bias is added to a sum of integers before that is scaled",
        word="conv_i1_k1_same_int8weights_bias_ones",
    ),
    _dynamic_fault(
        _wrapped,
        name="dynamic-sums-wrap-at-16-bits",
        sentence="sums of the integers of an input that was quantised wrap in an accumulator of 16 bits",
        word="conv_i1_c2_k1_same_int8weights_qw0.01_ones",
    ),
)

DEVIATING_WEIGHTS = (
    _half_fault(
        name="bias-read-as-f16",
        sentence="the bytes of a bias in float32 are read as numbers of float16, as the filters are kept",
        change=_with("bias", lambda bias: np.ascontiguousarray(bias).view(np.float16)[: len(bias)]),
        word="conv_i1_k1_same_float16weights_bias_ones",
    ),
)
"""Faults that a recorded deviation predicts alone."""
