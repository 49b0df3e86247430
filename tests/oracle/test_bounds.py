"""The bound from both sides: no order of summation exceeds it, and little more than it is caught."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import strategies
from tests.models import rational, summation
from tests.models.exactness import promises_exactness
from tests.oracle.dots import dots, orders
from tests.planted.plain import cases
from verify import Case, assert_conv, compare
from verify.cases.dtypes import FORMATS
from verify.oracle.bounds import _between, judge_operands, judgement
from verify.oracle.compare import compare_values
from verify.oracle.problem import problem_of
from verify.oracle.sums import gamma

quick = settings(max_examples=30, deadline=None, database=None)

OTHERS = ("depthwise", "separable", "transpose", "filtergrad")
FLOATS = ("float16", "bfloat16", "float32", "float64")
NEXT = 1.01
"""A little more than the bound, as a factor."""


def reals(rank: int, dtype: str) -> st.SearchStrategy[Case]:
    sides = {1: 24, 2: 7, 3: 4}
    return cases(ranks=(rank,), dtypes=(dtype,), fills=("reals",), max_side=sides[rank], max_channels=9)


def others(operation: str, dtype: str) -> st.SearchStrategy[Case]:
    """Cases of real numbers for other operations, with steps that every order can take."""
    return strategies.cases(
        operations=(operation,),
        dtypes=(dtype,),
        fills=("reals",),
        around=("border", "bias", "residual", "relu", "relu6", "leaky"),
        max_side=4,
        max_kernel=3,
        max_channels=4,
        max_batch=2,
    )


def answered(dtype: str) -> st.SearchStrategy[Case]:
    """Cases of real numbers whose answer is not empty."""
    drawn = cases(dtypes=(dtype,), fills=("reals",), max_side=6, max_channels=6, max_batch=2)
    return drawn.filter(lambda case: 0 not in case.output_shape)


def exceeding(case: Case) -> list[str]:
    """The orders of summation whose answer lies beyond the bound."""
    verdicts = ((name, verdict_on(case, answer)) for name, answer in summation.answers(case))
    return [f"{name}: {verdict.error}" for name, verdict in verdicts if not verdict.holds]


def beyond(case: Case, sign: float) -> Any:
    """An answer, in the case's dtype, that lies a little beyond the bound everywhere."""
    rule = judgement(case)
    moved = (rule.wanted + sign * NEXT * rule.allowed).astype(case.dtype)
    return np.nextafter(moved, np.asarray(sign * np.inf, dtype=case.dtype))


def within(case: Case, sign: float) -> Any:
    """float64 values that lie a little less than the bound from the reference."""
    rule = judgement(case)
    moved = rule.wanted + sign * 0.99 * rule.allowed
    over = np.abs(moved - rule.wanted) > rule.allowed
    return np.where(over, np.nextafter(moved, rule.wanted), moved)


def verdict_on(case: Case, values: Any) -> Any:
    return compare_values(judgement(case), values)


def allowed(dtype: str, x: Any, w: Any, bias: Any = None) -> float:
    problem, operands = dots(dtype, x, w, bias)
    rule = judge_operands(problem, operands, products=len(x), exact=False)
    return float(np.asarray(rule.allowed).item())


@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize("dtype", FLOATS)
@given(data=st.data())
@quick
def test_no_order_of_summation_exceeds_the_bound(dtype, rank, data):
    assert exceeding(data.draw(reals(rank, dtype))) == []


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("taps", [1, 2, 10, 100, 1000])
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("epilogue", ["", "_bias", "_relu", "_bias_relu"])
def test_no_order_of_a_long_sum_exceeds_the_bound(dtype, taps, seed, epilogue):
    case = Case.parse(f"conv_n2_i{taps + 3}_k{taps}_f3_valid_{dtype}{epilogue}_reals{seed}")
    assert exceeding(case) == []


@pytest.mark.parametrize("operation", OTHERS)
@pytest.mark.parametrize("dtype", FLOATS)
@given(data=st.data())
@quick
def test_no_order_of_another_operation_exceeds_the_bound(dtype, operation, data):
    assert exceeding(data.draw(others(operation, dtype))) == []


@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize("operation", OTHERS)
@pytest.mark.parametrize("dtype", FLOATS)
@given(data=st.data())
@quick
def test_every_value_of_another_operation_a_little_beyond_the_bound_is_caught(dtype, operation, sign, data):
    case = data.draw(others(operation, dtype).filter(lambda case: 0 not in case.output_shape))
    actual = beyond(case, sign)
    assert compare(case, actual).sentence == f"{actual.size} of {actual.size} values differ"


@pytest.mark.parametrize("operation", ["depthwise", "transpose", "filtergrad"])
def test_bound_of_another_operation_is_nearly_reached(operation):
    case = Case.parse(f"{operation}_n1_i99_c9_k1_same_float16_reals")
    errors = [verdict_on(case, answer).error for _, answer in summation.answers(case)]
    assert 0.5 < max(errors) <= 1


@pytest.mark.parametrize(
    ("dtype", "taps", "reached"),
    [("float16", 1, 0.95), ("bfloat16", 1, 0.95), ("float32", 1, 0.95), ("float64", 2, 0.5)],
)
def test_bound_is_nearly_reached(dtype, taps, reached):
    case = Case.parse(f"conv_n3_i999_k{taps}_f4_valid_{dtype}_reals")
    errors = [verdict_on(case, answer).error for _, answer in summation.answers(case)]
    assert reached < max(errors) <= 1


@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize("dtype", FLOATS)
@given(data=st.data())
@quick
def test_every_value_a_little_beyond_the_bound_is_caught(dtype, sign, data):
    case = data.draw(answered(dtype))
    actual = beyond(case, sign)
    assert compare(case, actual).sentence == f"{actual.size} of {actual.size} values differ"


@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize("dtype", FLOATS)
@given(data=st.data())
@quick
def test_every_value_a_little_within_the_bound_passes(dtype, sign, data):
    case = data.draw(answered(dtype))
    assert verdict_on(case, within(case, sign)).holds


@pytest.mark.parametrize("dtype", FLOATS)
@given(data=st.data())
@quick
def test_one_value_beyond_the_bound_is_named(dtype, data):
    case = data.draw(answered(dtype))
    place = data.draw(st.integers(0, judgement(case).wanted.size - 1))
    index = tuple(int(i) for i in np.unravel_index(place, case.output_shape))
    actual = within(case, 1.0)
    actual[index] = beyond(case, 1.0)[index]
    verdict = verdict_on(case, actual)
    assert (verdict.worst.index, verdict.error > 1) == (index, True)


@given(case=cases(fills=("ones", "iota", "impulse", "ints", "dyadic"), max_side=6, max_channels=6))
@quick
def test_exact_fill_allows_nothing(case):
    rule = judgement(case)
    assert promises_exactness(case) == (isinstance(rule.allowed, float) and rule.allowed == 0.0)


@given(case=cases(fills=("ones", "iota", "impulse", "ints", "dyadic"), max_side=6, max_channels=6))
@quick
def test_exact_answer_is_wanted_as_the_dtype_holds_it(case):
    rule = judgement(case)
    assert np.array_equal(rule.wanted, rule.wanted.astype(case.dtype).astype(np.float64))


def test_reason_of_an_exact_answer_is_that_its_sums_are():
    assert judgement(Case.parse("conv_i3_k2_same")).why((0, 0, 0)) == "the sums are exact"


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        (
            "conv_i3_k2_same_reals",
            "gamma_2 1.19e-07 of sum |x||w| = ?, summed in float32",
        ),
        (
            "conv_i3_k2_same_bias_reals",
            "gamma_3 1.79e-07 of sum |x||w| + |b| = ?, summed in float32",
        ),
        (
            "conv_i3_k2_same_float64_reals",
            "gamma_2 2.22e-16 of sum |x||w| = ?, summed in float64",
        ),
        (
            "conv_i3_k2_same_float16_reals",
            "gamma_2 1.19e-07 of sum |x||w| = ?, summed in float32, rounded to float16",
        ),
        (
            "conv_i3_k2_same_bias_residual_leaky0.25_reals",
            "gamma_3 1.79e-07 of sum |x||w| + |b| = ?, summed in float32, then residual, leaky0.25",
        ),
        (
            "conv_i3_k2_same_relu6_reals",
            "gamma_2 1.19e-07 of sum |x||w| = ?, summed in float32",
        ),
        (
            "conv_i3_k2_same_relu_reals",
            "gamma_2 1.19e-07 of sum |x||w| = ?, summed in float32",
        ),
    ],
)
def test_reason_of_a_bound_names_its_terms(word, reason):
    case = Case.parse(word)
    magnitude = f"{float(rational.magnitudes(case)[0, 1, 0]):.6g}"
    assert judgement(case).why((0, 1, 0)) == reason.replace("?", magnitude)


@pytest.mark.parametrize(("terms", "precision"), [(1, 24), (2, 24), (1000, 24), (2**23, 24), (7, 53)])
def test_gamma_is_highams(terms, precision):
    product = Fraction(terms, 2**precision)
    assert gamma(terms, 2.0**-precision) == float(product / (1 - product))


@pytest.mark.parametrize("terms", [2**24, 2**24 + 1, 2**30])
def test_gamma_says_nothing_of_sums_as_long_as_the_significand(terms):
    assert gamma(terms, 2.0**-24) == np.inf


def test_window_of_padding_alone_adds_nothing_however_long_its_sum():
    case = Case.parse("conv_i1_c2050_k1_z0.1_same_float16_reals259")
    allowed = judgement(case, accumulator="float16").allowed
    assert np.isinf(allowed[0, 0, 0])
    assert np.isfinite(allowed[0, 1, 0])


def test_gamma_of_no_terms_is_nothing():
    assert gamma(0, 2.0**-24) == 0


@pytest.mark.parametrize(
    ("dtype", "x", "w"),
    [
        ("float32", [1e30], [1e30]),
        ("float32", [3e38, 3e38, -3e38], [1.0, 1.0, 1.0]),
        ("float64", [1e200], [1e200]),
        ("float16", [300.0], [300.0]),
        ("float16", [255.9], [256.0]),
        ("bfloat16", [1e20], [1e20]),
    ],
)
def test_sum_that_may_overflow_allows_anything(dtype, x, w):
    assert allowed(dtype, x, w) == np.inf


def test_sum_that_overflows_before_the_bias_brings_it_back_allows_anything():
    assert len(orders("float16", [256.0], [256.0], -60000.0)) == 2
    assert allowed("float16", [256.0], [256.0], -60000.0) == np.inf


@pytest.mark.parametrize("answer", [1.0, np.nan])
def test_sum_of_products_that_overflows_is_infinite_after_a_step_that_rounds(answer):
    x, w, steps = np.full((1, 1, 1), 1e200), np.full((1, 1, 1), 1e200), {"activation": "leaky0.25"}
    assert_conv(np.full((1, 1, 1), np.inf), x, w, **steps)
    with pytest.raises(AssertionError, match="1 of 1 values"):
        assert_conv(np.full((1, 1, 1), answer), x, w, **steps)


@pytest.mark.parametrize("size", [1.5e300, 1e305])
def test_large_float64_numbers_that_do_not_overflow_are_judged(size):
    x, w = np.array([size, 0.1]).reshape(1, 2, 1), np.ones((2, 1, 1))
    assert_conv(np.full((1, 1, 1), size), x, w)
    with pytest.raises(AssertionError, match="1 of 1 values differ"):
        assert_conv(np.full((1, 1, 1), size * (1 + 1e-14)), x, w)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize(
    ("x", "answer"), [([np.inf, 0.1], np.inf), ([np.inf, -np.inf], np.nan), ([0.1, np.nan], np.nan)]
)
def test_data_that_is_not_finite_is_judged_without_a_warning(dtype, x, answer):
    _, operands = dots(dtype, x, [1.0, 1.0])
    assert_conv(np.full((1, 1, 1), answer, FORMATS[dtype].dtype), operands.input, operands.factor)


@pytest.mark.parametrize("dtype", FLOATS)
def test_sum_far_from_overflow_allows_little(dtype):
    assert 0 < allowed(dtype, [1.0, 2.0], [3.0, 4.0]) < 0.1


def test_assert_conv_demands_equality_where_the_data_adds_exactly():
    x, w = np.ones((1, 3, 1), np.float32), np.ones((2, 1, 1), np.float32)
    almost = np.full((1, 2, 1), np.nextafter(np.float32(2), np.float32(3)))
    assert_conv(np.full((1, 2, 1), 2, np.float32), x, w)
    with pytest.raises(AssertionError, match=r"allowed 0 \(the sums are exact\)"):
        assert_conv(almost, x, w)


def test_assert_conv_grants_the_bound_elsewhere():
    x, w = np.full((1, 3, 1), 0.1, np.float32), np.full((2, 1, 1), 0.3, np.float32)
    answer = np.float32(0.1) * np.float32(0.3) + np.float32(0.1) * np.float32(0.3)
    assert_conv(np.full((1, 2, 1), np.nextafter(answer, np.float32(1))), x, w)
    with pytest.raises(AssertionError, match="gamma_2"):
        assert_conv(np.full((1, 2, 1), answer * np.float32(1.000001)), x, w)


@pytest.mark.parametrize(
    ("dtype", "roundings"), [("float16", 1), ("bfloat16", 1), ("float32", 0), ("float64", 0)]
)
def test_separable_is_rounded_between_its_steps_where_its_dtype_is_narrow(dtype, roundings):
    case = Case.parse(f"separable_i3_c2_k2_f3_valid_{dtype}_coded")
    between = _between(problem_of(case), case.operands, magnitude=np.ones(case.output_shape))
    weights = case.pointwise.astype(np.float64).reshape(2, 3).sum(axis=0)
    least = 2 * case.format.least_normal * weights
    allowed = 2 * roundings * case.format.roundoff + least
    assert np.array_equal(np.broadcast_to(between, case.output_shape), [[allowed, allowed]])


@pytest.mark.parametrize(("value", "is_judged"), [(32736, True), (32752, False)])
def test_separable_that_may_overflow_between_its_steps_allows_anything(value, is_judged):
    case = Case.parse("separable_i2_k1_valid_float16_ones")
    operands = case.operands._replace(input=np.full((1, 2, 1), value, np.float16))
    between = _between(problem_of(case), operands, magnitude=np.ones((1, 2, 1)))
    assert np.isfinite(between).ravel().tolist() == [is_judged] * 2
