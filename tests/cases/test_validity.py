"""What no convolution has is refused with one sentence."""

from __future__ import annotations

from dataclasses import replace
from time import process_time

import numpy as np
import pytest

from verify import Case, InvalidCase
from verify.cases.large import MEMORY_LIMIT

SIMPLEST = Case(size=(3,), kernel=(2,), padding="SAME")

OUT_OF_ORDER = "the epilogue {!r} is out of order: bias or norm, then residual, then one activation"

LECTURES = "i7x7_c3_k3x3_f2_s2x2_valid and i5x5_c3_k3x3_f2_s2x2_p1.1x1.1"

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
    "conv_i3_k3_same_bfloat16_f2_float16": "'float16' gives its dtype a second time",
    "conv_i3_k3_same_bf16": "'bf16' is no token: the dtype is written 'bfloat16'",
    "conv_i3_k3_f2_same_f16": "'f16' gives its filter count a second time: the dtype is written 'float16'",
    "conv_i3_k3_f32_same_f32": "'f32' gives its filter count a second time: the dtype is written 'float32'",
    "conv_i3_k3_same_i32": "'i32' gives its size a second time: the dtype is written 'int32'",
    "conv_i3_k3_f2_same_f4": "'f4' gives its filter count a second time",
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
        f"conv_i3_k3_same_int32_bias_{step}": f"{step!r} needs a floating-point dtype, not int32"
        for step in ("leaky0.25", "elu", "tanh", "sigmoid")
    },
    "conv_i3_k3_same_int32_norm": "'norm' needs a floating-point dtype, not int32",
    "conv_i3_k3_same_int32_nonfinite": "the fill 'nonfinite' needs a floating-point dtype, not int32",
    "conv_i3_k3_same_coded3": "'coded3' is not a token; did you mean 'coded'?",
    "transpose_i3_k3_same_unread": "the fill 'unread' is not for a transpose that reads every cell",
    "filtergrad_i3_k3_same_bias_unread": "the fill 'unread' is not for a filtergrad that reads every cell",
    **{
        f"{changed}_cs231n": f"the fill 'cs231n' belongs to {LECTURES} alone"
        for changed in (
            "transpose_i7x7_c3_k3x3_f2_s2x2_valid",
            "conv_i7x7_c3_k3x3_f2_s2x2_z1.0x0.0_valid",
            "conv_i7x7_c3_k3x3_f2_s2x2_valid_bias_tanh",
            "conv_i5x5_c3_k3x3_f2_s2x2_valid",
            "conv_i5x5_c3_k3x3_f2_s2x2_p1.1x0.2",
            "conv_i7x7_c3_k3x3_f2_s2x2_p1.1x1.1",
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
        "its arrays would take 1,490.1 GiB as float64, more than the limit of 1 GiB, and cannot be judged by "
        "projection: its arrays take more than 64 GiB in float32"
    ),
    "conv_i3_k3_same_int32_reals": "the fill 'reals' needs a floating-point dtype, not int32",
    "conv_i3_k3_same_int32_unread1": "the fill 'unread' needs a floating-point dtype, not int32",
    "conv_i7x7_c3_k3x3_f2_s2x2_same_cs231n": (f"the fill 'cs231n' belongs to {LECTURES} alone"),
    "conv_n2_i7x7_c3_k3x3_f2_s2x2_valid_cs231n": (f"the fill 'cs231n' belongs to {LECTURES} alone"),
}


def refusal(word: str) -> str:
    with pytest.raises(InvalidCase) as refused:
        Case.parse(word)
    return str(refused.value)


def refusal_of(**fields: object) -> str:
    with pytest.raises(InvalidCase) as refused:
        replace(SIMPLEST, **fields)
    return str(refused.value)


def test_border_below_0_is_refused():
    assert refusal_of(border=((0, -1),)) == "'z0.-1' has a number below 0"


@pytest.mark.parametrize("seed", [-1, 10**9])
def test_seed_that_no_word_has_is_refused_and_any_of_an_illegal_call(seed):
    legal = {"size": (3,), "kernel": (1,), "padding": "SAME"}
    with pytest.raises(InvalidCase, match=r"below 0|more than 9 digits"):
        Case(**legal, fill="ints", seed=seed)
    with pytest.raises(InvalidCase, match="an illegal case has no seed"):
        Case(**legal, strides=(0,), illegal=True, seed=seed)


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
                "ones, iota, impulse, ints, dyadic, coded, reals, nonfinite, unread, levels, cs231n"
            ),
        ),
        (
            {"operation": "pool"},
            "'pool' is none of the operations conv, depthwise, separable, transpose, filtergrad",
        ),
        ({"padding": "FULL"}, 'padding \'FULL\' is neither "SAME", "VALID" nor pairs'),
        (
            {"dtype": np.dtype("int64")},
            "int64 is none of the dtypes float16, bfloat16, float32, float64, int32, int8, uint8, int16",
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
    fits = Case(
        size=(MEMORY_LIMIT // 16 - 1,), kernel=(1,), padding="VALID", dtype=np.dtype(np.float16), fill="reals"
    )
    assert 8 * (2 * fits.size[0] + 1) < MEMORY_LIMIT
    assert refusal_of(size=(fits.size[0] + 1,), kernel=(1,), fill="reals") == (
        "its arrays would take 1.0 GiB as float64, more than the limit of 1 GiB, and cannot be judged by "
        "projection: the fill 'reals' has no exact sums"
    )
    assert replace(SIMPLEST, size=(fits.size[0] + 1,), kernel=(1,)).is_large


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


LONG = {
    "distinct slopes": lambda length: "_".join(f"leaky0.{number:06d}" for number in range(1, length)),
    "one slope": lambda length: "_".join(["leaky0.25"] * length),
    "steps": lambda length: "_".join(["bias", "residual", "relu"] * length),
    "sizes or dtypes": lambda length: "_".join(["float16", "int32"] * length),
    "sizes": lambda length: f"i{'3x' * length}3",
    "pads": lambda length: f"p{'1.0x' * length}1.0",
    "a number": lambda length: f"n{'9' * length}",
    "a slope": lambda length: f"leaky0.{'9' * length}",
    "a seed": lambda length: f"ints{'9' * length}",
    "letters": lambda length: "same" * length,
    "underscores": lambda length: "_" * length,
}
"""What makes tokens that no case has, and more of them for a larger number."""


def refused_in(word: str) -> float:
    """Seconds that the refusal of a word takes at least, of this process alone."""

    def once() -> float:
        begun = process_time()
        refusal(word)
        return process_time() - begun

    return min(once() for _ in range(5))


@pytest.mark.parametrize("kind", LONG)
def test_time_of_a_refusal_grows_as_the_word_does(kind):
    short, long = (f"conv_i3_k1_same_{LONG[kind](length)}" for length in (5_000, 40_000))
    assert refused_in(long) < 20 * refused_in(short) + 0.01, "8 times the length; 64 times were quadratic"


@pytest.mark.parametrize("kind", LONG)
def test_refusal_repeats_only_the_beginning_of_a_long_word(kind):
    assert len(refusal(f"conv_i3_k1_same_{LONG[kind](20_000)}")) < 320


def test_refusal_repeats_only_the_beginning_of_a_long_operation():
    assert refusal("c" * 9000).startswith(f"'{'c' * 150}'… is no case: its first token '{'c' * 50}'… is none")
