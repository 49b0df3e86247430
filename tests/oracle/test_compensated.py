"""Sums in twice the precision: what they keep, and where they are used."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.models import rational
from verify import Case
from verify.cases.dtypes import FORMATS
from verify.cases.operands import Operands
from verify.cases.operations import OPERATIONS
from verify.oracle.compensated import SPLITTABLE, dot2, two_product, two_sum
from verify.oracle.problem import problem_of
from verify.oracle.reference import is_doubled

quick = settings(max_examples=25, deadline=None, database=None)

U = Fraction(1, 2**53)


def gamma(terms: int) -> Fraction:
    return terms * U / (1 - terms * U)


def cancelling(size: int, spread: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Two vectors whose dot product is far smaller than its terms."""
    random = np.random.default_rng(seed)
    x = np.ldexp(random.standard_normal(size), random.integers(-spread, spread, size))
    w = np.ldexp(random.standard_normal(size), random.integers(-spread, spread, size))
    half = size // 2
    x[half : 2 * half], w[half : 2 * half] = x[:half], -w[:half] * (1 + 2.0**-50)
    return x, w


def dot_of(x: np.ndarray, w: np.ndarray) -> float:
    out = np.empty((1, 1))
    dot2(x[np.newaxis], w[:, np.newaxis], offset=None, out=out)
    return out.item()


floats = st.floats(-1e100, 1e100, allow_subnormal=False).filter(lambda v: v == 0 or abs(v) > 1e-100)


def doubled(word: str, **changed: Any) -> bool:
    """Whether the sums of a case are doubled, with operands filled with another number."""
    case = Case.parse(word)
    filled = {
        name: np.full_like(part, changed[name]) if name in changed else part
        for name, part in case.operands._asdict().items()
    }
    return is_doubled(problem_of(case), Operands(**filled))


@pytest.mark.parametrize("dtype", FORMATS)
@pytest.mark.parametrize("operation", OPERATIONS)
def test_sums_are_doubled_in_convolutions_of_float64_alone(operation, dtype):
    is_float64_conv = (operation, dtype) == ("conv", "float64")
    assert doubled(f"{operation}_i3_k2_same_{dtype}_ones") == is_float64_conv


@pytest.mark.parametrize("part", ["input", "factor", "bias"])
def test_sums_are_doubled_where_every_product_can_be_split(part):
    word = "conv_i3_k2_same_float64_bias_ones"
    assert doubled(word, **{part: -SPLITTABLE / 2})
    assert not doubled(word, **{part: -SPLITTABLE})
    assert not doubled(word, **{part: SPLITTABLE * 2})


def test_sums_of_nothing_are_doubled():
    assert doubled("conv_n0_i3_k2_same_float64_ones")


@given(a=floats, b=floats)
@quick
def test_two_sum_is_exact(a, b):
    total, lost = two_sum(np.array(a), np.array(b))
    assert float(total) == a + b
    assert Fraction(float(total)) + Fraction(float(lost)) == Fraction(a) + Fraction(b)


@given(a=floats, b=floats)
@quick
def test_two_product_is_exact(a, b):
    product_, lost = two_product(np.array(a), np.array(b))
    assert float(product_) == a * b
    assert Fraction(float(product_)) + Fraction(float(lost)) == Fraction(a) * Fraction(b)


@pytest.mark.parametrize("size", [2, 3, 9, 64, 101, 1000])
@pytest.mark.parametrize("spread", [1, 20, 200])
@pytest.mark.parametrize("seed", range(3))
def test_compensated_dot_keeps_its_bound_where_sums_cancel(size, spread, seed):
    x, w = cancelling(size, spread, seed)
    products = rational.fractions(x) * rational.fractions(w)
    allowed = U * abs(products.sum()) + gamma(size) ** 2 * np.abs(products).sum()
    assert abs(Fraction(dot_of(x, w)) - products.sum()) <= allowed


def test_compensated_dot_sees_what_a_plain_sum_loses():
    x = np.array([1e16, 1.0, -1e16, 2.0**-60])
    assert dot_of(x, np.ones(4)) == 1.0
    assert x[:3].sum() == 0
