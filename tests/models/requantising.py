"""A second derivation of quantised answers: numbers as Fractions, sums as loops, each rounding spelled out.

Nothing here comes from `verify` but a case and its arrays.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np

from tests.models.rational import pairs, summed_shape
from verify import Case

HALF = Fraction(1, 2)


def half_up(number: Fraction) -> int:
    return math.floor(number + HALF)


def half_away(number: Fraction) -> int:
    return half_up(number) if number >= 0 else -half_up(-number)


def half_even(number: Fraction) -> int:
    below = math.floor(number)
    if number - below == HALF:
        return below + below % 2
    return half_up(number)


def rounded(number: Fraction, bits: int) -> Fraction:
    """A number rounded to a significand of so many bits, halves to even; its exponent may be any."""
    if number == 0:
        return number
    unit = Fraction(2) ** (exponent_of(number) - bits)
    return half_even(number / unit) * unit


def exponent_of(number: Fraction) -> int:
    """The power of two that is the first above a number's magnitude."""
    exponent = abs(number.numerator).bit_length() - number.denominator.bit_length()
    return exponent + (abs(number) >= Fraction(2) ** exponent)


def float32(number: Fraction) -> Fraction:
    return rounded(number, 24)


def float64(number: Fraction) -> Fraction:
    return rounded(number, 53)


@cache
def fixed_point(x: float, w: float, y: float) -> tuple[int, int]:
    """The multiplier x·w/y as ½ ≤ q / 2**31 < 1 and a power of two."""
    multiplier = float64(float64(Fraction(x) * Fraction(w)) / Fraction(y))
    power = exponent_of(multiplier)
    fixed = half_up(multiplier / Fraction(2) ** power * 2**31)
    return (fixed // 2, power + 1) if fixed == 2**31 else (fixed, power)


def high_half(product: int) -> int:
    """A product divided by 2**31 as C divides, toward zero, after a nudge of half that."""
    nudged = product + (2**30 if product >= 0 else 1 - 2**30)
    return nudged // 2**31 if nudged >= 0 else -(-nudged // 2**31)


Rounding = Callable[[Fraction], int]


def twice(total: int, scales: tuple[float, float, float], rounding: Rounding) -> int:
    """A sum by the multiplier, rounded at 32 bits and again at a whole step."""
    fixed, power = fixed_point(*scales)
    wide = max(min(total * 2 ** max(power, 0), 2**31 - 1), -(2**31))
    first = high_half(wide * fixed)
    return rounding(Fraction(first, 2 ** max(-power, 0)))


def of_a_product(scales: tuple[float, float, float]) -> tuple[float, float, float]:
    """Scales of the same multiplier, but that the product of the first two is rounded to float32."""
    x, w, y = scales
    return 1.0, float(float32(Fraction(x) * Fraction(w))), y


def short(total: int, scales: tuple[float, float, float]) -> int:
    """The multiplier of 31 bits is rounded to 15, of which none is a whole."""
    fixed, power = fixed_point(*scales)
    fewer = min(half_up(Fraction(fixed, 2**16)), 2**15 - 1)
    return half_up(Fraction(total * fewer, 2**15) * Fraction(2) ** power)


def once(total: int, scales: tuple[float, float, float]) -> int:
    fixed, power = fixed_point(*scales)
    return half_up(Fraction(total * fixed, 2**31) * Fraction(2) ** power)


def in_float32(total: int, scales: tuple[float, float, float]) -> int:
    return half_even(float32(float32(Fraction(total)) * scale_in_float32(scales)))


def divided_in_float32(total: int, scales: tuple[float, float, float]) -> int:
    x, w, y = map(Fraction, scales)
    return half_even(float32(float32(float32(Fraction(total)) * float32(x * w)) / y))


@cache
def scale_in_float32(scales: tuple[float, float, float]) -> Fraction:
    x, w, y = map(Fraction, scales)
    return float32(float32(x * w) / y)


STEPS: dict[str, Callable[[int, tuple[float, float, float]], int]] = {
    "fixed-twice": lambda total, scales: twice(total, scales, half_away),
    "fixed-twice-up": lambda total, scales: twice(total, scales, half_up),
    "fixed-twice-product": lambda total, scales: twice(total, of_a_product(scales), half_away),
    "fixed-twice-up-product": lambda total, scales: twice(total, of_a_product(scales), half_up),
    "fixed-once": once,
    "fixed-once-product": lambda total, scales: once(total, of_a_product(scales)),
    "short-once": short,
    "float32": in_float32,
    "float32-divided": divided_in_float32,
}
"""Scheme → the step of one sum."""


def real(total: int, scales: tuple[float, float, float]) -> Fraction:
    """The number that a sum stands for, in steps of the answer."""
    x, w, y = map(Fraction, scales)
    return total * x * w / y


def sums(case: Case) -> dict[tuple[int, ...], int]:
    """The sum of each element of a case, channels last: of distances from the zero points, and the bias."""
    x = np.moveaxis(case.input, 1, -1) if case.channels_first else case.input
    quantised, w = case.quantised, case.filters
    return {
        index: sum(
            (int(x[read]) - quantised.x_zero_point) * (int(w[tap]) - quantised.w_zero_point)
            for read, tap in met
        )
        + (0 if case.bias is None else int(case.bias[index[-1]]))
        for index, met in pairs(case).items()
    }


def answer(case: Case) -> Any:
    """The nearest step to each real number after the activation, halves to even before the zero point."""
    quantised, info = case.quantised, np.iinfo(case.dtype)
    totals = sums(case)
    values = np.zeros(summed_shape(case), case.dtype)
    for index, total in totals.items():
        w_scale = quantised.w_scale[index[-1] % len(quantised.w_scale)]
        number = real(total, (quantised.x_scale, w_scale, quantised.y_scale))
        if "relu" in case.epilogue:
            number = max(number, Fraction(0))
        if "relu6" in case.epilogue:
            number = min(max(number, Fraction(0)), 6 / Fraction(quantised.y_scale))
        step = half_even(number) + quantised.y_zero_point
        values[index] = max(min(step, int(info.max)), int(info.min))
    return np.moveaxis(values, -1, 1) if case.channels_first else values
