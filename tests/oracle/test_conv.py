"""The convolution of plain arrays: how its arguments are read, and which are refused."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest

from verify import conv
from verify.cases.dtypes import FORMATS

X = np.arange(1.0, 26.0).reshape(1, 5, 5, 1)
W = np.ones((3, 3, 1, 1))


def refusal(x: Any = X, w: Any = W, **arguments: Any) -> str:
    with pytest.raises(ValueError) as refused:  # noqa: PT011 - the callers pin the sentence
        conv(x, w, **arguments)
    return str(refused.value)


def test_conv_takes_a_number_for_every_axis():
    assert np.array_equal(conv(X, W, strides=2, dilations=2), conv(X, W, strides=(2, 2), dilations=[2, 2]))


def test_conv_takes_its_options_by_name():
    with pytest.raises(TypeError, match="positional"):
        conv(X, W, 2)
    assert np.array_equal(conv(x=X, w=W), conv(X, W))


def test_conv_takes_numbers_of_numpy():
    assert np.array_equal(conv(X, W, strides=np.int64(2)), conv(X, W, strides=np.array([2, 2])))
    assert np.array_equal(conv(X, W, strides=np.array(2)), conv(X, W, strides=2))


def test_conv_is_valid_without_strides_or_dilations_by_default():
    assert np.array_equal(conv(X, W), conv(X, W, strides=1, dilations=1, padding="VALID", groups=1))
    assert conv(X, W)[0, 0, 0, 0] == 63


@pytest.mark.parametrize("padding", ["same", "valid"])
def test_conv_reads_padding_in_either_case_of_letters(padding):
    assert np.array_equal(conv(X, W, padding=padding), conv(X, W, padding=padding.upper()))


@pytest.mark.parametrize(
    ("rank", "last", "first"), [(1, "NWC", "NCW"), (2, "NHWC", "NCHW"), (3, "NDHWC", "NCDHW")]
)
def test_conv_reads_channels_where_the_data_format_puts_them(rank, last, first):
    x = np.arange(2 * 4**rank * 3.0).reshape(2, *[4] * rank, 3)
    w = np.arange(2**rank * 3 * 5.0).reshape(*[2] * rank, 3, 5)
    moved = conv(np.moveaxis(x, -1, 1), w, data_format=first)
    assert np.array_equal(np.moveaxis(moved, 1, -1), conv(x, w, data_format=last))
    assert np.array_equal(conv(x, w), conv(x, w, data_format=last))


CELLS = "nor a number of cells, or one for each of 2 axes, nor 'SAME' or 'VALID'"
PAIRS = list(product([(0, 0), (1, 2)], repeat=2))


@pytest.mark.parametrize("pairs", PAIRS)
def test_conv_takes_tensorflows_padding_of_all_axes_channels_last(pairs):
    assert np.array_equal(conv(X, W, padding=[(0, 0), *pairs, (0, 0)]), conv(X, W, padding=pairs))


@pytest.mark.parametrize("pairs", PAIRS)
def test_conv_takes_tensorflows_padding_of_all_axes_channels_first(pairs):
    x = np.moveaxis(X, -1, 1)
    whole = conv(x, W, padding=[[0, 0], [0, 0], *pairs], data_format="NCHW")
    assert np.array_equal(whole, conv(x, W, padding=pairs, data_format="NCHW"))


@pytest.mark.parametrize("padding", [[(0, 0), (0, 0), (1, 1), (2, 2)], [(1, 1), (0, 0), (0, 0), (0, 0)]])
def test_conv_refuses_to_pad_the_batch_or_the_channels(padding):
    assert refusal(padding=padding) == (
        f"padding {padding!r} is not a (before, after) pair for each spatial axis, {CELLS}"
    )


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16", "int32", "int64"])
def test_conv_of_integers_is_int64(dtype):
    answer = conv(np.full((1, 3, 1), 100, dtype), np.full((3, 1, 1), 100, dtype))
    assert (answer.dtype, answer.item()) == (np.int64, 30000)


@pytest.mark.parametrize(
    "dtype", [*(form.dtype for form in FORMATS.values() if form.token != "int32")], ids=str
)
def test_conv_of_floats_is_float64(dtype):
    answer = conv(np.full((1, 3, 1), 1.5, dtype), np.full((3, 1, 1), 0.5, dtype))
    assert (answer.dtype, answer.item()) == (np.float64, 2.25)


def test_conv_of_integers_wraps_at_64_bits():
    assert conv(np.full((1, 2, 1), 2**62), np.ones((2, 1, 1), np.int64)).item() == -(2**63)


def test_conv_of_integers_with_real_filters_keeps_their_fractions():
    assert conv(np.ones((1, 3, 1), np.int32), np.full((3, 1, 1), 0.5)).item() == 1.5


def test_conv_of_integers_with_a_real_bias_keeps_its_fraction():
    answer = conv(np.ones((1, 3, 1), np.int32), np.ones((3, 1, 1), np.int32), bias=np.array([0.5]))
    assert answer.item() == 3.5


def test_conv_takes_nested_lists():
    assert conv([[[1.0], [2.0]]], [[[3.0]], [[4.0]]], bias=[5.0]).tolist() == [[[16.0]]]


def test_conv_leaves_its_operands_alone():
    x, w, b = X.copy(), W.copy(), np.ones(1)
    conv(x, w, padding="SAME", bias=b)
    assert (x.tobytes(), w.tobytes(), b.tobytes()) == (X.tobytes(), W.tobytes(), np.ones(1).tobytes())


def test_conv_adds_a_bias_to_each_filter():
    w = np.ones((3, 3, 1, 2))
    assert np.array_equal(conv(X, w, bias=np.array([1.0, -2.0])), conv(X, w) + np.array([1, -2]))


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            {"x": np.ones((5, 5))},
            "x and w have 2 and 4 axes; both need the same 3, 4 or 5, or x one less where it has no batch",
        ),
        (
            {"x": np.ones((1, 5, 1))},
            (
                "on axis 0 the dilated kernel covers 3 cells of a padded input of 1, "
                "so the output size would be negative (stride 1)"
            ),
        ),
        (
            {"data_format": "NWC"},
            (
                "data_format 'NWC' is none of 'NHWC', 'NCHW', 'channels_last' and 'channels_first', "
                "nor another order of N, H, W and C, with or without the N"
            ),
        ),
        (
            {"data_format": "nchw"},
            (
                "x has 5 channels and w has shape (3, 3, 1, 1), which does not fit 1 group; "
                "x looks like NHWC: pass data_format='NHWC'"
            ),
        ),
        ({"groups": 2}, "x has 1 channels and w has shape (3, 3, 1, 1), which does not fit 2 groups"),
        ({"groups": 0}, "x has 1 channels and w has shape (3, 3, 1, 1), which does not fit 0 groups"),
        ({"strides": 0}, "strides 0 is not a positive number, or one for each of 2 axes"),
        (
            {"strides": (1, 2, 2, 1)},
            "strides (1, 2, 2, 1) is not a positive number, or one for each of 2 axes",
        ),
        ({"dilations": [1]}, "dilations [1] is not a positive number, or one for each of 2 axes"),
        ({"dilations": (1, -1)}, "dilations (1, -1) is not a positive number, or one for each of 2 axes"),
        (
            {"padding": "FULL"},
            (
                "padding 'FULL' is neither 'SAME', 'VALID' nor (before, after) pairs, "
                "nor a number of cells, or one for each of 2 axes"
            ),
        ),
        (
            {"padding": [(1, 1)]},
            f"padding [(1, 1)] is not a (before, after) pair for each spatial axis, {CELLS}",
        ),
        (
            {"padding": [(1, -1), (0, 0)]},
            f"padding [(1, -1), (0, 0)] is not a (before, after) pair for each spatial axis, {CELLS}",
        ),
        (
            {"padding": [(1,), (0, 0)]},
            f"padding [(1,), (0, 0)] is not a (before, after) pair for each spatial axis, {CELLS}",
        ),
        ({"w": np.ones((0, 3, 1, 1))}, "w has shape (0, 3, 1, 1), a filter without elements"),
        (
            {"dilations": (1, 3)},
            (
                "on axis 1 the dilated kernel covers 7 cells of a padded input of 5, "
                "so the output size would be negative (stride 1)"
            ),
        ),
        ({"bias": np.ones(3)}, "bias has shape (3,), not one number for each of 1 filters"),
        ({"bias": np.ones((1, 1))}, "bias has shape (1, 1), not one number for each of 1 filters"),
        ({"strides": 1.5}, "strides 1.5 is not a positive number, or one for each of 2 axes"),
        ({"strides": (1.5, 2)}, "strides (1.5, 2) is not a positive number, or one for each of 2 axes"),
    ],
)
def test_conv_refuses_with_one_sentence(arguments, sentence):
    assert refusal(**arguments) == sentence
