"""The right answer of a quantised convolution, and which other steps are right beside it.

A sum, exact in integers, stands for the real number sum · scale of x · scale of w / scale of y, which is a
rational number of the given float32 scales. The answer is the nearest step to it after the activation, and
the zero point, within the dtype.
"""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

import numpy as np

from verify.cases.operands import Array, Operands
from verify.oracle.compare import Judgement
from verify.oracle.dynamic import DYNAMIC_SCHEMES, dynamic_scheme, in_steps
from verify.oracle.problem import Problem
from verify.oracle.schemes import FAR, SCHEMES, Scales, Scheme

FLOAT32_ROUNDINGS = 5
"""Roundings in float32: of the sum, two of the multiplier, of their product, of that with the zero point."""

U32, U64 = 2.0**-24, 2.0**-53

MOST_SHARE = 0.05
"""The share of elements at most for which two answers are right, in a case that proves something."""


class Steps(NamedTuple):
    """The nearest step to each real number, without the zero point, and the other where two are right.

    `real` is the number in float64, within 8 units of its last place, which is never used for a decision
    but that of `is_open`.
    """

    nearest: Array
    other: Array
    real: Array

    @property
    def is_open(self) -> Array:
        """Where two steps are right."""
        return np.asarray(self.nearest != self.other)


def centred(problem: Problem, operands: Operands) -> Operands:
    """The operands of a quantised problem as distances from their zero points; others as they are.

    Those of a problem that is held to a scheme of dynamic range are the integers that it makes.
    """
    if dynamic_scheme(problem):
        return in_steps(problem, operands)
    if not problem.format.is_quantised:
        return operands
    quantised = problem.quantised
    return operands._replace(
        input=operands.input.astype(np.int64) - quantised.x_zero_point,
        factor=operands.factor.astype(np.int64) - quantised.w_zero_point,
    )


def scales_of(problem: Problem, channels: int) -> Scales:
    """The scales of a problem, those of the filters for each channel of its answer."""
    shape = (-1, *(1,) * len(problem.axes)) if problem.channels_first else (-1,)
    quantised = problem.quantised
    w = np.array(quantised.w_scales(channels), np.float32).reshape(shape)
    return Scales(quantised.x_scale, w, quantised.y_scale)


def requantised(problem: Problem, sums: Array) -> Array:
    """The answer of exact sums, as float64: that of the problem's scheme, or the nearest steps."""
    return ended(problem, steps_by(problem, sums))


def judgement_of_sums(problem: Problem, sums: Array) -> Judgement:
    """The judgement of exact sums: equality with the problem's scheme; without one, with the nearest step.

    Where a real number lies so near a half step that a correct kernel may reach either side, both are right.
    """
    if scheme := scheme_of(problem):
        return Judgement(requantised(problem, sums), 0.0, lambda index: scheme.sentence)
    steps = steps_of(problem, sums)
    nearest, other = ended(problem, steps.nearest), ended(problem, steps.other)
    wanted, allowed = (nearest + other) / 2, np.abs(nearest - other) / 2

    def why(index: tuple[int, ...]) -> str:
        real = float(steps.real[index]) + problem.quantised.y_zero_point
        if allowed[index]:
            return f"the real number {real:.9g} lies so near a half step that both sides are right"
        return f"the nearest step to the real number {real:.9g}"

    return Judgement(wanted, allowed, why)


def open_share(rule: Judgement) -> float:
    """The share of elements for which two answers are right."""
    allowed = np.asarray(rule.allowed)
    return float((allowed > 0).mean()) if allowed.size else 0.0


def scheme_of(problem: Problem) -> Scheme | None:
    """The scheme that says what the answer is; one of sums of 32 bits alone does not of wider ones."""
    if not problem.scheme or problem.scheme in DYNAMIC_SCHEMES:  # which are of no quantised dtype
        return None
    scheme = SCHEMES[problem.scheme]
    is_wide = problem.format.accumulator != "int32"
    return None if scheme.is_of_32_bits and is_wide else scheme


def steps_by(problem: Problem, sums: Array, scheme: Scheme | None = None) -> Array:
    """The whole steps of exact sums, without the zero point: by a scheme, or the nearest after an activation.

    The scheme is the problem's own unless one is given.
    """
    scheme = scheme or scheme_of(problem)
    if scheme is None:
        return steps_of(problem, sums).nearest
    return scheme.steps(sums.astype(np.int64), scales_of(problem, _channels(problem, sums)))


def ends_of(problem: Problem, scheme: Scheme | None = None) -> tuple[int, int]:
    """The least and the largest answer: those of the dtype and of the activation.

    relu6 ends as a scheme says, the problem's own unless one is given; without one where the nearest step to
    6 lies, which `steps_of` has seen to.
    """
    scheme, quantised = scheme or scheme_of(problem), problem.quantised
    least, largest = problem.format.least, int(problem.format.largest)
    if "relu6" in problem.epilogue and scheme:
        largest = min(largest, scheme.end(6.0, quantised.y_scale, quantised.y_zero_point))
    return (max(least, quantised.y_zero_point) if is_clamped(problem) else least), largest


def ended(problem: Problem, steps: Array, scheme: Scheme | None = None) -> Array:
    """The answer of whole steps, as float64: with the zero point, and clamped."""
    steps = steps + problem.quantised.y_zero_point
    return np.asarray(np.clip(steps, *ends_of(problem, scheme)), np.float64)


def is_clamped(problem: Problem) -> bool:
    """Whether an activation ends an answer at the zero point."""
    return bool({"relu", "relu6"} & {*problem.epilogue})


def _channels(problem: Problem, sums: Array) -> int:
    return int(sums.shape[1 if problem.channels_first else -1])


def steps_of(problem: Problem, sums: Array) -> Steps:
    """The steps of exact sums after the activation, before the zero point and the clamp to the dtype."""
    scales = scales_of(problem, _channels(problem, sums))
    real = sums.astype(np.float64) * scales.multiplier
    slack = _slack(problem, real, scales.multiplier)
    if is_clamped(problem):
        real = np.maximum(real, 0.0)
    if "relu6" in problem.epilogue:
        real = np.minimum(real, 6.0 / scales.y)
    real = np.clip(real, -FAR, FAR)
    below = np.floor(real)
    beyond = real - below - 0.5  # exact
    nearest = below + (beyond > 0)
    near = np.abs(beyond) <= 8 * U64 * (np.abs(real) + 1)
    for index in map(tuple, np.argwhere(near).tolist()):
        nearest[index] = _nearest(problem, int(sums[index]), float(_at(scales.w, index)))
    other = np.where(np.abs(beyond) <= slack, below + (nearest == below), nearest)
    return Steps(nearest.astype(np.int64), other.astype(np.int64), real)


def _slack(problem: Problem, real: Array, multiplier: Array) -> Array:
    """How far from a half step a correct kernel may still take the other side, for each element.

    * in float32, n = 5 roundings of relative size u = 2**-24: γ_5 · (|real| + |zero point|); a multiplier of
      31 bits errs by 2**-31 of it at most, which is less;
    * where it is rounded twice, first after a product by the multiplier's fraction: half a unit of that,
      which is 2**-(shift + 1) of a step where the multiplier lies between 2**-(shift + 1) and 2**-shift;
    * the reference's own float64, 8 units of its last place.
    """
    growth = FLOAT32_ROUNDINGS * U32 / (1 - FLOAT32_ROUNDINGS * U32)
    shift = -np.frexp(multiplier)[1].astype(np.float64)
    first = np.where(shift > 0, 2.0 ** -(shift + 1), 0.0)
    bounded = np.minimum(np.abs(real), float(problem.format.largest) * 2 + 1)
    bounded += abs(problem.quantised.y_zero_point)
    return np.asarray(growth * bounded + first + 8 * U64 * (bounded + 1))


def _at(numbers: Array, index: tuple[int, ...]) -> float:
    """The number that broadcasts to a place."""
    return float(numbers.reshape(-1)[index[1 if numbers.ndim > 1 else -1]])


def real_number(problem: Problem, total: int, w_scale: float) -> Fraction:
    """The real number of a sum in steps of the answer, after the activation, exactly."""
    quantised = problem.quantised
    step = Fraction(quantised.y_scale)
    real = Fraction(total) * Fraction(quantised.x_scale) * Fraction(w_scale) / step
    if is_clamped(problem):
        real = max(real, Fraction(0))
    return min(real, 6 / step) if "relu6" in problem.epilogue else real


def _nearest(problem: Problem, total: int, w_scale: float) -> int:
    """The nearest whole number to a real one, of two the even one."""
    return round(real_number(problem, total, w_scale))
