"""The schemes of requantisation, on all 8-bit answers and both sides of every half step between them."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

from tests.models import requantising
from verify.cases.dtypes import QUANTISED
from verify.cases.quantised import Quantised
from verify.oracle.problem import Problem
from verify.oracle.requantised import judgement_of_sums, requantised, scales_of
from verify.oracle.schemes import SCHEMES, high_half, quantised_multiplier, shifted_right

F32 = np.float32
BESIDE_ONE = (1.0, float(np.nextafter(F32(1), F32(2))), float(np.nextafter(F32(1), F32(0))))
EDGES = [
    tuple(float(F32(scale)) for scale in scales)
    for scales in (
        *((1.0, near, 2.0**power) for power in (0, 1, 3, 7, 23) for near in BESIDE_ONE),
        (0.007843138, 0.0031, 0.0125),
        (0.047058824, 0.02, 0.1),
        (1e-05, 2.0**-20, 3.7e-09),
        (3.7, 1.0, 2.0**24),
        (1.0, 1.5, 1.0),
        (2.0, 3.0, 1.0),
    )
]
"""Scales whose multiplier lies at and beside a power of two, far from one, near 2**-24, and above 1."""


def totals(scales: tuple[float, float, float]) -> list[int]:
    """Sums on both sides of every half step of an 8-bit answer and beyond its ends, and those near 2**31."""
    x, w, y = map(Fraction, scales)
    step = y / (x * w)
    near = (math.floor((answer + Fraction(1, 2)) * step) for answer in range(-300, 301))
    ends = (2**31 - 1, -(2**31) + 1, 2**24 + 1, -(2**24) - 1, 2**30 - 1)
    some = {total + offset for total in near for offset in (0, 1)} | {0, 1, -1, *ends}
    return sorted(total for total in some if abs(total) < 2**31)


def wide_totals(scales: tuple[float, float, float], *, every: int) -> list[int]:
    """Sums on both sides of some half steps of a 16-bit answer, of all at its ends, and the largest."""
    x, w, y = map(Fraction, scales)
    step = y / (x * w)
    ends = range(32_700, 32_800)
    answers = {*range(-33_000, 33_000, every), *ends, *(-answer for answer in ends)}
    near = (math.floor((answer + Fraction(1, 2)) * step) for answer in answers)
    some = {total + offset for total in near for offset in (0, 1)} | {2**47, -(2**47)}
    return sorted(total for total in some if abs(total) <= 2**47)


def problem(
    scales: tuple[float, float, float],
    *,
    scheme: str = "",
    zero: int = 0,
    epilogue: tuple[str, ...] = (),
    token: str = "int8",
) -> Problem:
    x, w, y = scales
    quantised = Quantised(x_scale=x, w_scale=(w,), y_scale=y, y_zero_point=zero)
    return Problem(
        "conv", (), 1, epilogue, QUANTISED[token], channels_first=False, quantised=quantised, scheme=scheme
    )


def column(numbers: list[int]) -> np.ndarray:
    return np.array(numbers, np.int64)[:, np.newaxis]


@pytest.mark.parametrize("scales", EDGES, ids=lambda scales: f"{scales[0]}x{scales[1]}/{scales[2]}")
class TestAllAnswers:
    @pytest.mark.parametrize("name", requantising.STEPS)
    def test_scheme_is_what_its_source_says_in_fractions(self, scales, name):
        some = totals(scales)
        made = SCHEMES[name].steps(column(some), scales_of(problem(scales), 1)).reshape(-1).tolist()
        derived = [requantising.STEPS[name](total, scales) for total in some]
        wrong = [each for each in zip(some, made, derived, strict=True) if each[1] != each[2]]
        assert wrong[:5] == []

    def test_nearest_step_is_that_of_fractions(self, scales):
        some = totals(scales)
        made = requantised(problem(scales, zero=5), column(some)).reshape(-1).tolist()
        steps = (requantising.half_even(requantising.real(total, scales)) + 5 for total in some)
        assert made == [max(min(step, 127), -128) for step in steps]

    @pytest.mark.parametrize("zero", [0, 128, 255])
    def test_unsigned_nearest_step_is_that_of_fractions(self, scales, zero):
        some = totals(scales)
        made = requantised(problem(scales, zero=zero, token="uint8"), column(some)).reshape(-1).tolist()
        steps = (requantising.half_even(requantising.real(total, scales)) + zero for total in some)
        assert made == [max(min(step, 255), 0) for step in steps]

    @pytest.mark.parametrize("every", [997, pytest.param(1, marks=pytest.mark.long)])
    def test_nearest_step_of_16_bits_is_that_of_fractions(self, scales, every):
        some = wide_totals(scales, every=every)
        made = requantised(problem(scales, zero=-3, token="int16"), column(some)).reshape(-1).tolist()
        steps = (requantising.half_even(requantising.real(total, scales)) - 3 for total in some)
        assert made == [max(min(step, 32_767), -32_768) for step in steps]

    @pytest.mark.parametrize("every", [997, pytest.param(1, marks=pytest.mark.long)])
    def test_float32_of_16_bits_is_what_its_source_says_and_is_not_accused(self, scales, every):
        some = wide_totals(scales, every=every)
        held = problem(scales, scheme="float32", token="int16")
        made = requantised(held, column(some)).reshape(-1)
        derived = [requantising.STEPS["float32"](total, scales) for total in some]
        assert made.tolist() == [max(min(step, 32_767), -32_768) for step in derived]
        rule = judgement_of_sums(held._replace(scheme=""), column(some))
        assert (np.abs(made.reshape(-1, 1) - rule.wanted) <= rule.allowed).all()

    @pytest.mark.parametrize("token", ["int8", pytest.param("uint8", marks=pytest.mark.long)])
    @pytest.mark.parametrize("zero", [pytest.param(0, marks=pytest.mark.long), 100])
    @pytest.mark.parametrize("epilogue", [pytest.param(("relu",), marks=pytest.mark.long), ("relu6",)])
    def test_answer_of_each_scheme_ends_where_its_activation_does(self, scales, token, zero, epilogue):
        some, ends = totals(scales), QUANTISED[token]
        for name, steps in requantising.STEPS.items():
            held = problem(scales, scheme=name, zero=zero, epilogue=epilogue, token=token)
            six = SCHEMES[name].end(6.0, scales[2], zero) if "relu6" in epilogue else 2**40
            derived = [min(max(steps(total, scales) + zero, zero), six) for total in some]
            wanted = [max(min(step, int(ends.largest)), ends.least) for step in derived]
            assert requantised(held, column(some)).reshape(-1).tolist() == wanted

    @pytest.mark.parametrize("zero", [-128, 0, 127])
    @pytest.mark.parametrize("epilogue", [(), ("relu",), ("relu6",)])
    def test_no_scheme_is_accused_where_none_is_declared(self, scales, zero, epilogue):
        some = column(totals(scales))
        rule = judgement_of_sums(problem(scales, zero=zero, epilogue=epilogue), some)
        for name in SCHEMES.keys() - {"short-once"}:  # whose multiplier is another by up to 2**-15
            answer = requantised(problem(scales, scheme=name, zero=zero, epilogue=epilogue), some)
            assert (np.abs(answer - rule.wanted) <= rule.allowed).all(), name

    def test_step_away_from_both_is_wrong_without_a_scheme(self, scales):
        rule = judgement_of_sums(problem(scales), column(totals(scales)))
        assert set(np.unique(rule.allowed).tolist()) <= {0.0, 0.5}
        assert (rule.wanted[rule.allowed == 0.5] % 1 == 0.5).all()


def test_high_half_is_exhaustive_over_small_products():
    products = [(left, right) for left in range(-70, 71) for right in (2**24, 2**25, 3 * 2**24, 2**30, 2**31)]
    left, right = (np.array(part, np.int64) for part in zip(*products, strict=True))
    made = high_half(left, right).tolist()
    assert made == [requantising.high_half(a * b) for a, b in products]
    assert made == [requantising.half_up(Fraction(a * b, 2**31)) for a, b in products]


@pytest.mark.parametrize(
    ("away", "rounding"), [(True, requantising.half_away), (False, requantising.half_up)]
)
def test_shift_is_exhaustive_over_twelve_bits(away, rounding):
    values = np.arange(-2048, 2048)
    for count in range(12):
        made = shifted_right(values, np.int64(count), away=away).tolist()
        assert made == [rounding(Fraction(value, 2**count)) for value in values.tolist()]


@pytest.mark.parametrize(
    "multiplier", [1.0, 0.5, 1 - 2.0**-40, 1 - 2.0**-32, 2.0**-31, 2.0**-33, 255.9, 0.75]
)
def test_multiplier_is_the_nearest_of_31_bits(multiplier):
    fixed, shift = (int(part) for part in quantised_multiplier(np.float64(multiplier)))
    assert (2**30 <= fixed < 2**31 and shift >= -31) or (fixed, shift) == (0, 0)
    assert abs(Fraction(fixed, 2**31) * Fraction(2) ** shift - Fraction(multiplier)) <= Fraction(2) ** (
        shift - 32
    )


def test_blocks_of_eight_channels_round_up_and_the_rest_away():
    scales = scales_of(
        Problem(
            "depthwise", (), 1, (), QUANTISED["int8"], channels_first=False, quantised=Quantised(y_scale=4.0)
        ),
        11,
    )
    steps = SCHEMES["fixed-twice-blocks"].steps(np.full((1, 11), -6), scales)
    assert steps.tolist() == [[-1] * 8 + [-2] * 3]
