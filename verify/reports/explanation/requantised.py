"""A quantised cell explained: distances from zero points, and the steps from a sum to an answer."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import numpy as np

from verify.cases.case import Case
from verify.cases.quantised import spelled
from verify.oracle.problem import problem_of
from verify.oracle.requantised import centred, real_number, steps_of
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
    nearest, other = _steps(case, total, channel)
    beside = f" or {other}: so near a half step both are right" if other != nearest else ""
    yield from entry("rounded", f"{nearest}{beside}")
    value = nearest + quantised.y_zero_point
    if quantised.y_zero_point:
        sign = "-" if quantised.y_zero_point < 0 else "+"
        yield from entry("zero", f"{nearest} {sign} {abs(quantised.y_zero_point)} = {value}")
    least, largest = case.format.least, int(case.format.largest)
    clamped = max(min(value, largest), least)
    if clamped != value:
        yield from entry("clamped", f"{case.format.token} goes from {least} to {largest}: {clamped}")
    yield from entry("answer", str(clamped), style="result")


def _steps(case: Case, total: int, channel: int) -> tuple[int, int]:
    """The nearest step of one sum, and the other where two are right."""
    sums = np.zeros((1, case.output_channels), np.int64)
    sums[0, channel] = total
    steps = steps_of(problem_of(case)._replace(channels_first=False, axes=()), sums)
    return int(steps.nearest[0, channel]), int(steps.other[0, channel])


def _real(number: Fraction) -> str:
    return number_text(int(number) if number.denominator == 1 else float(number))
