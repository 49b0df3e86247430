"""Sums that the data shows to be exact: no order of summation gives other bits."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracle.dots import dots, orders
from verify.oracle.sums import sums_are_exact

quick = settings(max_examples=30, deadline=None, database=None)

FLOATS = ("float16", "bfloat16", "float32", "float64")


def exact(dtype: str, x: Any, w: Any, bias: Any = None) -> bool:
    return sums_are_exact(*dots(dtype, x, w, bias))


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize(
    ("x", "w"), [([1, 2, 3], [4, 5, 6]), ([0, 0], [1, 1]), ([0.5, 0.25], [8, 16]), ([3 * 2.0**-9], [2.0**-3])]
)
def test_small_multiples_of_a_power_of_two_add_exactly(dtype, x, w):
    assert exact(dtype, x, w)
    assert len(orders(dtype, x, w)) == 1


@pytest.mark.parametrize(
    ("dtype", "x", "w"),
    [
        ("float32", [0.1, 0.2], [0.3, 0.4]),
        ("float64", [0.1, 0.2, 0.3], [1.0, 1.0, 1.0]),
        ("float32", [2.0**24, 1.0, 1.0], [1.0, 1.0, 1.0]),
        ("float64", [2.0**53, 1.0, 1.0], [1.0, 1.0, 1.0]),
        ("bfloat16", [2.0**24, 1.0, 1.0], [1.0, 1.0, 1.0]),
        ("float32", [1.0, 2.0**-24, 2.0**-24], [1.0, 1.0, 1.0]),
        ("float32", [2.0**12 + 1, 2.0**12 + 1], [2.0**12 + 1, 1.0]),
    ],
)
def test_sums_beyond_the_significand_are_not_exact(dtype, x, w):
    assert not exact(dtype, x, w)


@pytest.mark.parametrize(
    ("dtype", "precision"), [("float32", 24), ("float16", 24), ("bfloat16", 24), ("float64", 53)]
)
def test_sum_ends_to_be_exact_at_the_significand(dtype, precision):
    count = 2**9
    assert exact(dtype, [2.0 ** (precision - 10)] * count, [1.0] * count)
    assert not exact(dtype, [2.0 ** (precision - 9)] * count + [1.0], [1.0] * (count + 1))


@pytest.mark.parametrize(
    ("dtype", "precision"), [("float32", 24), ("float16", 24), ("bfloat16", 24), ("float64", 53)]
)
def test_sum_may_use_every_bit_of_the_significand(dtype, precision):
    x = [2.0 ** (bit // 2) for bit in range(precision)]
    w = [2.0 ** (bit - bit // 2) for bit in range(precision)]
    assert exact(dtype, x, w)
    assert not exact(dtype, [*x, 1.0], [*w, 1.0])


def test_sum_may_reach_the_largest_number_of_its_dtype():
    assert exact("float16", [65472.0], [1.0], 32.0)
    assert not exact("float16", [65472.0], [1.0], 64.0)


@pytest.mark.parametrize(("dtype", "least"), [("float32", -126), ("float64", -1022)])
def test_products_may_be_as_small_as_the_least_normal_number(dtype, least):
    assert exact(dtype, [2.0 ** (least + 100)], [2.0**-100])
    assert not exact(dtype, [2.0 ** (least + 100)], [2.0**-101])


def test_products_of_integers_always_wrap_alike():
    assert exact("int32", [2**31 - 1, 2**31 - 1], [2**31 - 1, -(2**31)])


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_data_that_is_not_finite_is_not_exact(value):
    assert not exact("float32", [1.0, value], [1.0, 1.0])


def test_bias_finer_than_the_products_counts():
    assert exact("float32", [2.0**20], [2.0], 1.0)
    assert not exact("float32", [2.0**20], [2.0], 2.0**-20)


def test_narrow_sum_is_exact_only_within_its_own_significand_where_a_bias_follows():
    assert exact("bfloat16", [128.0, 129.0], [1.0, 1.0])
    assert not exact("bfloat16", [128.0, 129.0], [1.0, 1.0], 1.0)
    assert len(orders("bfloat16", [128.0, 129.0], [1.0, 1.0], 1.0)) == 2


def test_products_below_the_normal_numbers_are_not_exact():
    assert not exact("float32", [2.0**-100], [2.0**-30])
    assert not exact("float64", [2.0**-1000], [2.0**-30])


def test_sum_that_may_overflow_is_not_exact():
    assert len(orders("float32", [2.0**127, 2.0**127, -(2.0**127)], [1.0, 1.0, 1.0])) == 2
    assert not exact("float32", [2.0**127, 2.0**127, -(2.0**127)], [1.0, 1.0, 1.0])


def test_narrow_sum_that_overflows_before_the_bias_is_not_exact():
    assert len(orders("float16", [2.0**8], [2.0**8], -(2.0**15))) == 2
    assert not exact("float16", [2.0**8], [2.0**8], -(2.0**15))


def test_narrow_sum_below_the_narrow_denormals_before_the_bias_is_not_exact():
    assert len(orders("float16", [2.0**-12], [2.0**-13], 2.0**-24)) == 2
    assert not exact("float16", [2.0**-12], [2.0**-13], 2.0**-24)


@pytest.mark.parametrize("dtype", FLOATS)
@given(
    pairs=st.lists(st.tuples(*[st.integers(-12, 12)] * 2), min_size=1, max_size=9),
    scale=st.integers(-13, 4),
    bias=st.none() | st.integers(-12, 12),
)
@settings(max_examples=150, deadline=None, database=None)
def test_sums_that_are_called_exact_are_alike_in_every_order(dtype, pairs, scale, bias):
    x, w = np.ldexp(np.array(pairs, dtype=float), [scale, -3]).T
    offset = None if bias is None else float(np.ldexp(float(bias), scale))
    assert not exact(dtype, x, w, offset) or len(orders(dtype, x, w, offset)) == 1


@pytest.mark.parametrize("dtype", FLOATS)
@given(
    pairs=st.lists(st.tuples(*[st.integers(-100, 100)] * 2), min_size=1, max_size=9),
    shifts=st.tuples(*[st.integers(-5, 5)] * 2),
)
@quick
def test_scaled_integers_within_the_significand_are_called_exact(dtype, pairs, shifts):
    x, w = np.ldexp(np.array(pairs, dtype=float), shifts).T
    assert exact(dtype, x, w)
