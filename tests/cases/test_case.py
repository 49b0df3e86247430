"""The case word: what it reads, what it prints, what it refuses, and the shapes that follow."""

from __future__ import annotations

import re
from dataclasses import FrozenInstanceError, replace
from itertools import permutations, product
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strategies import cases
from strategies.parts import LEAKY
from tests.models import rational
from verify import Case, InvalidCase
from verify.cases.dtypes import FORMATS
from verify.cases.validity import MEMORY_LIMIT

quick = settings(max_examples=60, deadline=None, database=None)

SIMPLEST = Case(size=(3,), kernel=(2,), padding="SAME")

WORDS = (
    "conv_i1_k1_same_ones",
    "conv_n2_i7x8_c6_k3x2_f4_s2x1_d1x3_g2_p1.2x0.3_f16_cf_bias_relu_ints7",
    "conv_i7x7_c3_k3x3_f2_s2x2_valid_bias_cs231n",
    "conv_n0_i4x0x3_k1x1x1_valid_f64_impulse12",
    "conv_i5_k3_p9.0_bf16_relu_dyadic1",
    "conv_i32_k1_same_ones",
    "conv_i32_k1_same_i32_iota",
    "conv_i32_k1_f32_same_i32_ones",
    "conv_i5_k1_f16_same_f16_ones",
    "conv_i5_k1_f64_same_f32_ones",
    "conv_i2x2_k5x5_s4x4_valid_unread999999999",
    "depthwise_i1_k1_same_ones",
    "depthwise_n2_i7x8_c3_k3x2_m2_s2x1_d1x3_z1.2x0.3_p1.2x0.3_f16_cf_bias_residual_relu6_ints7",
    "separable_i5_c3_k3_f2_m4_same_bf16_norm_residual_leaky0.25_coded",
    "separable_i5_k3_f16_m2_same_f32_norm_elu_nonfinite3",
    "transpose_i32_c2_k3_f4_s2_g2_p1.0_f64_bias_residual_tanh_dyadic1",
    "filtergrad_n3_i32_c2_k3_f4_d2_g2_valid_i32_bias_ints4",
    "conv_i3x4x5_k1x1x1_z0.1x2.0x1.1_same_cf_norm_sigmoid_coded",
    "conv_i3_k3_same_leaky0.2_nonfinite999999999",
    "conv_i3_k3_same_leaky0_ones",
    "conv_i3_k3_same_leaky1.5_ones",
    "conv_i3_k3_same_leaky0.000001_ones",
    "conv_i3_k3_same_leaky999.999999_ones",
)

OUT_OF_ORDER = "the epilogue {!r} is out of order: bias or norm, then residual, then one activation"

REFUSALS = {
    "": "its first token '' is none of conv, depthwise, separable, transpose, filtergrad",
    "cnv_i3_k3_same": "its first token 'cnv' is none of conv, depthwise, separable, transpose, filtergrad",
    "i3_conv_k3_same": "its first token 'i3' is none of conv, depthwise, separable, transpose, filtergrad",
    "conv": "it has no size token, such as i3x3",
    "conv_k3_same": "it has no size token, such as i3x3",
    "conv_i3_same": "it has no kernel token, such as k3x3",
    "conv_i3_k3": "it has no padding token, such as same, valid or p1.1x0.2",
    "conv_i3_k3_vald": "'vald' is not a token; did you mean 'valid'?",
    "conv_i3_k3_same_boas": "'boas' is not a token; did you mean 'bias'?",
    "conv_i3_k3_same_ones3": "'ones3' is not a token; did you mean 'ones'?",
    "conv_i3_k3_same_wxyz": "'wxyz' is not a token",
    "conv_n-1_i3_k3_same": "'n-1' has a number below 0",
    "conv_i３_k3_same": "'i３' is not a token",
    "conv_i3_k٣_same": "'k٣' is not a token",
    "conv_i3_k3_same_ints²": "'ints²' is not a token; did you mean 'ints'?",
    "conv_i3__k3_same": "it has an empty token (two underscores together, or one at an end)",
    "conv_i3_k3_same_": "it has an empty token (two underscores together, or one at an end)",
    "conv_i1234567890_k3_same": "'i1234567890' is not 1 to 3 sizes of at most 9 digits, such as i3x3",
    "conv_i3_k3_s2x_same": "'s2x' is not 1 to 3 sizes of at most 9 digits, such as s3x3",
    "conv_i3x3x3x3_k3_same": "'i3x3x3x3' is not 1 to 3 sizes of at most 9 digits, such as i3x3",
    "conv_i3x_k3_same": "'i3x' is not 1 to 3 sizes of at most 9 digits, such as i3x3",
    "conv_n1234567890_i3_k3_same": "'n1234567890' is not a count of at most 9 digits, such as n2",
    "conv_i3_k3_p1x1": "'p1x1' is not a padding such as p1.0x0.2: before.after for 1 to 3 axes",
    "conv_i3_i4_k3_same": "'i4' gives its size a second time",
    "conv_i3_k3_k3_same": "'k3' gives its kernel a second time",
    "conv_i3_k3_same_valid": "'valid' gives its padding a second time",
    "conv_i3_k3_f2_f3_same": "'f3' gives its filter count a second time",
    "conv_i3_k3_same_ones_ints3": "'ints3' gives its fill a second time",
    "conv_i3_k3_same_bf16_f2_f16": "'f16' gives its dtype a second time",
    "conv_i3_k3_same_f16_f16_f16": "'f16' gives its dtype a second time",
    "conv_i3_k3_same_cf_cf": "'cf' gives its channels first a second time",
    "conv_i3_k3_same_bias_bias": "'bias' gives its epilogue a second time",
    "conv_i3_k3_same_relu_bias": (
        "the epilogue 'relu_bias' is out of order: bias or norm, then residual, then one activation"
    ),
    "depthwise_i3x3x3_k3x3x3_same": "depthwise has 1 or 2 spatial axes, not 3",
    "separable_i3x3x3_k3x3x3_same": "separable has 1 or 2 spatial axes, not 3",
    "depthwise_i3_c2_k3_g2_same": "depthwise takes no groups such as 'g2'",
    "separable_i3_c2_k3_f2_g2_same": "separable takes no groups such as 'g2'",
    "depthwise_i3_k3_f2_same": "depthwise has a multiplier, not filters such as 'f2'",
    "conv_i3_k3_m2_same": "conv has no multiplier such as 'm2'; depthwise and separable do",
    "transpose_i3_k3_m2_same": "transpose has no multiplier such as 'm2'; depthwise and separable do",
    "filtergrad_i3_k3_m2_same": "filtergrad has no multiplier such as 'm2'; depthwise and separable do",
    "separable_i3_k3_z1.0_same": "separable takes no border such as 'z1.0'; conv and depthwise do",
    "transpose_i3_k3_z1.0_same": "transpose takes no border such as 'z1.0'; conv and depthwise do",
    "filtergrad_i3_k3_z0.2_same": "filtergrad takes no border such as 'z0.2'; conv and depthwise do",
    "depthwise_i3_k3_m0_same": "'m0' has a number below 1",
    "depthwise_i3_k3_m2_m3_same": "'m3' gives its multiplier a second time",
    "conv_i3_k3_z1x1_same": "'z1x1' is not a border such as z1.0x0.2: before.after for 1 to 3 axes",
    "conv_i3_k3_z1.1x1.1_same": "'z1.1x1.1' does not fit the spatial axes of i3",
    "conv_i3_k3_z1.1_z1.1_same": "'z1.1' gives its border a second time",
    "conv_i1_k5_z1.1_valid": (
        "on axis 0 the dilated kernel covers 5 cells of a padded input of 3, "
        "so the output size would be negative (stride 1)"
    ),
    "conv_i3_k3_same_bias_norm": OUT_OF_ORDER.format("bias_norm"),
    "conv_i3_k3_same_norm_bias": OUT_OF_ORDER.format("norm_bias"),
    "conv_i3_k3_same_residual_bias": OUT_OF_ORDER.format("residual_bias"),
    "conv_i3_k3_same_residual_norm": OUT_OF_ORDER.format("residual_norm"),
    "conv_i3_k3_same_relu_residual": OUT_OF_ORDER.format("relu_residual"),
    "conv_i3_k3_same_relu_relu6": OUT_OF_ORDER.format("relu_relu6"),
    "conv_i3_k3_same_elu_bias": OUT_OF_ORDER.format("elu_bias"),
    "conv_i3_k3_same_leaky0.2_leaky0.3": OUT_OF_ORDER.format("leaky0.2_leaky0.3"),
    "conv_i3_k3_same_leaky0.2_leaky0.2": "'leaky0.2' gives its epilogue a second time",
    "conv_i3_k3_same_residual_residual": "'residual' gives its epilogue a second time",
    "conv_i3_k3_same_leaky": "'leaky' is not a leaky relu with its slope, such as leaky0.25",
    "conv_i3_k3_same_leaky.2": "'leaky.2' is not a leaky relu with its slope, such as leaky0.25",
    "conv_i3_k3_same_leaky-1": "'leaky-1' is not a leaky relu with its slope, such as leaky0.25",
    "conv_i3_k3_same_leaky1000": "'leaky1000' is not a leaky relu with its slope, such as leaky0.25",
    "conv_i3_k3_same_leaky0.0000001": (
        "'leaky0.0000001' is not a leaky relu with its slope, such as leaky0.25"
    ),
    **{
        f"filtergrad_i3_k3_same_{steps}": (
            f"the epilogue {steps!r} cannot follow a filtergrad, which takes a bias alone"
        )
        for steps in ("relu", "residual", "bias_relu", "norm")
    },
    **{
        f"conv_i3_k3_same_i32_bias_{step}": f"{step!r} needs a floating-point dtype, not i32"
        for step in ("leaky0.25", "elu", "tanh", "sigmoid")
    },
    "conv_i3_k3_same_i32_norm": "'norm' needs a floating-point dtype, not i32",
    "conv_i3_k3_same_i32_nonfinite": "the fill 'nonfinite' needs a floating-point dtype, not i32",
    "conv_i3_k3_same_coded3": "'coded3' is not a token; did you mean 'coded'?",
    "transpose_i3_k3_same_unread": "the fill 'unread' is not for a transpose that reads every cell",
    "filtergrad_i3_k3_same_bias_unread": "the fill 'unread' is not for a filtergrad that reads every cell",
    **{
        f"{changed}_cs231n": "the fill 'cs231n' belongs to i7x7_c3_k3x3_f2_s2x2_valid alone"
        for changed in (
            "transpose_i7x7_c3_k3x3_f2_s2x2_valid",
            "conv_i7x7_c3_k3x3_f2_s2x2_z1.0x0.0_valid",
            "conv_i7x7_c3_k3x3_f2_s2x2_valid_bias_tanh",
        )
    },
    "conv_i3x3_k3_same": "'k3' does not fit the spatial axes of i3x3",
    "conv_i3_k3_s2x2_same": "'s2x2' does not fit the spatial axes of i3",
    "conv_i3_k3_d2x2_same": "'d2x2' does not fit the spatial axes of i3",
    "conv_i3_k3_p1.1x1.1": "'p1.1x1.1' does not fit the spatial axes of i3",
    "conv_i3_k0_same": "'k0' has a number below 1",
    "conv_i3_k3_s0_same": "'s0' has a number below 1",
    "conv_i3_k3_d0_same": "'d0' has a number below 1",
    "conv_i3_c0_k3_same": "'c0' has a number below 1",
    "conv_i3_k3_f0_same": "'f0' has a number below 1",
    "conv_i3_k3_g0_same": "'g0' has a number below 1",
    "conv_i3_c4_k1_f3_g3_same": "'g3' does not divide 'c4'",
    "conv_i3_c3_k1_f2_g3_same": "'g3' does not divide 'f2'",
    "conv_i3_k5_valid": (
        "on axis 0 the dilated kernel covers 5 cells of a padded input of 3, "
        "so the output size would be negative (stride 1)"
    ),
    "conv_i9x3_k3x3_d1x4_s2x2_p0.0x1.1": (
        "on axis 1 the dilated kernel covers 9 cells of a padded input of 5, "
        "so the output size would be negative (stride 2)"
    ),
    "conv_n99999_i999x999_k3x3_same": (
        "its arrays would take 1,490.1 GiB as float64, more than the limit of 1 GiB"
    ),
    "conv_i3_k3_same_i32_reals": "the fill 'reals' needs a floating-point dtype, not i32",
    "conv_i3_k3_same_i32_unread1": "the fill 'unread' needs a floating-point dtype, not i32",
    "conv_i7x7_c3_k3x3_f2_s2x2_same_cs231n": (
        "the fill 'cs231n' belongs to i7x7_c3_k3x3_f2_s2x2_valid alone"
    ),
    "conv_n2_i7x7_c3_k3x3_f2_s2x2_valid_cs231n": (
        "the fill 'cs231n' belongs to i7x7_c3_k3x3_f2_s2x2_valid alone"
    ),
}


def refusal(word: str) -> str:
    with pytest.raises(InvalidCase) as refused:
        Case.parse(word)
    return str(refused.value)


def refusal_of(**fields: object) -> str:
    with pytest.raises(InvalidCase) as refused:
        replace(SIMPLEST, **fields)
    return str(refused.value)


def orders(word: str) -> list[str]:
    """A word with its tokens in every order, the operation first."""
    operation, *tokens = word.split("_")
    return ["_".join([operation, *each]) for each in permutations(tokens)]


def pretty(case: Case) -> str:
    """What a pretty printer of the IPython kind is told."""
    told: list[str] = []
    case._repr_pretty_(SimpleNamespace(text=told.append), cycle=False)
    return "".join(told)


def falsifying_note() -> str:
    """What Hypothesis prints for a drawn case that fails."""

    @settings(max_examples=1, database=None, deadline=None)
    @given(cases(ranks=(2,)))
    def fail(case: Case) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError) as failure:
        fail()
    return "\n".join(failure.value.__notes__)


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


STEPS = ("relu", "relu6", "leaky0.25", "elu", "tanh", "sigmoid")
EPILOGUES = [
    "_".join(filter(None, each)) for each in product(("", "bias", "norm"), ("", "residual"), ("", *STEPS))
]


@pytest.mark.parametrize("epilogue", EPILOGUES)
@pytest.mark.parametrize("operation", ["conv", "depthwise", "separable", "transpose"])
def test_word_reads_back_with_every_epilogue(operation, epilogue):
    case = Case(
        operation=operation,
        size=(5,),
        kernel=(2,),
        padding="SAME",
        epilogue=tuple(filter(None, epilogue.split("_"))),
    )
    assert Case.parse(str(case)) == case
    assert epilogue in str(case)


@pytest.mark.parametrize(
    ("spelling", "step"),
    [
        ("leaky0.250", "leaky0.25"),
        ("leaky00.25", "leaky0.25"),
        ("leaky1", "leaky1"),
        ("leaky1.0", "leaky1"),
        ("leaky10", "leaky10"),
        ("leaky0.0", "leaky0"),
        ("leaky0.000000", "leaky0"),
        *((step, step) for step in LEAKY),
    ],
)
def test_leaky_relu_is_spelled_one_way(spelling, step):
    assert Case.parse(f"conv_i3_k2_same_{spelling}_ones").epilogue == (step,)


@pytest.mark.parametrize(
    "step", ["leaky", "leaky0.250", "leaky1.0", "leakyx", "leaky-1", "leaky1000", "leakynan"]
)
def test_leaky_relu_of_another_spelling_is_refused_as_a_field(step):
    assert refusal_of(epilogue=(step,)) == (
        f"{step!r} is none of the steps bias, norm, residual, relu, relu6, leaky, elu, tanh, sigmoid"
    )


def test_step_that_is_none_is_refused_as_a_field():
    assert refusal_of(epilogue=("swish",)) == (
        "'swish' is none of the steps bias, norm, residual, relu, relu6, leaky, elu, tanh, sigmoid"
    )


def test_border_below_0_is_refused():
    assert refusal_of(border=((0, -1),)) == "'z0.-1' has a number below 0"


def test_border_of_no_cells_is_none():
    assert Case.parse("conv_i3x3_k2x2_z0.0x0.0_same") == Case.parse("conv_i3x3_k2x2_same")


@pytest.mark.parametrize("word", orders("depthwise_i5_c2_k2_m3_z1.0_same"))
def test_tokens_of_a_depthwise_are_read_in_any_order(word):
    assert str(Case.parse(word)) == "depthwise_i5_c2_k2_m3_z1.0_same_ones"


@given(shuffled=st.permutations(["i5", "k2", "f2", "m2", "valid", "bf16", "cf", "coded"]), place=st.data())
@quick
def test_tokens_are_read_in_any_order_about_an_epilogue_in_its_own(shuffled, place):
    tokens = list(shuffled)
    at = sorted(place.draw(st.lists(st.integers(0, len(tokens)), min_size=3, max_size=3)), reverse=True)
    for where, step in zip(at, ("leaky0.5", "residual", "norm"), strict=True):
        tokens.insert(where, step)
    word = "_".join(["separable", *tokens])
    assert str(Case.parse(word)) == "separable_i5_k2_f2_m2_valid_bf16_cf_norm_residual_leaky0.5_coded"


@pytest.mark.parametrize("word", WORDS)
def test_canonical_word_is_printed_as_it_was_read(word):
    assert str(Case.parse(word)) == word


def test_defaults_are_left_out_of_the_word():
    word = "conv_n1_i3x3_c1_k2x2_f1_s1x1_d1x1_g1_same_f32_ints0"
    assert str(Case.parse(word)) == "conv_i3x3_k2x2_same_ints"


def test_fill_is_ones_unless_named():
    assert Case.parse("conv_i3_k2_same").fill == "ones"


def test_case_with_only_what_is_required_has_the_defaults():
    assert str(SIMPLEST) == "conv_i3_k2_same_ones"
    assert (SIMPLEST.strides, SIMPLEST.dilations) == ((1,), (1,))


def test_float32_is_named_where_the_filters_look_like_a_dtype():
    assert str(replace(SIMPLEST, filter_count=16)) == "conv_i3_k2_f16_same_f32_ones"


@pytest.mark.parametrize("word", orders("conv_i5_k2_same_bf16_ints3"))
def test_tokens_are_read_in_any_order(word):
    assert str(Case.parse(word)) == "conv_i5_k2_same_bf16_ints3"


@pytest.mark.parametrize("word", orders("conv_i32_i32_k2_f16_same"))
def test_repeated_size_token_is_a_size_and_a_dtype_in_any_order(word):
    assert str(Case.parse(word)) == "conv_i32_k2_f16_same_i32_ones"


@given(shuffled=st.permutations([*WORDS[1].split("_")[1:-4], "cf", "ints7"]))
@quick
def test_long_word_is_read_in_any_order(shuffled):
    assert Case.parse("_".join(["conv", *shuffled])) == replace(Case.parse(WORDS[1]), epilogue=())


def test_of_two_alike_tokens_the_first_counts_filters_and_the_second_is_the_dtype():
    case = Case.parse("conv_i3_k2_same_f64_f16")
    assert (case.filter_count, case.dtype) == (64, np.float16)


@pytest.mark.parametrize("seed", [-1, 10**9])
def test_seed_that_no_word_has_is_refused_of_an_illegal_call_too(seed):
    legal = {"size": (3,), "kernel": (1,), "padding": "SAME"}
    with pytest.raises(InvalidCase, match=f"the seed {seed} is not a number of at most 9 digits"):
        Case(**legal, strides=(0,), illegal=True, seed=seed)


@pytest.mark.parametrize("word", ["conv_i3_k1_s0_same_ones_illegal7", "conv_i3_k1_illegal7_s0_ones_same"])
def test_number_of_an_illegal_call_is_its_seed(word):
    case = Case.parse(word)
    assert (case.illegal, case.fill, case.seed) == (True, "ones", 7)
    assert str(case) == "conv_i3_k1_s0_same_ones_illegal7"


def test_lone_token_that_could_count_filters_is_the_dtype():
    case = Case.parse("conv_i3_k2_same_f16")
    assert (case.filter_count, case.dtype) == (1, np.float16)


def test_token_beside_another_dtype_counts_filters():
    case = Case.parse("conv_i3_k2_same_bf16_f16")
    assert (case.filter_count, case.format.token) == (16, "bf16")


def test_lone_i32_is_the_size():
    case = Case.parse("conv_i32_k2_same")
    assert (case.size, case.format.token) == ((32,), "f32")


def test_i32_beside_a_size_is_the_dtype():
    case = Case.parse("conv_i32_i5_k2_same")
    assert (case.size, case.format.token) == ((5,), "i32")


@pytest.mark.parametrize(("word", "sentence"), list(REFUSALS.items()))
def test_refusal_is_one_sentence_that_names_the_word_and_the_token(word, sentence):
    assert refusal(word) == f"{word!r} is no case: {sentence}"


def test_refusal_stays_on_one_line_whatever_the_word():
    assert refusal("conv_i3\n_k3_same") == (
        "'conv_i3\\n_k3_same' is no case: 'i3\\n' is not 1 to 3 sizes of at most 9 digits, such as i3x3"
    )


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"fill": "ones", "seed": 3}, "the fill 'ones' takes no seed"),
        ({"fill": "iota", "seed": 1}, "the fill 'iota' takes no seed"),
        (
            {"fill": "noise"},
            (
                "'noise' is none of the fills "
                "ones, iota, impulse, ints, dyadic, coded, reals, nonfinite, unread, cs231n"
            ),
        ),
        (
            {"operation": "pool"},
            "'pool' is none of the operations conv, depthwise, separable, transpose, filtergrad",
        ),
        ({"padding": "FULL"}, 'padding \'FULL\' is neither "SAME", "VALID" nor pairs'),
        (
            {"dtype": np.dtype("int8")},
            "int8 is none of the dtypes float16, bfloat16, float32, float64, int32",
        ),
        ({"size": (), "kernel": (), "strides": (), "dilations": ()}, "it has 0 spatial axes, not 1 to 3"),
        ({"size": (1, 1, 1, 1)}, "it has 4 spatial axes, not 1 to 3"),
        ({"batch": -1}, "'n-1' has a number below 0"),
        ({"size": (-1,)}, "'i-1' has a number below 0"),
        ({"padding": ((0, -1),)}, "'p0.-1' has a number below 0"),
        ({"fill": "ints", "seed": -1}, "'ints-1' has a number below 0"),
    ],
)
def test_fields_that_no_word_could_name_are_refused_with_one_sentence(fields, sentence):
    assert refusal_of(**fields) == sentence


@pytest.mark.parametrize(
    "fields",
    [
        {"fill": "ints", "seed": 10**9},
        {"batch": 0, "size": (10**9,)},
        {"strides": (10**9,)},
        {"kernel": (1,), "dilations": (10**9,)},
        {"batch": 0, "padding": ((10**9, 0),)},
    ],
)
def test_number_too_long_for_a_word_is_refused(fields):
    assert "9 digits" in refusal_of(**fields)


def test_memory_limit_counts_padded_input_filters_and_answer_as_float64():
    fits = Case(size=(MEMORY_LIMIT // 16 - 1,), kernel=(1,), padding="VALID", dtype=np.dtype(np.float16))
    assert 8 * (2 * fits.size[0] + 1) < MEMORY_LIMIT
    assert refusal_of(size=(fits.size[0] + 1,), kernel=(1,)) == (
        "its arrays would take 1.0 GiB as float64, more than the limit of 1 GiB"
    )


@pytest.mark.parametrize(
    "word",
    [
        "conv_n0_i999999999x999999999x999999999_k1x1x1_same",
        "conv_n0_i999999x999999_k1x1_same_unread",
        "conv_i0x999999x999999_k1x1x1_same_unread",
    ],
)
def test_word_with_an_empty_side_cannot_ask_for_more_memory_either(word):
    assert "more than the limit" in refusal(word)


def test_case_is_frozen():
    with pytest.raises(FrozenInstanceError):
        SIMPLEST.batch = 2


def test_equal_cases_have_equal_hashes():
    assert hash(Case.parse("conv_i3_k2_same")) == hash(SIMPLEST)


@given(case=cases())
@quick
def test_repr_can_be_pasted(case):
    assert eval(repr(case), {"Case": Case}) == case


@given(case=cases())
@quick
def test_repr_is_one_line_however_it_is_printed(case):
    assert pretty(case) == repr(case) == f"Case.parse('{case}')"


def test_hypothesis_prints_a_case_in_one_line():
    assert re.search(r"\n    case=Case\.parse\('[a-z0-9_.]+'\),", falsifying_note())


@given(case=cases())
@quick
def test_word_needs_no_quotes_in_a_shell(case):
    assert set(str(case)) <= set("abcdefghijklmnopqrstuvwxyz0123456789_.")


@pytest.mark.parametrize(
    ("word", "data_format", "input_shape", "output_shape"),
    [
        ("conv_n2_i7_c3_k3_f5_valid", "NWC", (2, 7, 3), (2, 5, 5)),
        ("conv_n2_i7_c3_k3_f5_valid_cf", "NCW", (2, 3, 7), (2, 5, 5)),
        ("conv_n2_i7x9_c3_k3x2_f5_s2x1_same", "NHWC", (2, 7, 9, 3), (2, 4, 9, 5)),
        ("conv_n2_i7x9_c3_k3x2_f5_s2x1_same_cf", "NCHW", (2, 3, 7, 9), (2, 5, 4, 9)),
        ("conv_n2_i4x5x6_c3_k1x2x3_f5_p0.0x1.0x2.2", "NDHWC", (2, 4, 5, 6, 3), (2, 4, 5, 8, 5)),
        ("conv_n2_i4x5x6_c3_k1x2x3_f5_p0.0x1.0x2.2_cf", "NCDHW", (2, 3, 4, 5, 6), (2, 5, 4, 5, 8)),
    ],
)
def test_shapes_follow_the_data_format(word, data_format, input_shape, output_shape):
    case = Case.parse(word)
    assert (case.data_format, case.input_shape, case.output_shape) == (
        data_format,
        input_shape,
        output_shape,
    )


@pytest.mark.parametrize(
    ("word", "input_shape", "factor_shape", "output_shape"),
    [
        ("depthwise_n2_i7_c3_k3_m2_valid", (2, 7, 3), (3, 3, 2), (2, 5, 6)),
        ("depthwise_n2_i7x9_c3_k3x2_m2_same_cf", (2, 3, 7, 9), (3, 2, 3, 2), (2, 6, 7, 9)),
        ("separable_n2_i7_c3_k3_f5_m2_valid", (2, 7, 3), (3, 3, 2), (2, 5, 5)),
        ("transpose_n2_i7_c4_k3_f6_s2_g2_valid", (2, 3, 6), (3, 2, 6), (2, 7, 4)),
        ("transpose_n2_i7_c4_k3_f6_s2_g2_valid_cf", (2, 6, 3), (3, 2, 6), (2, 4, 7)),
        ("filtergrad_n2_i7_c4_k3_f6_s2_g2_valid", (2, 7, 4), (2, 3, 6), (3, 2, 6)),
        ("filtergrad_n2_i7_c4_k3_f6_s2_g2_valid_cf", (2, 4, 7), (2, 6, 3), (3, 2, 6)),
        ("filtergrad_n2_i7_c4_k3_f6_s2_g2_valid_bias", (2, 7, 4), (2, 3, 6), (6,)),
        ("conv_n2_i7_c4_k3_f6_z1.2_valid", (2, 7, 4), (3, 4, 6), (2, 8, 6)),
        ("conv_n2_i7_c4_k3_f6_s2_z1.2_same", (2, 7, 4), (3, 4, 6), (2, 5, 6)),
    ],
)
def test_shapes_of_every_operation(word, input_shape, factor_shape, output_shape):
    case = Case.parse(word)
    assert (case.input_shape, case.factor_shape, case.output_shape) == (
        input_shape,
        factor_shape,
        output_shape,
    )


@pytest.mark.parametrize(
    ("word", "products"),
    [
        ("depthwise_i7x7_c6_k3x2_m4_same", 6),
        ("separable_i7x7_c6_k3x2_f2_m4_same", 144),
        ("transpose_i7_c4_k3_f6_g2_same", 9),
        ("transpose_i7_k5_s2_same", 3),
        ("transpose_i7_k5_s2_d2_same", 5),
        ("transpose_i7_k5_s4_d2_same", 3),
        ("transpose_i7_k3_s4_same", 1),
        ("filtergrad_n3_i7_c4_k3_f6_valid", 15),
        ("filtergrad_n3_i7x4_k3x1_s2x1_valid", 36),
    ],
)
def test_products_of_every_operation(word, products):
    assert Case.parse(word).products == products


@given(case=cases(operations=("transpose",), max_side=6, max_channels=3, max_batch=1))
@quick
def test_products_of_a_transpose_are_the_most_that_meet_or_more(case):
    met = max(map(len, rational.pairs(case).values()), default=0)
    assert met <= case.products


def test_filtergrad_has_a_cotangent_and_no_filters():
    case = Case.parse("filtergrad_i7_c4_k3_f6_valid")
    assert case.cotangent.shape == (1, 5, 6)
    with pytest.raises(AttributeError, match=r"^a filtergrad has an input and a cotangent, and no filters$"):
        _ = case.filters


def test_transpose_has_its_input_as_cotangent():
    case = Case.parse("transpose_i7_c4_k3_f6_valid")
    assert case.cotangent is case.input


def test_convolution_has_no_cotangent():
    with pytest.raises(AttributeError, match=r"^a conv has no cotangent$"):
        _ = SIMPLEST.cotangent


def test_norm_has_four_parts_for_each_channel_of_the_answer():
    norm = Case.parse("depthwise_i5_c3_k2_m2_same_norm").norm
    assert [part.shape for part in norm] == [(6,)] * 4
    assert SIMPLEST.norm is None


@pytest.mark.parametrize("suffix", ["", "_cf"])
def test_filters_have_the_channels_of_one_group_in_either_data_format(suffix):
    assert Case.parse(f"conv_i7x7_c6_k3x2_f4_g2_same{suffix}").filter_shape == (3, 2, 3, 4)


def test_products_are_the_taps_times_the_channels_of_one_group():
    assert Case.parse("conv_i7x7_c6_k3x2_f4_g2_same").products == 18


@pytest.mark.parametrize(
    ("word", "output_shape"),
    [
        ("conv_n0_i3_k2_same", (0, 3, 1)),
        ("conv_i0_k2_same", (1, 0, 1)),
        ("conv_i2x5_k3x3_valid", (1, 0, 3, 1)),
        ("conv_i1_k4_s3_valid", (1, 0, 1)),
    ],
)
def test_empty_extents_are_legal(word, output_shape):
    assert Case.parse(word).output_shape == output_shape


def test_case_has_new_operands_each_time_it_makes_them():
    first, second = SIMPLEST.make_operands(), SIMPLEST.make_operands()
    assert not np.shares_memory(first.input, second.input)


def test_case_hands_out_one_set_of_its_own():
    case = replace(SIMPLEST, epilogue=("bias",))
    assert case.input is case.input
    assert case.filters is case.filters
    assert case.bias is case.bias


def test_case_without_a_bias_has_none():
    assert SIMPLEST.bias is None


@pytest.mark.parametrize(("form", "count"), list(product(FORMATS.values(), [1, 5])))
def test_bias_has_one_number_for_each_filter_in_the_dtype(form, count):
    bias = replace(SIMPLEST, epilogue=("bias",), filter_count=count, dtype=form.dtype).bias
    assert (bias.shape, bias.dtype) == ((count,), form.dtype)


def test_fields_are_taken_as_whole_numbers_whatever_holds_them():
    given = Case(size=[np.int64(3)], kernel=[2], strides=[np.int32(1)], padding=[[1, 2]], dtype="float16")
    assert given == Case.parse("conv_i3_k2_p1.2_f16_ones")


def test_dtype_of_another_byte_order_is_that_of_this_machine():
    assert Case(size=(3,), kernel=(2,), padding="SAME", dtype=np.dtype(">f8")).dtype == np.dtype("=f8")


@pytest.mark.parametrize("wrong", [{"size": (3.0,)}, {"seed": 1.5}, {"padding": ((1,),)}, {"dtype": "no"}])
def test_field_of_the_wrong_type_is_refused(wrong):
    with pytest.raises(InvalidCase, match=r"^a field is of the wrong type: "):
        Case(**{"size": (3,), "kernel": (2,), "padding": "SAME", "fill": "ints", **wrong})
