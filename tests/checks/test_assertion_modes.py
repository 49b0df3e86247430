"""The assertion on plain arrays whose padding repeats cells, and the convolution and the gradient of them."""

from __future__ import annotations

import numpy as np
import pytest

from tests.models.padding import NUMPYS
from verify import assert_conv, conv, conv_transpose, filter_gradient
from verify.cases.modes import REPEATING
from verify.cases.operands import Array
from verify.checks.assertion import assert_filter_gradient, assert_transpose

X = np.arange(2 * 5 * 4 * 2, dtype=np.float32).reshape(2, 5, 4, 2)
W = np.arange(3 * 2 * 2 * 3, dtype=np.float32).reshape(3, 2, 2, 3) - 7
PADS = ((1, 2), (0, 3))


def padded(mode: str) -> Array:
    return np.pad(X, ((0, 0), *PADS, (0, 0)), mode=NUMPYS[mode])  # type: ignore[call-overload]


@pytest.mark.parametrize("mode", REPEATING)
def test_right_arrays_pass_and_those_of_zeros_do_not(mode: str) -> None:
    right = conv(padded(mode), W).astype(np.float32)
    assert_conv(right, X, W, padding=PADS, padding_mode=mode)
    assert np.array_equal(conv(X, W, padding=PADS, padding_mode=mode.upper()), right)
    with pytest.raises(AssertionError, match=f"after \\({mode}\\)(.|\n)*padding_mode='zeros'"):
        assert_conv(conv(X, W, padding=PADS).astype(np.float32), X, W, padding=PADS, padding_mode=mode)


@pytest.mark.parametrize("mode", REPEATING)
def test_the_mode_that_was_meant_is_named(mode: str) -> None:
    right = conv(padded(mode), W).astype(np.float32)
    with pytest.raises(AssertionError, match=f"the right answer for padding_mode='{mode}'"):
        assert_conv(right, X, W, padding=PADS)


@pytest.mark.parametrize("mode", REPEATING)
def test_gradients_of_filters_of_a_padded_input_pass(mode: str) -> None:
    cotangent = np.ones((2, 6, 6, 3), np.float32)
    right = filter_gradient(padded(mode), cotangent, kernel=(3, 2))
    assert_filter_gradient(
        right.astype(np.float32), X, cotangent, kernel=(3, 2), padding=PADS, padding_mode=mode
    )


@pytest.mark.parametrize("mode", REPEATING)
def test_gradients_of_a_padded_input_are_adjoint_to_its_convolution(mode: str) -> None:
    y = np.arange(2 * 6 * 6 * 3, dtype=np.float32).reshape(2, 6, 6, 3) % 11
    called = {"padding": PADS, "padding_mode": mode, "output_shape": (5, 4)}
    right = conv_transpose(y, W, **called)
    assert (conv(X, W, padding=PADS, padding_mode=mode) * y).sum() == (X * right).sum()
    assert_transpose(right.astype(np.float32), y, W, **called)
    with pytest.raises(AssertionError, match="the right answer for padding_mode='zeros'"):
        assert_transpose(conv_transpose(y, W, padding=PADS).astype(np.float32), y, W, **called)


@pytest.mark.parametrize(
    ("mode", "padding", "sentence"),
    [
        ("edge", 1, "padding_mode 'edge' is none of zeros, .*; NumPy's 'edge' is 'replicate' here"),
        (None, 1, "padding_mode None is none of zeros, reflect, symmetric, circular, replicate"),
        ("reflect", 4, "on axis 1 'reflect' padding of 4 cells has only 3 to repeat in an input of 4"),
    ],
)
def test_other_modes_are_refused_in_one_sentence(mode: str, padding: int, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        conv(X, W, padding=padding, padding_mode=mode)
