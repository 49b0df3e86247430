"""How large the integers of a fill are: as large as its sums stay exact."""

from __future__ import annotations

import numpy as np
import pytest

from tests.models.exactness import promises_exactness
from verify import Case
from verify.cases.exactness import exact_limit, scale_of
from verify.cases.fills import FILLS


@pytest.mark.parametrize(
    ("dtype", "held"), [("float16", 2**11), ("bfloat16", 2**8), ("float32", 2**24), ("float64", 2**53)]
)
@pytest.mark.parametrize("taps", [1, 2, 7, 25, 200, 999])
@pytest.mark.parametrize("bias", ["", "_bias"])
def test_iota_counts_as_far_as_sums_stay_exact(dtype, held, taps, bias):
    case = Case.parse(f"conv_i9999_k{taps}_same_{dtype}{bias}_iota")
    fitting = [number for number in range(1, 10_000) if (taps + 1) * number**2 <= exact_limit(case)]
    largest = min(max(fitting, default=1), held)
    assert (scale_of(case).input, scale_of(case).factor) == (largest, min(largest, taps))


@pytest.mark.parametrize("fill", ["ints", "unread"])
@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
@pytest.mark.parametrize("taps", [1, 2, 7, 25, 200, 999])
@pytest.mark.parametrize("bias", ["", "_bias"])
def test_small_integers_are_the_largest_up_to_nine_that_keep_sums_exact(fill, dtype, taps, bias):
    case = Case.parse(f"conv_i1_k{taps}_same_{dtype}{bias}_{fill}")
    largest = scale_of(case).input
    fitting = [number for number in range(1, 10) if (taps + 1) * number**2 <= exact_limit(case)]
    assert largest == max(fitting, default=1)


@pytest.mark.parametrize(
    ("dtype", "bias", "limit"),
    [
        ("float16", "", 2**15),
        ("float16", "_bias", 2**11),
        ("bfloat16", "", 2**24),
        ("bfloat16", "_bias", 2**8),
        ("float32", "", 2**24),
        ("float32", "_bias", 2**24),
        ("float64", "", 2**53),
        ("float64", "_bias", 2**53),
        ("int32", "", 2**31 - 1),
        ("int32", "_bias", 2**31 - 1),
    ],
)
def test_exact_limit_is_the_significand_that_sums_are_held_in(dtype, bias, limit):
    assert exact_limit(Case.parse(f"conv_i3_k2_same_{dtype}{bias}")) == limit


@pytest.mark.parametrize("taps", [1, 3, 27, 500])
def test_wide_dyadic_operands_reach_a_quarter_of_the_significand_over_the_products(taps):
    case = Case.parse(f"conv_n9_i{taps * 30}_k{taps}_valid_dyadic")
    limit = 2**22 // taps
    assert limit / 2 < np.abs(case.input).max() <= limit


def test_separable_between_the_steps_is_exact_in_the_dtype_itself():
    assert exact_limit(Case.parse("separable_i5_k3_same_float16")) == 2**11
    assert exact_limit(Case.parse("separable_i5_k3_same_bfloat16")) == 2**8


def test_coded_counts_no_further_than_its_sums_allow():
    case = Case.parse("conv_i5000_k9_same_bfloat16_coded")
    assert case.input.astype(float).max() <= 2**8
    assert promises_exactness(case)


def test_lecture_is_as_large_as_its_scale_says():
    case = Case.parse("conv_i7x7_c3_k3x3_f2_s2x2_valid_bias_cs231n")
    largest = {name: getattr(case.operands, name).max() for name in ("input", "factor", "bias")}
    assert largest == {name: scale_of(case).largest(name) for name in largest}


@pytest.mark.parametrize(
    ("word", "scale"),
    [
        ("conv_i9_k3_same_iota", (9, 3, 1, 1)),
        ("conv_i99_k2_same_bfloat16_bias_iota", (9, 2, 1, 1)),
        ("conv_i9_k9_f3_same_bfloat16_bias_iota", (5, 5, 3, 1)),
        ("separable_i999_k3_same_iota", (161, 3, 1, 1)),
        ("separable_i5_c2_k3_f2_m2_same_float16_iota", (5, 5, 2, 5)),
        ("separable_i5_c2_k3_f2_m2_same_float16_ints", (5, 5, 5, 5)),
        ("conv_i9_k3_same_impulse", (1, 8388607, 8388607, 1)),
        ("conv_i9_k3_same_float16_impulse", (1, 1023, 1023, 1)),
        ("conv_i9_k3_same_bfloat16_bias_impulse", (1, 127, 127, 1)),
        ("conv_i9_k3_same_bfloat16_bias_residual_impulse", (1, 84, 84, 1)),
        ("conv_i9_k3_same_int32_impulse", (1, 1073741822, 1073741822, 1)),
        ("separable_i5_c2_k3_f2_m2_same_impulse", (1, 2048, 2048, 2048)),
        ("separable_i5_c2_k3_f2_m2_same_bfloat16_impulse", (1, 8, 8, 8)),
        ("separable_i1_k1_m999_same_bfloat16_impulse", (1, 1, 1, 1)),
        ("filtergrad_n2_i5_k2_same_float16_bias_impulse", (1, 185, 185, 1)),
        ("conv_i9_k3_same_dyadic", (1398101, 2, 1398101, 2)),
        ("conv_i9_k3_same_dyadic1", (2, 1398101, 1398101, 2)),
        ("conv_i9_k1_same_bfloat16_dyadic", (255, 2, 255, 2)),
        ("conv_i9_k3_same_int32_dyadic", (178956970, 2, 178956970, 2)),
        ("separable_i5_c2_k3_f2_m2_same_dyadic1", (2, 174762, 174762, 2)),
        ("separable_i5_c2_k3_f2_m2_same_float16_dyadic", (21, 2, 21, 2)),
        ("conv_i9_k3_same_coded", (9, 3, 1, 3)),
        ("conv_i900_k99_same_bfloat16_coded", (256, 99, 1, 99)),
        ("conv_i999_k99_f9_same_float16_bias_coded", (5, 4, 9, 4)),
        ("separable_i5_c2_k3_f2_m2_same_bfloat16_coded", (4, 2, 2, 2)),
        ("conv_n0_i1_k1_same_coded", (1, 1, 1, 1)),
        ("conv_i30_k30_f3_same_float16_coded", (30, 32, 3, 32)),
    ],
)
def test_integers_of_a_word_are_as_large_for_ever(word, scale):
    assert scale_of(Case.parse(word)) == scale


@pytest.mark.parametrize(
    ("word", "products"),
    [
        ("conv_i9_c4_k3_same_impulse", 1),
        ("separable_i5_c2_k3_f2_m2_same_impulse", 2),
        ("filtergrad_n2_i5_k2_same_bias_impulse", 10),
    ],
)
def test_sum_over_an_impulse_has_so_few_products(word, products):
    assert FILLS["impulse"].terms(Case.parse(word)) == products
