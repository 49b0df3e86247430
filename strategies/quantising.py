"""The scales and zero points of a quantised case: what breaks kernels, from a few bytes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

import numpy as np

from verify.cases.case import Case
from verify.cases.dtypes import QUANTISED
from verify.cases.quantised import FILTERS, PLAIN, Quantised
from verify.cases.word import InvalidCase

from .parts import Row

QUANTISED_BYTES = 10

SCALES = (1.0, 0.5, 0.007843138, 0.047058824, 0.1, 3.7, 1e-05, 2.0**-20)
"""Scales of an input: 1 and powers of two, those of images in −1 … 1 and of relu6, others."""

SPREADS = ((1.0,), (1.0, 2.0**-10), (1.0, 0.3), (1.0, 0.013, 0.7), (0.25, 1.0), (1.0, 1.0000001), (1.0, 1.0))
"""Scales of the channels of filters beside each other: one for all, far apart, near, alike."""

MULTIPLIERS = ("a power of two", "far from one", "ties", "far from one", "a power of two", "far from one")
"""What scale of x · scale of w / scale of y is; with ties it is 2**-k exactly, and sums lie at half steps."""

BESIDE = (0, 1, -1, 0, 0, 2, -2, 0)
"""Steps of a float32 that a multiplier lies beside a power of two."""


def quantisations(case: Case, row: Row) -> Iterator[Case]:
    """A case with the scales and zero points that a row decides, then with plainer ones.

    Shrinks towards scales of 1 and zero points of 0.
    """
    quantised = _quantised(case, row)
    single = quantised.w_scale[:1]
    plainer = (
        quantised,
        quantised._replace(w_scale=single),
        quantised._replace(w_zero_point=0),
        quantised._replace(w_zero_point=0, x_zero_point=0, y_zero_point=0),
        quantised._replace(w_scale=single, w_zero_point=0, y_scale=_above(quantised)),
        PLAIN,
    )
    for each in plainer:
        with suppress(InvalidCase):
            yield replace(case, quantised=each)


def _quantised(case: Case, row: Row) -> Quantised:
    x_zero, y_zero = (row.of(_zero_points(case.format.token)) for _ in range(2))
    w_zero = row.of((*(0,) * 12, *_zero_points(FILTERS[case.format.token])))
    x_scale, base = row.of(SCALES), row.of((1.0, 0.02, 0.5, 0.0031))
    spread = row.of([spread for spread in SPREADS if len(spread) <= max(case.output_channels, 1)])
    is_plain, kind = row.of((True, *(False,) * 7)), row.of(MULTIPLIERS)
    spare, beside = row.byte(), row.of(BESIDE)
    if is_plain and case.fill != "levels":
        return PLAIN._replace(x_zero_point=x_zero, y_zero_point=y_zero)
    made = Quantised(x_scale, x_zero, tuple(base * part for part in spread), w_zero, 1.0, y_zero)
    steps = _spread_of_sums(case, made) / _ANSWERS[case.format.token] * 2.0 ** (spare % 5 - 2)
    if "relu6" in case.epilogue:
        end = _LEAST_SIX + spare // len(_BEYOND_SIX) + _BEYOND_SIX[spare % len(_BEYOND_SIX)]
        x_scale = 6 / (max(made.w_scale) * steps * end)
        made = made._replace(x_scale=float(np.float32(x_scale)))
    if kind == "ties":
        made = made._replace(x_scale=_power(x_scale), w_scale=tuple(map(_power, made.w_scale)))
        return made._replace(y_scale=made.x_scale * max(made.w_scale) * max(_power(steps), 2.0))
    steps = _power(steps) if kind == "a power of two" else steps * (1 + spare / 256)
    return made._replace(y_scale=_beside(made.x_scale * max(made.w_scale) * steps, beside))


_LEAST_SIX, _BEYOND_SIX = 8, (0.55, 0.7, 0.85, 0.3)
"""Steps at which relu6 ends: from the least on, mostly nearer to the step above than to that below."""


def _power(number: float) -> float:
    """The nearest power of two, by its exponent."""
    return float(2.0 ** round(math.log2(number)))


def _above(quantised: Quantised) -> float:
    """A scale of the answer that makes the multiplier of the sums less than 1."""
    largest = quantised.x_scale * max(quantised.w_scale)
    return max(quantised.y_scale, float(np.float32(largest * 1.75)))


_ANSWERS = {"int8": 50, "uint8": 50, "int16": 12_000}
"""Steps of the answer that the spread of the sums covers."""


def _beside(scale: float, steps: int) -> float:
    """The float32 so many steps above or below a number."""
    near = np.float32(scale)
    for _ in range(abs(steps)):
        near = np.nextafter(near, np.float32(np.inf if steps > 0 else 0))
    return float(near)


def _zero_points(token: str) -> tuple[int, ...]:
    """0, the ends and the middle of a dtype, and others."""
    form = QUANTISED[token]
    least, largest, middle = form.least, int(form.largest), form.middle
    return (middle, least, largest, middle - 1, middle + 5, least + 1, 0)


def _spread_of_sums(case: Case, quantised: Quantised) -> float:
    """About how far the sums of a case spread around 0, at least 1: by the root of the mean square."""
    with suppress(InvalidCase):  # which `quantisations` passes over
        case = replace(case, quantised=quantised)  # as most fills lie about the zero points
    operands = case.make_operands()
    zeros = (case.quantised.x_zero_point, case.quantised.w_zero_point)
    sizes = [
        float(np.sqrt(np.mean((part - np.float64(zero)) ** 2))) if part.size else 0.0
        for part, zero in zip((operands.input, operands.factor), zeros, strict=True)
    ]
    bias = 0.0 if operands.bias is None else float(np.abs(operands.bias.astype(np.float64)).mean())
    return max(math.prod(sizes) * math.sqrt(max(case.products, 1)), bias, 1.0)
