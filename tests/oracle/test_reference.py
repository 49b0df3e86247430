"""The reference: against a second convolution in exact arithmetic, and against known numbers."""

from __future__ import annotations

import importlib
import math
import tracemalloc
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.models import rational
from tests.models.exactness import promises_exactness
from tests.planted.plain import cases
from verify import Case, conv, reference
from verify.cases.dtypes import FORMATS
from verify.oracle.problem import problem_of
from verify.oracle.reference import linear

reference_module = importlib.import_module("verify.oracle.reference")
compensated_module = importlib.import_module("verify.oracle.compensated")

quick = settings(max_examples=25, deadline=None, database=None)

RANKS = (1, 2, 3)
SMALL = {1: 8, 2: 5, 3: 3}
EXACT_FILLS = ("ones", "iota", "impulse", "ints", "dyadic", "unread")
U = Fraction(1, 2**53)
SLAB = 2**21
"""Bytes of window matrix that are worked at a time."""

LECTURE = Case.parse("conv_i7x7_c3_k3x3_f2_s2x2_valid_bias_cs231n")


def little(rank: int, **narrowings: Any) -> st.SearchStrategy[Case]:
    """Cases of one rank that seven loops in exact arithmetic can answer."""
    sizes = {"max_side": SMALL[rank], "max_kernel": 3, "max_channels": 4, "max_batch": 2}
    return cases(ranks=(rank,), **{**sizes, **narrowings})


def gamma(terms: int) -> Fraction:
    return terms * U / (1 - terms * U)


def errors(case: Case) -> Any:
    """|reference − exact| for each element, as Fractions."""
    return np.abs(rational.fractions(reference(case)) - rational.answer(case))


def terms(case: Case) -> int:
    return case.products + ("bias" in case.epilogue)


def plain(case: Case) -> Any:
    """The case's convolution by `conv`, over its plain arrays."""
    padding = case.padding
    return conv(
        case.input,
        case.filters,
        strides=case.strides,
        padding=padding,
        dilations=case.dilations,
        groups=case.groups,
        bias=case.bias,
        data_format=case.data_format,
    )


def with_setting(module: Any, name: str, value: int, case: Case) -> Any:
    """The reference's answer with another setting of a module."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, name, value)
        return reference(case)


def peak_over_limit(word: str) -> float:
    """The reference's peak memory over operands, window matrix and answer together."""
    case = Case.parse(word)
    operands = case.make_operands()
    problem = problem_of(case)
    exact = promises_exactness(case)
    linear(problem, operands, exact=exact)
    tracemalloc.start()
    try:
        linear(problem, operands, exact=exact)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    answer = 8 * math.prod(case.output_shape)
    windows = 8 * math.prod(case.output_shape) // case.filter_count * case.products
    held = sum(part.nbytes for part in operands if part is not None)
    return (held + peak) / (held + min(windows, SLAB) + answer)


@pytest.mark.parametrize("rank", RANKS)
@given(data=st.data())
@quick
def test_reference_of_an_exact_fill_is_the_exact_answer(rank, data):
    case = data.draw(little(rank, fills=EXACT_FILLS).filter(promises_exactness))
    assert np.array_equal(rational.fractions(reference(case)), rational.answer(case))


@pytest.mark.parametrize("rank", RANKS)
@given(data=st.data())
@quick
def test_reference_of_narrow_reals_errs_by_the_rounding_of_float64_at_most(rank, data):
    case = data.draw(little(rank, fills=("reals",), dtypes=("float16", "bfloat16", "float32")))
    assert (errors(case) <= gamma(terms(case)) * rational.magnitudes(case)).all()


@pytest.mark.parametrize("rank", RANKS)
@given(data=st.data())
@quick
def test_reference_of_float64_reals_errs_by_one_rounding_and_a_second_order_at_most(rank, data):
    case = data.draw(little(rank, fills=("reals",), dtypes=("float64",)))
    allowed = U * np.abs(rational.linear(case)) + gamma(terms(case)) ** 2 * rational.magnitudes(case)
    assert (errors(case) <= allowed).all()


@given(case=cases(max_side=7, max_channels=4))
@quick
def test_reference_is_float64_in_the_shape_of_the_output(case):
    answer = reference(case)
    assert (answer.shape, answer.dtype) == (case.output_shape, np.float64)


@pytest.mark.parametrize("rank", RANKS)
@given(data=st.data())
@quick
def test_conv_of_plain_arrays_is_the_exact_answer_before_any_activation(rank, data):
    case = data.draw(little(rank, fills=EXACT_FILLS).filter(promises_exactness))
    assert np.array_equal(rational.fractions(plain(case)), rational.linear(case))


@pytest.mark.parametrize("rank", RANKS)
@given(data=st.data())
@quick
def test_conv_of_plain_reals_errs_by_the_rounding_of_float64_at_most(rank, data):
    case = data.draw(little(rank, fills=("reals",)))
    distance = np.abs(rational.fractions(plain(case)) - rational.linear(case))
    assert (distance <= gamma(terms(case)) * rational.magnitudes(case)).all()


@pytest.mark.parametrize(
    ("filter_number", "plane"),
    [(0, [[6, 4, 3], [13, 7, 4], [10, 9, 5]]), (1, [[-1, -3, 1], [0, 6, 2], [1, -3, 12]])],
)
@pytest.mark.parametrize("dtype", FORMATS)
def test_lecture_gives_the_numbers_that_it_shows(dtype, filter_number, plane):
    case = replace(LECTURE, dtype=FORMATS[dtype].dtype)
    assert reference(case)[0, :, :, filter_number].tolist() == plane


def test_lecture_gives_the_same_numbers_channels_first():
    first = reference(replace(LECTURE, channels_first=True))
    assert np.array_equal(np.moveaxis(first, 1, -1), reference(LECTURE))


def test_relu_of_the_lecture_has_no_negative_number():
    answer = reference(replace(LECTURE, epilogue=("bias", "relu")))
    assert np.array_equal(answer, np.maximum(reference(LECTURE), 0))
    assert answer.min() == 0


def test_integers_of_32_bits_wrap():
    case = Case.parse("conv_i9_c9_k3_same_int32_dyadic3")
    exact = rational.linear(case)
    assert max(np.abs(exact).ravel()) >= 2**31
    assert np.array_equal(rational.fractions(reference(case)), (exact + 2**31) % 2**32 - 2**31)


def test_relu_follows_the_wrapping():
    case = Case.parse("conv_i9_c9_k3_same_int32_relu_dyadic3")
    assert np.array_equal(reference(case), np.maximum(reference(replace(case, epilogue=())), 0))


@pytest.mark.parametrize(
    "word", ["conv_n0_i3_k2_same", "conv_i2_k3_valid", "conv_i0_k3_same", "conv_i0x2_k1x1_valid"]
)
@pytest.mark.parametrize("fill", ["ones", "reals"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_reference_of_an_empty_answer_is_empty(word, fill, dtype):
    case = Case.parse(f"{word}_{dtype}_bias_{fill}")
    assert reference(case).shape == case.output_shape


def test_output_of_padding_alone_is_the_bias():
    assert reference(Case.parse("conv_i1_k2_p2.2_bias_iota")).ravel().tolist() == [1, 3, 2, 1]


@pytest.mark.parametrize("slab", [1, 64, 1000])
@given(case=cases(fills=EXACT_FILLS, max_side=6, max_channels=6).filter(promises_exactness))
@quick
def test_exact_answer_is_the_same_in_slabs_of_any_size(slab, case):
    assert np.array_equal(with_setting(reference_module, "SLAB", slab, case), reference(case))


@pytest.mark.parametrize(("module", "name"), [(reference_module, "SLAB"), (compensated_module, "WORK")])
@given(case=cases(fills=("reals",), dtypes=("float64",), max_side=6, max_channels=6))
@quick
def test_compensated_answer_has_the_same_bits_in_pieces_of_any_size(module, name, case):
    assert with_setting(module, name, 1, case).tobytes() == reference(case).tobytes()


@pytest.mark.parametrize(
    "word",
    [
        "conv_n4_i40x40_c16_k3x3_float16_same_ints",
        "conv_n8_i40x40_c16_k5x5_same_ints",
        "conv_n4_i40x40_c16_k3x3_float16_same_cf_bias_relu_reals",
        "conv_n2_i64x64_c64_k1x1_f64_same_float16_ints",
        "conv_n2_i40x40_c16_k3x3_f16_same_int32_ints",
        "conv_n2_i20x20_c16_k3x3_f16_same_float64_reals",
        "conv_n2_i40x40_c16_k3x3_f2_same_float64_bias_reals",
        "conv_i300000_k1_same_float64_reals",
        "conv_n2_i12x12x12_c8_k3x3x3_f8_g2_same_reals",
        "conv_n2_i40x40_c64_k3x3_float64_s8x8_valid_ints",
    ],
)
def test_reference_needs_at_most_three_times_operands_window_matrix_and_answer(word):
    assert peak_over_limit(word) <= 3


def test_window_matrix_is_worked_in_pieces_of_the_size_that_its_memory_is_held_to():
    assert reference_module.SLAB == SLAB


def test_linear_takes_exactness_by_name():
    case = Case.parse("conv_i3_k2_same_ones")
    with pytest.raises(TypeError, match="positional"):
        linear(problem_of(case), case.operands, True)  # noqa: FBT003 - what is refused
    assert linear(problem=problem_of(case), operands=case.operands).shape == case.output_shape
