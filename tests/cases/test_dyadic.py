"""What dyadic shows by the bits of an answer: a downcast operand, a dropped product, a changed element."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings

from tests.models import rational, summation
from tests.planted.plain import cases
from verify import Case, conv, reference

quick = settings(max_examples=40, deadline=None, database=None)

small = {"max_side": 6, "max_kernel": 3, "max_channels": 6}


def shortened(values: np.ndarray, precision: int) -> np.ndarray:
    """Values rounded to so many bits of significand, to nearest even."""
    fraction, exponent = np.frexp(values.astype(np.float64))
    return np.ldexp(np.rint(np.ldexp(fraction, precision)), exponent - precision).astype(values.dtype)


def answer_to(case: Case, x: np.ndarray, w: np.ndarray) -> np.ndarray:
    """The convolution of other operands by a case's problem, in its dtype."""
    return conv(
        x,
        w,
        strides=case.strides,
        padding=rational.pads_of(case),
        dilations=case.dilations,
        groups=case.groups,
        data_format=case.data_format,
    ).astype(case.dtype)


def downcast(case: Case, precision: int) -> np.ndarray:
    """The answer from operands that were rounded to so many bits."""
    return answer_to(case, shortened(case.input, precision), shortened(case.filters, precision))


def unseen_drops(case: Case) -> int:
    """The products of cells of the input that could be left out without changing the answer."""
    x, w = summation.factors(case)
    x, w = np.broadcast_arrays(x.astype(np.float64), w.astype(np.float64))
    products = x * w
    total = products.sum(axis=-1, keepdims=True)
    same = (total - products).astype(case.dtype) == total.astype(case.dtype)
    return int((same & (x != 0)).sum())


def unseen_changes(case: Case, operand: str) -> list[tuple[int, ...]]:
    """The elements of an operand that may grow by 1 without changing the answer."""
    unseen = []
    for index in np.ndindex(getattr(case.operands, operand).shape):
        changed = case.make_operands()
        getattr(changed, operand)[index] += 1
        if np.array_equal(
            answer_to(case, changed.input, changed.factor), answer_to(case, case.input, case.filters)
        ):
            unseen.append(index)
    return unseen


@pytest.mark.parametrize("taps", [1, 2, 3, 9, 32, 100, 512, 1024])
@pytest.mark.parametrize("seed", range(6))
def test_tf32_operands_change_a_dyadic_answer_of_up_to_1024_products(taps, seed):
    case = Case.parse(f"conv_n4_i{taps + 3}_k{taps}_valid_dyadic{seed}")
    assert not np.array_equal(downcast(case, 11), reference(case))


@pytest.mark.parametrize("taps", [1, 2, 3, 9, 32, 100, 1024, 8192])
@pytest.mark.parametrize("seed", range(6))
def test_bfloat16_operands_change_a_dyadic_answer_of_up_to_8192_products(taps, seed):
    case = Case.parse(f"conv_n4_i{taps + 3}_k{taps}_valid_dyadic{seed}")
    assert not np.array_equal(downcast(case, 8), reference(case))


@pytest.mark.parametrize(("precision", "products"), [(11, 2048), (8, 2**14)])
def test_dyadic_of_more_products_is_too_small_to_see_a_downcast(precision, products):
    case = Case.parse(f"conv_i{products}_k{products}_valid_dyadic")
    assert np.array_equal(downcast(case, precision), reference(case))


@pytest.mark.parametrize("precision", [8, 11])
@pytest.mark.parametrize("seed", range(2, 12, 2))
def test_downcast_changes_every_single_product_with_a_wide_operand(precision, seed):
    case = Case.parse(f"conv_i99_k1_valid_dyadic{seed}")
    changed = downcast(case, precision) != reference(case)
    assert np.array_equal(changed, np.abs(case.input) > 2**precision)


def test_dyadic_operands_are_odd_against_one_and_two():
    case = Case.parse("conv_i99_c3_k3_valid_dyadic4")
    assert set(np.abs(case.filters).ravel().tolist()) <= {1, 2}
    assert (np.abs(case.input) % 2 == 1).all()


@pytest.mark.parametrize(("seed", "wide"), [(0, "input"), (1, "filters"), (2, "input"), (3, "filters")])
def test_dyadic_swaps_its_roles_by_the_parity_of_the_seed(seed, wide):
    case = Case.parse(f"conv_i9_c9_k3_f9_valid_dyadic{seed}")
    largest = {"input": np.abs(case.input).max(), "filters": np.abs(case.filters).max()}
    assert largest.pop(wide) > 2 >= max(largest.values())


@given(case=cases(fills=("dyadic",), dtypes=("float32", "float64"), **small))
@quick
def test_no_product_of_dyadic_can_be_dropped_unseen(case):
    assert unseen_drops(case) == 0


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("geometry", ["i6_c2_k3_f2_same", "i5x4_k3x2_s2x1_same", "n2_i4_c4_k2_f2_g2_d2_p1.2"])
@pytest.mark.parametrize("operand", ["input", "factor"])
def test_no_element_of_dyadic_can_change_unseen(dtype, seed, geometry, operand):
    assert unseen_changes(Case.parse(f"conv_{geometry}_{dtype}_dyadic{seed}"), operand) == []


def test_dyadic_integers_wrap():
    case = Case.parse("conv_i9_k3_same_int32_dyadic")
    assert np.array_equal(rational.answer(case), rational.fractions(reference(case)))
    assert not np.array_equal(rational.answer(case), rational.linear(case))
