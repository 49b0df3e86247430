"""Wrong arguments of the functions on plain arrays: one sentence that names the argument and the choices."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.planted.tensors import Lent
from verify import conv, conv_transpose, filter_gradient

X, W = np.ones((2, 8, 8, 3)), np.ones((3, 3, 3, 5))
Y = np.ones((2, 6, 6, 5))
FIVE = np.ones(5)
STEPS = "relu, relu6, leaky0.25 (any slope), elu, tanh, sigmoid"
CELLS = "nor a number of cells, or one for each of 2 axes"
FORMATS = "is none of 'NHWC', 'NCHW', 'channels_last' and 'channels_first'"
ORDERS = "nor another order of N, H, W and C, with or without the N"
NEITHER = "is neither one size for each of 2 axes, nor the whole shape NHWC with 3 channels"
KERNEL = (
    "a kernel is a number, or one for each of 1 to 3 spatial axes, and both arrays have 2 axes more, "
    "or 1 without a batch"
)


def refusal(act: Callable[..., Any], *arrays: Any, **options: Any) -> str:
    with pytest.raises(ValueError) as refused:  # noqa: PT011 - the callers pin the sentence
        act(*arrays, **options)
    assert type(refused.value) is ValueError
    return str(refused.value)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"padding": None}, f"padding None is not a (before, after) pair for each spatial axis, {CELLS}"),
        ({"padding": -1}, f"padding -1 is not a (before, after) pair for each spatial axis, {CELLS}"),
        ({"padding": (1, 2, 3)}, "padding (1, 2, 3) is not a (before, after) pair for each spatial axis"),
        (
            {"padding": "full"},
            f"padding 'full' is neither 'SAME', 'VALID' nor (before, after) pairs, {CELLS}",
        ),
        ({"strides": "2"}, "strides '2' is not a positive number, or one for each of 2 axes"),
        ({"groups": 1.5}, "groups is 1.5, not a whole number"),
        ({"data_format": "NHWX"}, f"data_format 'NHWX' {FORMATS}, {ORDERS}"),
        ({"data_format": 3}, f"data_format 3 {FORMATS}, {ORDERS}"),
        ({"data_format": "HWC"}, "data_format 'HWC' has no batch, and x has 4 axes: name its N"),
        (
            {"filter_format": "OIH"},
            "filter_format 'OIH' is neither 'HWIO', 'OIHW' nor another order of H, W, I and O",
        ),
        (
            {"filter_format": 7},
            "filter_format 7 is neither 'HWIO', 'OIHW' nor another order of H, W, I and O",
        ),
        ({"activation": "gelu"}, f"activation 'gelu' is none of {STEPS}"),
        ({"activation": "leaky"}, f"activation 'leaky' is none of {STEPS}"),
        ({"activation": 1}, f"activation 1 is none of {STEPS}"),
        ({"norm": (FIVE, FIVE)}, "norm is not the four arrays (mean, variance, scale, offset)"),
        (
            {"norm": (FIVE,) * 4},
            "norm_epsilon is None, not what is added to the variance: 1e-3 in Keras, 1e-5 in PyTorch",
        ),
        ({"norm_epsilon": 1e-3}, "norm_epsilon is 0.001, and norm is not given"),
        (
            {"norm": (FIVE, FIVE, FIVE, FIVE[:2]), "norm_epsilon": 1e-3},
            "the offset of norm has shape (2,), not one number for each of 5 filters",
        ),
        (
            {"norm": (FIVE,) * 4, "norm_epsilon": 1e-3, "bias": FIVE},
            "bias and norm are both given; a bias before a norm is a norm of mean − bias",
        ),
        ({"residual": Y[0]}, "residual has shape (6, 6, 5), not the answer's (2, 6, 6, 5)"),
        ({"bias": "b"}, "bias is str32, not an array of real numbers"),
    ],
)
def test_wrong_option_is_named_with_the_choices(options, sentence):
    assert refusal(conv, X, W, **options).startswith(sentence)


@pytest.mark.parametrize(
    ("x", "sentence"),
    [
        (None, "x cannot be read as an array of numbers: NoneType is no array of numbers"),
        ([[1, 2], [3]], "x cannot be read as an array of numbers: setting an array element"),
        ("abc", "x is str96, not an array of real numbers"),
        (np.ones((8, 8)), "x and w have 2 and 4 axes; both need the same 3, 4 or 5, or x one less"),
        (np.zeros((1, 8, 8, 3), [("a", "f4")]), "x is void32, not an array of real numbers"),
        (np.full((1, 8, 8, 3), None), "x is object, not an array of real numbers"),
        (Lent(np.array([object()])), "x cannot be read as an array of numbers: "),
    ],
)
def test_what_is_no_array_is_named(x, sentence):
    assert refusal(conv, x, W).startswith(sentence)


def test_curve_needs_floats():
    whole = {"x": X.astype(np.int32), "w": W.astype(np.int32)}
    assert refusal(conv, **whole, activation="tanh") == "tanh needs floating-point arrays, and x is int32"


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (
            {"output_padding": 1, "output_shape": (8, 8)},
            "output_shape and output_padding both say the size of the answer; give one",
        ),
        ({"output_padding": -1}, "output_padding -1 is not 0, a positive number, or one for each of 2 axes"),
        (
            {"output_padding": 1},
            (
                "output_padding 1 makes an answer of sizes (9, 9), from which the convolution makes (7, 7) "
                "and not x's (6, 6); sizes from 8 to 8, 8 to 8 fit"
            ),
        ),
        (
            {"output_shape": (9, 9), "strides": 2, "padding": "SAME"},
            (
                "output_shape (9, 9) makes an answer of sizes (9, 9), from which the convolution makes "
                "(5, 5) and not x's (6, 6); sizes from 11 to 12, 11 to 12 fit"
            ),
        ),
        (
            {"output_shape": (1, 8, 8, 3)},
            f"output_shape (1, 8, 8, 3) {NEITHER}",
        ),
        (
            {"output_shape": "a"},
            f"output_shape 'a' {NEITHER}",
        ),
        (
            {"filter_format": "HWIO"},
            (
                "x has 5 channels and w reads 3: its shape is (3, 3, 3, 5), HWIO; w looks like HWOI or OHWI: "
                "pass filter_format='HWOI'"
            ),
        ),
    ],
)
def test_wrong_size_of_a_transpose_is_named(options, sentence):
    assert refusal(conv_transpose, Y, W, **options) == sentence


@pytest.mark.parametrize(
    ("cotangent", "kernel", "sentence"),
    [
        (Y, 2, "cotangent has sizes (6, 6) along H, W, where the convolution of x, of sizes (8, 8), answers"),
        (Y[:1], 3, "x has a batch of 2 and cotangent one of 1"),
        (Y, 0, "kernel 0 is not a positive number, or one for each of 2 axes"),
        (Y, "a", f"kernel is 'a', x has 4 axes and cotangent 4; {KERNEL}"),
        (Y, (3,), f"kernel is (3,), x has 4 axes and cotangent 4; {KERNEL}"),
        (Y[0], 3, f"kernel is 3, x has 4 axes and cotangent 3; {KERNEL}"),
    ],
)
def test_wrong_argument_of_a_filter_gradient_is_named(cotangent, kernel, sentence):
    assert refusal(filter_gradient, X, cotangent, kernel=kernel).startswith(sentence)


def test_groups_that_do_not_fit_a_gradient_are_named():
    assert refusal(filter_gradient, X, Y, kernel=3, groups=2) == (
        "x has 3 channels and cotangent 5, which do not fit 2 groups"
    )


@pytest.mark.parametrize(
    ("x", "w", "options", "hint"),
    [
        ((2, 8, 8, 3), (5, 3, 2, 2), {}, "w looks like OIHW: pass filter_format='OIHW'"),
        ((2, 8, 8, 3), (5, 2, 2, 3), {}, "w looks like OHWI: pass filter_format='OHWI'"),
        ((2, 3, 8, 8), (2, 2, 3, 5), {}, "x looks like NCHW: pass data_format='NCHW'"),
        (
            (2, 3, 8, 8),
            (5, 3, 2, 2),
            {},
            "x looks like NCHW and w looks like OIHW: pass data_format='NCHW', filter_format='OIHW'",
        ),
        ((2, 8, 8, 4), (6, 2, 3, 3), {"groups": 2}, "w looks like OIHW: pass filter_format='OIHW'"),
        ((8, 8, 3), (5, 3, 2, 2), {}, "w looks like OIHW: pass filter_format='OIHW'"),
        ((3, 8, 8), (2, 2, 3, 5), {}, "x looks like CHW: pass data_format='CHW'"),
        ((2, 8, 3), (5, 2, 3), {}, "w looks like OWI: pass filter_format='OWI'"),
        ((2, 4, 4, 4, 3), (5, 3, 2, 2, 2), {}, "w looks like OIDHW: pass filter_format='OIDHW'"),
        (
            (2, 8, 8, 3),
            (2, 2, 3, 5),
            {"filter_format": "OIHW"},
            "w looks like HWIO: pass filter_format='HWIO'",
        ),
    ],
)
def test_arrays_that_fit_in_another_layout_alone_are_named(x, w, options, hint):
    assert refusal(conv, np.ones(x), np.ones(w), **options).endswith(f"; {hint}")


def test_arrays_that_fit_in_no_layout_have_no_hint():
    assert refusal(conv, X, np.ones((3, 3, 7, 5))) == (
        "x has 3 channels and w has shape (3, 3, 7, 5), which does not fit 1 group"
    )
