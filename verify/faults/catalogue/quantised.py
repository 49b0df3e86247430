"""Faults of quantised convolutions: zero points, scales, accumulators, roundings and clamps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from verify.cases.case import Case
from verify.cases.geometry import Axis
from verify.cases.operands import Array, Operands
from verify.cases.quantised import Quantised
from verify.faults.composed import computed_with
from verify.faults.fault import Answer, Fault, Inputs, Other, answer_to, make_fault
from verify.faults.index_maps import contracted, factors, finished, right_maps, windows_by_maps
from verify.oracle.epilogue import for_channels
from verify.oracle.problem import problem_of
from verify.oracle.reference import linear
from verify.oracle.requantised import is_clamped, scales_of, scheme_of, steps_by, steps_of
from verify.oracle.schemes import FAR

_CLAMPED = "('relu' in epilogue or 'relu6' in epilogue)"
_PADDED = "any(before + after > 0 for before, after in pads)"


def _quantised_as(change: Callable[[Case], Quantised]) -> Other:
    """The same integers under other scales and zero points."""

    def other(case: Case) -> Case | None:
        quantised = change(case)
        return None if quantised == case.quantised else computed_with(case, quantised=quantised)

    return Other(other)


def _with(**fields: Any) -> Other:
    return _quantised_as(lambda case: case.quantised._replace(**fields))


def _rotated(case: Case) -> Quantised:
    """The scale of each channel, which is that of the one before it."""
    scales = case.quantised.w_scales(case.output_channels)
    return case.quantised._replace(w_scale=scales[-1:] + scales[:-1])


def _by_input_channel(case: Case) -> Quantised:
    """A depthwise convolution whose scales are those of its input's channels, not of its answer's."""
    scales = case.quantised.w_scales(case.output_channels)
    return case.quantised._replace(
        w_scale=tuple(scales[channel // case.multiplier] for channel in range(len(scales)))
    )


def _padded_with_zeros(case: Case, right: Array) -> Array | None:
    """Padding holds the integer 0, whatever the zero point is."""
    first = 2 if case.channels_first else 1
    cells = [(0, 0)] * (case.rank + 2)
    cells[first : first + case.rank] = [(axis.before, axis.after) for axis in case.axes]
    axes = tuple(Axis(axis.padded, *axis[1:4], 0, 0) for axis in case.axes)
    operands = case.operands._replace(input=np.pad(case.input, cells))
    return answer_to(problem_of(case)._replace(axes=axes), operands)


def sums_of(case: Case, *, bias: bool = True) -> Array:
    """The exact sums of a case, as integers."""
    operands = case.operands if bias else case.operands._replace(bias=None)
    return linear(problem_of(case), operands, exact=True).astype(np.int64)


def _steps(case: Case, sums: Array) -> Array:
    """The whole steps of sums, as they are without an activation."""
    return steps_by(problem_of(case)._replace(epilogue=()), sums)


def _ended(case: Case, steps: Array, ends: tuple[float, float] | None = None) -> Array:
    """The answer of steps without the zero point, between these ends or those of the activation."""
    within = np.clip(steps + case.quantised.y_zero_point, *(ends or _activation(case)))
    return np.asarray(np.clip(within, case.format.least, int(case.format.largest)), case.dtype)


def _activation(case: Case) -> tuple[float, float]:
    """The answers at which the activation ends."""
    if not is_clamped(problem_of(case)):
        return -np.inf, np.inf
    return case.quantised.y_zero_point, _six(case)


def _rounded_by(rounding: Callable[[Array], Any]) -> Answer:
    """Real numbers that become whole ones by another rule."""

    def answer(case: Case, right: Array) -> Array:
        real = steps_of(problem_of(case), sums_of(case)).real
        return _ended(case, np.asarray(rounding(real)).astype(np.int64))

    return Answer(answer)


def _bias_beside(case: Case, right: Array) -> Array | None:
    """A bias that is added to the steps of the answer, as if it had the answer's scale."""
    if case.bias is None:
        return None
    return _ended(case, _steps(case, sums_of(case, bias=False)) + _bias_of(case))


def _bias_of(case: Case) -> Array:
    """The bias, in a shape that broadcasts to the answer's."""
    return np.asarray(for_channels(problem_of(case), case.operands.bias), np.int64)


def _rounded_apart(case: Case, right: Array) -> Array | None:
    """A sum and a bias that are made steps one by one, and added then."""
    if case.bias is None:
        return None
    sums = sums_of(case, bias=False)
    bias = np.broadcast_to(_bias_of(case), sums.shape)
    return _ended(case, _steps(case, sums) + _steps(case, bias))


def _wrapped_at(bits: int) -> Answer:
    """Sums that an accumulator of so many bits wraps."""

    def answer(case: Case, right: Array) -> Array:
        half = 1 << bits - 1
        wrapped = (sums_of(case) + half) % (2 * half) - half
        return finished(computed_with(case, operands=case.operands._replace(bias=None)), wrapped)

    return Answer(answer)


def _in_saturated_pairs(case: Case, right: Array) -> Array:
    """Products of unsigned by signed bytes, added in pairs in 16 bits that saturate, as by VPMADDUBSW."""
    shift = case.quantised.x_zero_point - case.format.least
    x, w = factors(case, np.int64)
    windows = windows_by_maps(x, case=case, maps=right_maps(case))
    products = contracted(windows + shift, w, case=case, keeps_terms=True)
    corrections = contracted(np.full_like(windows, shift), w, case=case)
    if len(products) % 2:
        products = np.concatenate([products, np.zeros_like(products[:1])])
    pairs = np.clip(products[::2] + products[1::2], -(2**15), 2**15 - 1)
    sums = pairs.sum(axis=0) - corrections
    return finished(case, np.moveaxis(sums, -1, 1) if case.channels_first else sums)


def _saturated_early(case: Case, right: Array) -> Array:
    """Steps that are clamped to the dtype before the zero point is added, and again after it."""
    steps = _steps(case, sums_of(case))
    return _ended(case, np.clip(steps, case.format.least, int(case.format.largest)))


def _not_saturated(case: Case, right: Array) -> Array:
    """An answer whose upper bits are cut off where it lies beyond its dtype."""
    steps = _steps(case, sums_of(case))
    return (steps + case.quantised.y_zero_point).astype(case.dtype)


def _clamped_at(bounds: Callable[[Case], tuple[float, float]]) -> Answer:
    """An activation whose ends are other integers."""

    def answer(case: Case, right: Array) -> Array:
        return _ended(case, _steps(case, sums_of(case)), bounds(case))

    return Answer(answer)


def _ended_as_sums(case: Case, right: Array) -> Array:
    """relu6 of sums, which ends at a whole number of them."""
    scales = scales_of(problem_of(case), case.output_channels)
    six = np.rint(np.minimum(6 / (np.float64(scales.x) * scales.w), FAR)).astype(np.int64)
    sums = np.clip(sums_of(case), 0, six)
    return _ended(case, _steps(case, sums), (-np.inf, np.inf))


def _six(case: Case) -> float:
    """The step of 6 above the zero point, or no end where there is none."""
    quantised, scheme = case.quantised, scheme_of(problem_of(case))
    if "relu6" not in case.epilogue:
        return np.inf
    if scheme:
        return scheme.end(6.0, quantised.y_scale, quantised.y_zero_point)
    return quantised.y_zero_point + float(np.rint(6 / quantised.y_scale))


def _cut_six(case: Case) -> tuple[float, float]:
    quantised = case.quantised
    return quantised.y_zero_point, quantised.y_zero_point + float(np.floor(6 / quantised.y_scale))


def _read_as(byte: type[np.integer[Any]]) -> Inputs:
    """An input whose bytes are read as others, with a sign or without."""

    def operands(case: Case) -> Operands | None:
        return case.operands._replace(input=case.input.view(byte).astype(np.int64))

    return Inputs(operands)


def _above_the_least(case: Case) -> Operands | None:
    return case.operands._replace(factor=np.maximum(case.operands.factor, -127))


def quantised_fault(**fields: Any) -> Fault:
    """A fault of quantised cases, which some condition beside that leaves."""
    applies = fields.pop("applies", "")
    return make_fault(
        family="quantised", applies=f"quantised and {applies}" if applies else "quantised", **fields
    )


QUANTISED = (
    quantised_fault(
        name="input-zero-point-left-out",
        sentence="the zero point of the input is not subtracted",
        needs="x_zero_point != 0",
        change=_with(x_zero_point=0),
        word="conv_i1_k1_same_int8_qx1z1_ones",
    ),
    quantised_fault(
        name="filter-zero-point-left-out",
        sentence="the zero point of the filters is not subtracted",
        needs="w_zero_point != 0",
        change=_with(w_zero_point=0),
        word="conv_i1_k1_same_int8_qw1z1_ones",
    ),
    quantised_fault(
        name="answer-zero-point-left-out",
        sentence="the zero point of the answer is not added",
        needs="y_zero_point != 0",
        change=_with(y_zero_point=0),
        word="conv_i1_k1_same_int8_qy1z1_ones",
    ),
    quantised_fault(
        name="zero-point-of-the-answer",
        sentence="the zero point of the answer is subtracted from the input",
        needs="x_zero_point != y_zero_point",
        change=_quantised_as(lambda case: case.quantised._replace(x_zero_point=case.quantised.y_zero_point)),
        word="conv_i1_k1_same_int8_qy1z1_ones",
    ),
    quantised_fault(
        name="padding-not-the-zero-point",
        sentence="padding holds 0 and not the zero point of the input",
        applies=f"operation != 'transpose' and {_PADDED}",
        needs="x_zero_point != 0",
        change=Answer(_padded_with_zeros),
        word="conv_i1_k2_same_int8_qx1z1_ones",
    ),
    quantised_fault(
        name="scale-of-the-first-channel",
        sentence="all channels have the scale of the first one",
        applies="len(w_scale) > 1",
        change=_quantised_as(lambda case: case.quantised._replace(w_scale=case.quantised.w_scale[:1])),
        word="conv_i1_k1_f2_same_int8_qw1x2_ones",
    ),
    quantised_fault(
        name="scales-shifted-by-a-channel",
        sentence="each channel has the scale of the one before it",
        applies="len(w_scale) > 1",
        change=_quantised_as(_rotated),
        word="conv_i1_k1_f2_same_int8_qw1x2_ones",
    ),
    quantised_fault(
        name="scales-of-the-input-channels",
        sentence="the filters of one input channel have one scale",
        applies="operation == 'depthwise' and multiplier > 1 and len(w_scale) > 1",
        change=_quantised_as(_by_input_channel),
        word="depthwise_i1_k1_m2_same_int8_qw1x2_ones",
    ),
    quantised_fault(
        name="bias-of-another-scale",
        sentence="the bias has the scale of the answer and not that of the sums",
        applies="'bias' in epilogue",
        needs="multiplier_of_sums != 1 or len(w_scale) > 1",
        change=Answer(_bias_beside),
        word="conv_i1_k1_same_int8_qx2_bias_ones",
    ),
    quantised_fault(
        name="bias-rounded-apart",
        sentence="the sum and the bias are rounded to steps one by one and not together",
        applies="'bias' in epilogue",
        needs="multiplier_of_sums != 1 or len(w_scale) > 1",
        change=Answer(_rounded_apart),
        word="conv_i1_k1_same_int8_qx0.7_bias_ones",
    ),
    quantised_fault(
        name="steps-cut-toward-zero",
        sentence="a real number is cut to a step toward 0",
        change=_rounded_by(np.trunc),
        word="conv_i1_k1_same_int8_qx0.75_ones",
    ),
    quantised_fault(
        name="steps-cut-down",
        sentence="a real number is cut to the step below it",
        change=_rounded_by(np.floor),
        word="conv_i1_k1_same_int8_qx0.75_ones",
    ),
    quantised_fault(
        name="pairs-saturate",
        sentence="pairs of products are added in 16 bits, which saturate",
        applies="operation != 'transpose' and dtype == 'int8' and w_zero_point == 0",
        needs="products > 1",
        change=Answer(_in_saturated_pairs),
        word="conv_i1_c2_k1_same_int8_levels7",
    ),
    quantised_fault(
        name="sums-wrap-at-16-bits",
        sentence="sums wrap in an accumulator of 16 bits",
        change=_wrapped_at(16),
        word="conv_i1_c2_k1_same_int8_qx1z-128_levels",
    ),
    quantised_fault(
        name="sums-wrap-at-24-bits",
        sentence="sums wrap in an accumulator of 24 bits",
        change=_wrapped_at(24),
        word="conv_i1_k1_same_int8_bias_levels4",
    ),
    quantised_fault(
        name="sums-wrap-at-32-bits",
        sentence="sums wrap in an accumulator of 32 bits",
        applies="dtype == 'int16'",
        change=_wrapped_at(32),
        word="conv_i1_k1_same_int16_bias_levels4",
        is_narrow=True,
    ),
    quantised_fault(
        name="saturated-before-zero-point",
        sentence="steps saturate before the zero point is added, and again after it",
        needs="y_zero_point != 0",
        change=Answer(_saturated_early),
        word="conv_i1_k1_same_int8_qy1z-1_levels1",
    ),
    quantised_fault(
        name="answer-not-saturated",
        sentence="an answer beyond its dtype loses its upper bits and does not saturate",
        applies=f"not {_CLAMPED}",
        change=Answer(_not_saturated),
        word="conv_i1_k1_same_int8_levels",
    ),
    quantised_fault(
        name="activation-at-zero",
        sentence="the activation ends at the integer 0 and not at the zero point",
        applies=_CLAMPED,
        needs="y_zero_point != 0",
        change=_clamped_at(lambda case: (0, _six(case))),
        word="conv_i1_k1_same_int8_qy1z1_relu_ints",
    ),
    quantised_fault(
        name="six-not-scaled",
        sentence="relu6 ends 6 steps above the zero point, whatever the scale is",
        applies="'relu6' in epilogue",
        needs="y_scale != 1",
        change=_clamped_at(lambda case: (case.quantised.y_zero_point, case.quantised.y_zero_point + 6)),
        word="conv_i1_k1_same_int8_qx4_qy0.5_relu6_ones",
    ),
    quantised_fault(
        name="six-cut-down",
        sentence="relu6 ends at the step below 6 and not at the nearest",
        applies="'relu6' in epilogue",
        needs="y_scale != 1",
        change=_clamped_at(_cut_six),
        word="conv_i1_k1_same_int8_qx9_qy0.7_relu6_ones",
    ),
    quantised_fault(
        name="six-in-whole-sums",
        sentence="relu6 ends the sums, at a whole number of them, before they are rounded to steps",
        applies="'relu6' in epilogue",
        change=Answer(_ended_as_sums),
        word="conv_i1_k1_same_int8_qx7_relu6_ones",
    ),
    quantised_fault(
        name="input-read-as-unsigned",
        sentence="signed bytes of the input are read as unsigned ones",
        applies="dtype == 'int8'",
        change=_read_as(np.uint8),
        word="conv_i1_k1_same_int8_qx1z-3_ones",
    ),
    quantised_fault(
        name="input-read-as-signed",
        sentence="unsigned bytes of the input are read as signed ones",
        applies="dtype == 'uint8'",
        change=_read_as(np.int8),
        word="conv_i1_k1_same_uint8_qx1z128_ones",
    ),
    quantised_fault(
        name="least-weight-cut",
        sentence="a weight of -128 counts as -127",
        applies="dtype != 'uint8'",
        needs="fill == 'levels' or w_zero_point < 0 or dtype == 'int16'",
        change=Inputs(_above_the_least),
        word="conv_i1_k1_same_int8_qy64_levels31",
    ),
)
