"""The grammar of a case's word: what it reads and what it prints."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strategies import cases
from verify import Case
from verify.cases.dtypes import FORMATS
from verify.cases.word import InvalidCase

quick = settings(max_examples=60, deadline=None, database=None)

SIMPLEST = Case(size=(3,), kernel=(2,), padding="SAME")

WORDS = (
    "conv_i1_k1_same_ones",
    "conv_n2_i7x8_c6_k3x2_f4_s2x1_d1x3_g2_p1.2x0.3_float16_cf_bias_relu_ints7",
    "conv_i7x7_c3_k3x3_f2_s2x2_valid_bias_cs231n",
    "conv_n0_i4x0x3_k1x1x1_valid_float64_impulse12",
    "conv_i5_k3_p9.0_bfloat16_relu_dyadic1",
    "conv_i32_k1_same_ones",
    "conv_i32_k1_same_int32_iota",
    "conv_i32_k1_f32_same_int32_ones",
    "conv_i5_k1_f16_same_float16_ones",
    "conv_i5_k1_f64_same_ones",
    "conv_i2x2_k5x5_s4x4_valid_unread999999999",
    "depthwise_i1_k1_same_ones",
    "depthwise_n2_i7x8_c3_k3x2_m2_s2x1_d1x3_z1.2x0.3_p1.2x0.3_float16_cf_bias_residual_relu6_ints7",
    "separable_i5_c3_k3_f2_m4_same_bfloat16_norm_residual_leaky0.25_coded",
    "separable_i5_k3_f16_m2_same_norm_elu_nonfinite3",
    "transpose_i32_c2_k3_f4_s2_g2_p1.0_float64_bias_residual_tanh_dyadic1",
    "filtergrad_n3_i32_c2_k3_f4_d2_g2_valid_int32_bias_ints4",
    "conv_i3x4x5_k1x1x1_z0.1x2.0x1.1_same_cf_norm_sigmoid_coded",
    "conv_i3_k3_same_leaky0.2_nonfinite999999999",
    "conv_i3_k3_same_leaky0_ones",
    "conv_i3_k3_same_leaky1.5_ones",
    "conv_i3_k3_same_leaky0.000001_ones",
    "conv_i3_k3_same_leaky999.999999_ones",
)


def orders(word: str) -> list[str]:
    """A word with its tokens in every order, the operation first."""
    operation, *tokens = word.split("_")
    return ["_".join([operation, *order]) for order in permutations(tokens)]


@given(case=cases(max_side=40, max_channels=70, max_groups=9))
@settings(max_examples=300, deadline=None)
def test_word_of_a_drawn_case_reads_back_as_the_case(case):
    assert Case.parse(str(case)) == case


@pytest.mark.parametrize("count", [1, 16, 32, 64])
@pytest.mark.parametrize("dtype", FORMATS)
@pytest.mark.parametrize("size", [(32,), (3,), (32, 32), (32, 3, 3)])
def test_word_reads_back_where_sizes_and_dtypes_look_alike(size, dtype, count):
    case = Case(
        size=size,
        kernel=(1,) * len(size),
        padding="VALID",
        filter_count=count,
        dtype=FORMATS[dtype].dtype,
    )
    assert Case.parse(str(case)) == case


@pytest.mark.parametrize("first", [False, True])
@pytest.mark.parametrize("epilogue", [(), ("bias",), ("relu",), ("bias", "relu")])
@pytest.mark.parametrize("padding", ["SAME", "VALID", ((0, 0), (3, 11))])
@pytest.mark.parametrize("fill", ["ones", "iota", "impulse", "ints", "dyadic", "reals", "unread"])
def test_word_reads_back_with_every_choice(fill, padding, epilogue, first):
    case = Case(
        size=(5, 0),
        kernel=(2, 1),
        padding=padding,
        epilogue=epilogue,
        channels_first=first,
        fill=fill,
        seed=0 if fill in ("ones", "iota") else 41,
    )
    assert Case.parse(str(case)) == case


def test_border_of_no_cells_is_none():
    assert Case.parse("conv_i3x3_k2x2_z0.0x0.0_same") == Case.parse("conv_i3x3_k2x2_same")


@pytest.mark.parametrize("word", orders("depthwise_i5_c2_k2_m3_z1.0_same"))
def test_tokens_of_a_depthwise_are_read_in_any_order(word):
    assert str(Case.parse(word)) == "depthwise_i5_c2_k2_m3_z1.0_same_ones"


@given(
    shuffled=st.permutations(["i5", "k2", "f2", "m2", "valid", "bfloat16", "cf", "coded"]), place=st.data()
)
@quick
def test_tokens_are_read_in_any_order_about_an_epilogue_in_its_own(shuffled, place):
    tokens = list(shuffled)
    at = sorted(place.draw(st.lists(st.integers(0, len(tokens)), min_size=3, max_size=3)), reverse=True)
    for where, step in zip(at, ("leaky0.5", "residual", "norm"), strict=True):
        tokens.insert(where, step)
    word = "_".join(["separable", *tokens])
    assert str(Case.parse(word)) == "separable_i5_k2_f2_m2_valid_bfloat16_cf_norm_residual_leaky0.5_coded"


@pytest.mark.parametrize("word", WORDS)
def test_canonical_word_is_printed_as_it_was_read(word):
    assert str(Case.parse(word)) == word


def test_defaults_are_left_out_of_the_word():
    word = "conv_n1_i3x3_c1_k2x2_f1_s1x1_d1x1_g1_same_float32_ints0"
    assert str(Case.parse(word)) == "conv_i3x3_k2x2_same_ints"


def test_fill_is_ones_unless_named():
    assert Case.parse("conv_i3_k2_same").fill == "ones"


def test_case_with_only_what_is_required_has_the_defaults():
    assert str(SIMPLEST) == "conv_i3_k2_same_ones"
    assert (SIMPLEST.strides, SIMPLEST.dilations) == ((1,), (1,))


@pytest.mark.parametrize("count", [16, 32, 64])
def test_float32_is_left_out_whatever_the_filters_look_like(count):
    assert str(replace(SIMPLEST, filter_count=count)) == f"conv_i3_k2_f{count}_same_ones"


@pytest.mark.parametrize("word", orders("conv_i5_k2_same_bfloat16_ints3"))
def test_tokens_are_read_in_any_order(word):
    assert str(Case.parse(word)) == "conv_i5_k2_same_bfloat16_ints3"


@pytest.mark.parametrize("word", orders("conv_i32_int32_k2_f16_same"))
def test_size_and_filters_that_look_like_dtypes_are_numbers_in_any_order(word):
    assert str(Case.parse(word)) == "conv_i32_k2_f16_same_int32_ones"


@given(shuffled=st.permutations([*WORDS[1].split("_")[1:-4], "cf", "ints7"]))
@quick
def test_long_word_is_read_in_any_order(shuffled):
    assert Case.parse("_".join(["conv", *shuffled])) == replace(Case.parse(WORDS[1]), epilogue=())


@pytest.mark.parametrize("word", ["conv_i3_k1_s0_same_ones_illegal", "conv_i3_k1_illegal_s0_ones_same"])
def test_illegal_call_has_no_seed(word):
    case = Case.parse(word)
    assert (case.illegal, case.fill, case.seed) == (True, "ones", 0)
    assert str(case) == "conv_i3_k1_s0_same_ones_illegal"


def test_number_of_an_illegal_call_is_refused():
    with pytest.raises(InvalidCase, match="'illegal7' has a number: an illegal call has no seed"):
        Case.parse("conv_i3_k1_s0_same_ones_illegal7")


def test_seed_of_an_illegal_call_is_refused():
    with pytest.raises(InvalidCase, match="an illegal case has no seed"):
        replace(Case.parse("conv_i3_k1_s0_same_ones_illegal"), seed=7)


@pytest.mark.parametrize("count", [16, 32, 64])
def test_filters_that_look_like_a_dtype_are_filters(count):
    case = Case.parse(f"conv_i3_k2_same_f{count}")
    assert (case.filter_count, case.dtype) == (count, np.float32)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64", "int32"])
def test_dtype_is_written_as_numpy_names_it(dtype):
    case = Case.parse(f"conv_i32_k2_f16_same_{dtype}")
    assert (case.size, case.filter_count, case.dtype.name) == ((32,), 16, dtype)


@given(case=cases())
@quick
def test_word_needs_no_quotes_in_a_shell(case):
    assert set(str(case)) <= set("abcdefghijklmnopqrstuvwxyz0123456789_.")


@pytest.mark.parametrize(
    ("word", "mode"), [("edge", "replicate"), ("Wrap", "circular"), ("constant", "zeros")]
)
def test_a_mode_in_numpys_words_is_told_its_name(word, mode):
    with pytest.raises(ValueError, match=f"NumPy's {word.lower()!r} is {mode!r} here"):
        Case.parse(f"conv_i3_k3_same_{word}_ones")
