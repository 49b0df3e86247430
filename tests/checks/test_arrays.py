"""The assertions on the gradients and in other layouts, and what a wrong array looks like."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np
import pytest

from tests.planted.tensors import Brain, Guarded, Lent
from verify import (
    Case,
    assert_conv,
    assert_filter_gradient,
    assert_transpose,
    conv,
    conv_transpose,
    filter_gradient,
)
from verify.faults.fault import right_answer
from verify.oracle.layouts import filter_formats

TRANSPOSES = [
    Case.parse(f"transpose_{numbers}_{rest}")
    for numbers in (
        "n2_i7_c4_k3_f6_s2_g2_same",
        "i4x5_c2_k2x3_f3_s2x1_valid",
        "i4x3x3_c2_k2x1x2_f3_p1.0x0.0x1.1",
    )
    for rest in ("ints3", "float64_reals1", "bfloat16_reals2", "int32_ints4", "cf_bias_relu_reals3")
]
GRADIENTS = [
    Case.parse(f"filtergrad_{numbers}_{rest}")
    for numbers in ("n2_i7_c4_k3_f6_s2_g2_same", "n2_i5x6_c2_k3x2_f3_valid")
    for rest in ("ints3", "float64_reals1", "float16_reals2", "int32_ints4", "cf_reals3")
]
RNG = np.random.default_rng(20)
X = RNG.standard_normal((2, 6, 6, 3)).astype(np.float32)
W = RNG.standard_normal((3, 3, 3, 4)).astype(np.float32)
SQUARE = RNG.standard_normal((3, 3, 3, 3)).astype(np.float32)
BIAS = np.array([1.5, -2.0, 3.0, 0.5], np.float32)


def options_of(case: Case) -> dict[str, Any]:
    options = {
        "strides": case.strides,
        "padding": case.padding,
        "dilations": case.dilations,
        "groups": case.groups,
        "data_format": case.data_format,
    }
    if case.operation == "transpose":
        options |= {"output_shape": case.size, "bias": case.bias}
        options |= {"activation": "relu" if "relu" in case.epilogue else None}
    return options


def assert_case(case: Case, actual: Any, filters: str | None = None) -> None:
    """The assertion on a case's arrays, its filters in another order."""
    if case.operation == "filtergrad":
        order = "DHW"[-case.rank :] + "IO"
        turned = actual.transpose([order.index(letter) for letter in filters or order])
        assert_filter_gradient(
            turned,
            case.input,
            case.cotangent,
            kernel=case.kernel,
            filter_format=filters,
            **options_of(case),
        )
    else:
        assert_transpose(actual, case.input, case.filters, **options_of(case))


def complaint(act: Any, *arrays: Any, **options: Any) -> str:
    with pytest.raises(AssertionError) as raised:
        act(*arrays, **options)
    assert type(raised.value) is AssertionError
    return str(raised.value)


def likeness(act: Any, *arrays: Any, **options: Any) -> str:
    """What follows "looks like" in a message, its lines joined, or nothing."""
    lines = complaint(act, *arrays, **options).splitlines()
    found = [place for place, line in enumerate(lines) if line.startswith("  looks like")]
    return " | ".join(line[14:] for line in lines[found[0] :]) if found else ""


def torch_like(array: Any) -> Any:
    """An array with its channels second."""
    return np.moveaxis(array, -1, 1)


@pytest.mark.parametrize("case", [*TRANSPOSES, *GRADIENTS], ids=str)
def test_right_gradient_passes(case):
    assert_case(case, right_answer(case))


@pytest.mark.parametrize("case", [*TRANSPOSES, *GRADIENTS], ids=str)
def test_wrong_gradient_fails(case):
    wrong = right_answer(case)
    wrong[(0,) * wrong.ndim] += 100
    assert "1 of " in complaint(assert_case, case, wrong)


@pytest.mark.parametrize("filters", filter_formats(2))
def test_gradient_of_filters_is_judged_in_their_order(filters):
    case = GRADIENTS[-1]
    assert_case(case, right_answer(case), filters)


def test_worst_element_is_counted_in_the_order_of_the_answer():
    wrong = torch_like(conv(X, W)).astype(np.float32)
    wrong[1, 3, 2, 0] += 100
    text = complaint(
        assert_conv,
        wrong,
        torch_like(X),
        np.moveaxis(W, (3, 2), (0, 1)),
        data_format="nchw",
        filter_format="oihw",
    )
    assert "  worst    at (1, 3, 2, 0): got " in text


def test_worst_element_of_an_image_without_a_batch_has_no_batch():
    wrong = conv(X[0], W).astype(np.float32)
    wrong[2, 1, 3] += 100
    assert "  worst    at (2, 1, 3): got " in complaint(assert_conv, wrong, X[0], W)


def test_whole_message_of_a_transpose_is_said_literally():
    x, w = np.ones((1, 2, 2), np.float32), np.ones((3, 1, 2), np.float32)
    wrong = np.zeros((1, 5, 1), np.float32)
    assert complaint(assert_transpose, wrong, x, w, strides=2).splitlines() == [
        "not the transposed convolution of x and w: 5 of 5 values differ",
        "  x        shape (1, 2, 2), NWC, float32",
        "  w        shape (3, 1, 2), WOI, float32",
        "  answer   shape (1, 5, 1), NWC, float32",
        "  axis W   size 2, kernel 3, stride 2, dilation 1 -> answer 5, padding 0 before, 0 after",
        "  worst    at (0, 2, 0): got 0.0, want 4.0, allowed 0 (the sums are exact)",
        "  looks like  zeros that nothing was written to",
    ]


def test_whole_message_of_what_follows_is_said_literally():
    x, w = np.ones((1, 3, 2), np.float32), np.ones((2, 1, 2), np.float32)
    five, two = np.full(2, 0.5, np.float32), np.full((1, 2, 2), 2, np.float32)
    wrong = np.ones((1, 2, 2), np.float64)
    text = complaint(
        assert_conv,
        wrong,
        x,
        w,
        groups=2,
        norm=(five,) * 4,
        norm_epsilon=1e-3,
        residual=two,
        activation="ReLU",
    )
    assert text.splitlines() == [
        "not the convolution of x and w: the answer is float64, not float32",
        "  x        shape (1, 3, 2), NWC, float32",
        "  w        shape (2, 1, 2), WIO, float32",
        "  residual shape (1, 2, 2), float32",
        "  answer   shape (1, 2, 2), float64; due is (1, 2, 2), NWC, float32",
        "  axis W   size 3, kernel 2, stride 1, dilation 1 -> out 2, padding 0 before, 0 after",
        "  groups   2",
        "  then     norm, residual, relu (epsilon 0.001)",
    ]


class TestLooksLike:
    def test_fault_that_gives_the_answer_is_named(self):
        wrong = conv(X, np.flip(W, (0, 1))).astype(np.float32)
        assert likeness(assert_conv, wrong, X, W) == "the kernel flipped, as mathematics has it"

    def test_fault_is_named_in_every_layout(self):
        wrong = torch_like(conv(X, np.flip(W, (0, 1)))).astype(np.float32)
        arrays = wrong, torch_like(X), np.moveaxis(W, (3, 2), (0, 1))
        options = {"data_format": "NCHW", "filter_format": "OIHW"}
        assert likeness(assert_conv, *arrays, **options) == "the kernel flipped, as mathematics has it"

    def test_fault_of_a_large_answer_is_found_in_the_item_of_its_worst_element(self):
        x = RNG.standard_normal((8, 40, 40, 3)).astype(np.float32)
        w = RNG.standard_normal((3, 3, 3, 16)).astype(np.float32)
        wrong = conv(x, np.flip(w, (0, 1))).astype(np.float32)
        assert likeness(assert_conv, wrong, x, w) == "the kernel flipped, as mathematics has it"

    def test_order_of_square_filters_that_gives_the_answer_is_named(self):
        right = conv(X, SQUARE, filter_format="OIHW").astype(np.float32)
        assert likeness(assert_conv, right, X, SQUARE) == "w in the order OIHW: pass filter_format='OIHW'"

    def test_order_of_filters_that_gives_the_shape_is_named(self):
        w = np.moveaxis(W, (3, 2), (0, 1))
        assert likeness(assert_conv, conv(X, W).astype(np.float32), X, w) == (
            "w in the order OIHW or OHWI: pass filter_format='OIHW'"
        )

    def test_order_of_a_gradient_of_filters_is_named(self):
        y = RNG.standard_normal((2, 4, 4, 5)).astype(np.float32)
        wrong = filter_gradient(X, y, kernel=3, filter_format="OIHW").astype(np.float32)
        assert likeness(assert_filter_gradient, wrong, X, y, kernel=3) == (
            "actual in the order OIHW or OHWI: pass filter_format='OIHW'"
        )

    @pytest.mark.parametrize(
        ("options", "without", "text"),
        [
            ({"bias": BIAS}, {}, "the right answer without bias"),
            ({"activation": "relu"}, {}, "the right answer without activation"),
            ({"padding": 1}, {"padding": "VALID"}, "the right answer for padding='VALID'"),
            ({"padding": "VALID"}, {"padding": "SAME"}, "the right answer for padding='SAME'"),
            ({"strides": 2}, {"strides": 1}, "the right answer for strides=1"),
            ({"dilations": (2, 1)}, {}, "the right answer for dilations=1"),
        ],
    )
    def test_argument_that_was_left_out_is_named(self, options, without, text):
        wrong = conv(X, W, **without).astype(np.float32)
        assert likeness(assert_conv, wrong, X, W, **options) == text

    def test_other_size_of_a_transpose_is_named(self):
        w = np.moveaxis(W, (2, 3), (3, 2))[..., :3]
        wrong = conv_transpose(X, w, strides=2, padding=1, output_padding=1).astype(np.float32)
        assert likeness(assert_transpose, wrong, X, w, strides=2, padding=1) == (
            "another size that such a transpose can have: pass output_shape=(12, 12)"
        )

    def test_sizes_that_are_said_as_an_array_are_said(self):
        w = np.moveaxis(W, (2, 3), (3, 2))[..., :3]
        wrong = conv_transpose(X, w, strides=2, padding=1, output_padding=1).astype(np.float32)
        said = {"strides": 2, "padding": 1, "output_shape": np.array([11, 11])}
        text = likeness(assert_transpose, wrong, X, w, **said)
        assert text == likeness(assert_transpose, wrong, X, w, **said | {"output_shape": (11, 11)})

    def test_one_wrong_element_looks_like_nothing(self):
        wrong = conv(X, W).astype(np.float32)
        wrong[0, 0, 0, 0] += 1
        assert likeness(assert_conv, wrong, X, W) == ""


class TestTensors:
    @pytest.mark.parametrize("kind", [Lent, Guarded])
    def test_tensors_of_other_libraries_are_judged(self, kind):
        assert_conv(kind(conv(X, W).astype(np.float32)), kind(X), kind(W), bias=None)

    def test_tensors_of_bfloat16_are_judged(self):
        x, w = (np.round(2 * array).astype(ml_dtypes.bfloat16) for array in (X, W))
        y = conv(x, w).astype(ml_dtypes.bfloat16)
        assert_conv(Brain(y), Brain(x), Brain(w))

    def test_dtype_that_is_not_judged_is_named_by_the_assertion(self):
        whole = X.astype(np.int64)
        with pytest.raises(ValueError, match="x is int64; assert_filter_gradient judges float16, bfloat16"):
            assert_filter_gradient(whole, whole, whole, kernel=1)


class TestExactness:
    def test_residual_is_part_of_sums_that_are_exact(self):
        x, w = np.ones((1, 2, 1), np.float32), np.ones((1, 1, 1), np.float32)
        residual = np.array([2.0**23, 4.0], np.float32).reshape(1, 2, 1)
        right = (x + residual).astype(np.float32)
        assert_conv(right, x, w, residual=residual)
        assert "allowed 0 (the sums are exact)" in complaint(assert_conv, right + 1, x, w, residual=residual)

    def test_residual_beyond_the_precision_has_the_bound(self):
        x, w = np.full((1, 1, 1), 0.75, np.float32), np.ones((1, 1, 1), np.float32)
        residual = np.full((1, 1, 1), 2.0**24, np.float32)
        assert_conv(residual + 2, x, w, residual=residual)
        assert_conv(residual, x, w, residual=residual)

    def test_residual_is_added_to_what_float16_has_stored(self):
        x, w = np.full((1, 1, 2), 1024.5, np.float16), np.ones((1, 2, 1), np.float16)
        residual = np.full((1, 1, 1), 1.0, np.float16)
        assert_conv(np.full((1, 1, 1), 2050, np.float16), x, w, residual=residual)
        assert_conv(np.full((1, 1, 1), 2048, np.float16), x, w, residual=residual)
