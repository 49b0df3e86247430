"""A quantised cell explained: distances from zero points, and the steps from a sum to an answer."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from fractions import Fraction

import numpy as np

from verify.cases.case import Case
from verify.cases.operands import Array
from verify.cases.quantised import spelled
from verify.cases.weights import OWN
from verify.oracle.dynamic import dynamic_scheme, in_steps, made_float32, quantised_input
from verify.oracle.problem import Problem, problem_of
from verify.oracle.reference import linear
from verify.oracle.requantised import centred, ends_of, real_number, scheme_of, steps_by, steps_of
from verify.reports.explanation.lines import Line, entry, number_text


def without_zero_points(case: Case) -> Case:
    """The case whose operands are distances from their zero points, of a quantised one; another as it is."""
    if not case.format.is_quantised:
        return case
    shown = case.copied()
    vars(shown)["operands"] = centred(problem_of(case), case.operands)
    return shown


def zero_point_lines(case: Case) -> list[Line]:
    """That numbers are shown as distances, where they are."""
    zeros = {"input": case.quantised.x_zero_point, "filters": case.quantised.w_zero_point}
    if not (case.format.is_quantised and any(zeros.values())):
        return []
    said = " and ".join(f"the {what} of {zero}" for what, zero in zeros.items() if zero)
    return entry("zero", f"numbers are distances from a zero point: {said}")


def padding_phrase(case: Case) -> str:
    """What a cell of padding holds."""
    if case.format.is_quantised:
        return f" is a cell of padding, which holds the zero point {case.quantised.x_zero_point}: counts as 0"
    return f" is a cell of {'border or padding' if case.border else 'padding'} and counts as 0"


def requantised_lines(case: Case, total: int, *, channel: int) -> Iterator[Line]:
    """From an exact sum to the answer: its real number, activation, rounding, zero point and clamp."""
    quantised, problem = case.quantised, problem_of(case)._replace(channels_first=False)
    w_scale = quantised.w_scales(case.output_channels)[channel]
    scales = f"{spelled(quantised.x_scale)} * {spelled(w_scale)} / {spelled(quantised.y_scale)}"
    plain = real_number(problem._replace(epilogue=()), total, w_scale)
    factor = Fraction(quantised.x_scale) * Fraction(w_scale) / Fraction(quantised.y_scale)
    yield from entry("scale", f"{scales} = {_real(factor)}")
    yield from entry("real", f"{total} * {_real(factor)} = {_real(plain)} steps of the answer")
    real = real_number(problem, total, w_scale)
    if "relu6" in case.epilogue:
        six = f"6/{spelled(quantised.y_scale)}"
        yield from entry("relu6", f"min(max({_real(plain)}, 0), {six}) = {_real(real)}")
    elif "relu" in case.epilogue:
        yield from entry("relu", f"max({_real(plain)}, 0) = {_real(real)}")
    step, how = _step(problem._replace(axes=()), _row(case, total, channel), channel)
    yield from entry("rounded", f"{step}{how}")
    value = step + quantised.y_zero_point
    if quantised.y_zero_point:
        sign = "-" if quantised.y_zero_point < 0 else "+"
        yield from entry("zero", f"{step} {sign} {abs(quantised.y_zero_point)} = {value}")
    ends = (case.format.least, int(case.format.largest))
    inside = ends_of(problem)
    if (clamped := max(min(value, inside[1]), inside[0])) != value:
        what = case.format.token if inside == ends else "the activation"
        yield from entry("clamped", f"{what} goes from {inside[0]} to {inside[1]}: {clamped}")
    yield from entry("answer", str(clamped), style="result")


def dynamic_lines(
    case: Case, index: tuple[int, ...], value: float, *, channel: int
) -> Generator[Line, None, float]:
    """What a kernel makes of filters of int8: the range of an image, the sum of integers, its scales.

    Returns the sum without a bias: what the case's scheme makes, or as it is where it is held to none.
    """
    problem, batch = problem_of(case), index[0]
    made, image = quantised_input(problem, case.operands), case.input[batch]
    step, zero = float(made.scales[batch]), made.zero_points[batch]
    whole = linear(problem._replace(weights=OWN), in_steps(problem, case.operands), exact=True)
    total, w_scale = int(whole[index]), case.quantised.w_scales(case.output_channels)[channel]
    ends = f"{number_text(float(image.min()))} to {number_text(float(image.max()))}"
    yield from entry("range", f"image {batch} goes from {ends}: steps of {spelled(step)}, zero point {zero}")
    values = made_float32(problem, case.operands._replace(bias=None), whole)
    product = f"{total} * {spelled(step)} * {spelled(w_scale)} = {number_text(float(values[index]))}"
    yield from entry("integers", f"a kernel that quantises the input sums integers: {product}")
    if scheme := dynamic_scheme(problem):
        yield from entry("scheme", f"{scheme.name}: {scheme.sentence}")
        return float(values[index])
    return value


def _row(case: Case, total: int, channel: int) -> Array:
    """One sum among those of all channels, as scales may differ."""
    sums = np.zeros((1, case.output_channels), np.int64)
    sums[0, channel] = total
    return sums


def _step(problem: Problem, sums: Array, channel: int) -> tuple[int, str]:
    """The step of the sum of a channel, and how it was found: by a scheme, or as one of two."""
    if scheme := scheme_of(problem):
        return int(steps_by(problem, sums)[0, channel]), f" by {scheme.name}: {scheme.sentence}"
    steps = steps_of(problem, sums)
    nearest, other = int(steps.nearest[0, channel]), int(steps.other[0, channel])
    return nearest, f" or {other}: so near a half step both are right" if other != nearest else ""


def _real(number: Fraction) -> str:
    return number_text(int(number) if number.denominator == 1 else float(number))
