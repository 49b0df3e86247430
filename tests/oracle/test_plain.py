"""The functions on plain arrays: their answers are the reference's, in every layout."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import numpy as np
import pytest

from verify import Case, conv, conv_transpose, filter_gradient, reference
from verify.cases.operands import NORM_EPSILON
from verify.oracle.layouts import filter_formats

CASES = {
    "conv": ["conv_n2_i7_c4_k3_f6_s2_g2_same_ints3", "conv_n2_i5x6_c2_k3x2_f3_d2x1_p1.0x2.1_ints4"],
    "transpose": [
        "transpose_n2_i7_c4_k3_f6_s2_g2_same_ints3",
        "transpose_n2_i5x6_c2_k3x2_f3_s2x3_valid_ints4",
        "transpose_i4x3x3_c2_k2x1x2_f3_d2x1x1_p1.0x0.0x1.1_ints5",
    ],
    "filtergrad": ["filtergrad_n2_i7_c4_k3_f6_s2_g2_same_ints3", "filtergrad_n2_i5x6_c2_k3x2_f3_valid_ints4"],
}
CONV, TRANSPOSE, GRADIENT = ([Case.parse(word) for word in words] for words in CASES.values())
AFTER = [
    Case.parse(f"conv_n2_i5x6_c2_k3x2_f3_same_{steps}_ints4")
    for steps in ("bias_residual_relu", "norm_residual_tanh", "bias_leaky0.25", "residual", "sigmoid", "elu")
]
X, W = np.arange(48.0).reshape(1, 4, 4, 3), np.arange(54.0).reshape(3, 3, 3, 2)


def numbers(case: Case) -> dict[str, Any]:
    """The numbers of a case as arguments."""
    return {
        "strides": case.strides,
        "padding": case.padding,
        "dilations": case.dilations,
        "groups": case.groups,
    }


def answer(case: Case, *, channels: str = "last", filters: str | None = None, **options: Any) -> Any:
    """What the function of a case's operation answers, its operands moved into other layouts."""
    data_format = f"channels_{channels}"
    base = "DHW"[-case.rank :] + ("OI" if case.operation == "transpose" else "IO")
    order = [base.index(letter) for letter in filters or base]
    options = {**numbers(case), "data_format": data_format, "filter_format": filters or base, **options}
    x = moved(case.input, channels)
    if case.operation == "filtergrad":
        options["kernel"] = case.kernel
        found = filter_gradient(x, moved(case.cotangent, channels), **options)
        return found.transpose(np.argsort(order))
    act = conv_transpose if case.operation == "transpose" else conv
    return np.moveaxis(act(x, case.filters.transpose(order), **options), 1 if channels == "first" else -1, -1)


def moved(image: Any, channels: str) -> Any:
    return np.moveaxis(image, -1, 1) if channels == "first" else image


@pytest.mark.parametrize("channels", ["first", "last"])
@pytest.mark.parametrize("case", [*CONV, *GRADIENT], ids=str)
def test_answer_is_the_reference_in_every_order_of_filters(case, channels):
    for filters in filter_formats(case.rank):
        assert np.array_equal(answer(case, channels=channels, filters=filters), reference(case))


@pytest.mark.parametrize("channels", ["first", "last"])
@pytest.mark.parametrize("case", TRANSPOSE, ids=str)
def test_transpose_of_a_size_is_the_reference_in_every_order_of_filters(case, channels):
    for filters in filter_formats(case.rank):
        found = answer(case, channels=channels, filters=filters, output_shape=case.size)
        assert np.array_equal(found, reference(case))


@pytest.mark.parametrize("letters", ["".join(order) for order in permutations("NHWC")])
def test_every_order_of_an_image_is_answered_in_that_order(letters):
    turned = X.transpose(["NHWC".index(letter) for letter in letters])
    found = conv(turned, W, data_format=letters.lower())
    assert np.array_equal(found.transpose([letters.index(letter) for letter in "NHWC"]), conv(X, W))


@pytest.mark.parametrize("data_format", ["HWC", "hwc", "NHWC", "channels_last", None])
def test_image_without_a_batch_is_answered_without_one(data_format):
    assert np.array_equal(conv(X[0], W, data_format=data_format), conv(X, W)[0])


@pytest.mark.parametrize("data_format", ["chw", "NCHW", "channels_first"])
def test_image_without_a_batch_has_its_channels_first(data_format):
    assert np.array_equal(
        conv(np.moveaxis(X[0], -1, 0), W, data_format=data_format), np.moveaxis(conv(X, W)[0], -1, 0)
    )


@pytest.mark.parametrize(("data_format", "filter_format"), [("NLC", "LIO"), ("nwc", "lio"), (" NLC ", None)])
def test_one_axis_is_the_width_by_the_name_of_length_too(data_format, filter_format):
    x, w = np.arange(8.0).reshape(1, 4, 2), np.arange(6.0).reshape(3, 2, 1)
    assert np.array_equal(conv(x, w, data_format=data_format, filter_format=filter_format), conv(x, w))


@pytest.mark.parametrize(
    ("padding", "pairs"),
    [
        (1, ((1, 1), (1, 1))),
        ((1, 2), ((1, 1), (2, 2))),
        (np.array([0, 1]), ((0, 0), (1, 1))),
        (0, ((0, 0), (0, 0))),
        (np.array([[1, 2], [0, 1]]), ((1, 2), (0, 1))),
        (" Valid", ((0, 0), (0, 0))),
        ("Same", ((1, 1), (1, 1))),
    ],
)
def test_padding_is_a_number_of_cells_or_one_for_each_axis(padding, pairs):
    assert np.array_equal(conv(X, W, padding=padding), conv(X, W, padding=pairs))


@pytest.mark.parametrize("case", AFTER, ids=str)
def test_what_follows_the_sums_is_the_reference(case):
    steps = [step for step in case.epilogue if step not in ("bias", "norm", "residual")]
    found = answer(
        case,
        bias=case.bias,
        residual=case.residual,
        norm=case.norm,
        norm_epsilon=NORM_EPSILON if case.norm else None,
        activation=steps[0] if steps else None,
    )
    assert np.allclose(found, reference(case), rtol=1e-12, atol=0)


@pytest.mark.parametrize("activation", ["ReLU", " relu", "leaky_relu0.25", "Leaky-ReLU .25", "LEAKY0.250"])
def test_activation_is_spelled_in_any_way(activation):
    slope = 0 if "eaky" not in activation.lower() else 0.25
    sums = conv(X, -W + 20)
    assert np.array_equal(conv(X, -W + 20, activation=activation), np.where(sums > 0, sums, slope * sums))


@pytest.mark.parametrize("activation", [None, "linear", "none"])
def test_no_activation_changes_nothing(activation):
    assert np.array_equal(conv(X, W, activation=activation), conv(X, W))


def test_epsilon_of_a_norm_is_the_callers():
    mean, variance, scale, offset = np.zeros(2), np.zeros(2), np.ones(2), np.ones(2)
    found = conv(X, W, norm=(mean, variance, scale, offset), norm_epsilon=0.25)
    assert np.allclose(found, conv(X, W) / 0.5 + 1, rtol=1e-14, atol=0)


@pytest.mark.parametrize(
    ("padding", "extra", "size"),
    [("VALID", 0, 7), ("VALID", 1, 8), (1, 0, 5), (1, 1, 6), ("SAME", 0, 6), ([(0, 1)], 1, 7)],
)
def test_size_of_a_transpose_is_the_least_but_for_same(padding, extra, size):
    x, w = np.ones((1, 3, 1)), np.ones((3, 1, 1))
    found = conv_transpose(x, w, strides=2, padding=padding, output_padding=extra)
    assert found.shape == (1, size, 1)


def test_output_shape_is_the_sizes_or_the_whole_shape():
    x, w = np.ones((2, 4, 3)), np.ones((3, 5, 4))
    options = {"strides": 2, "data_format": "NCW"}
    assert conv_transpose(x, w, output_shape=(8,), **options).shape == (2, 5, 8)
    assert conv_transpose(x, w, output_shape=(2, 5, 8), **options).shape == (2, 5, 8)


def test_transposes_and_gradients_take_images_without_a_batch():
    x, y = np.arange(8.0).reshape(4, 2), np.arange(6.0).reshape(2, 3)
    w = np.arange(18.0).reshape(3, 2, 3)
    assert np.array_equal(conv_transpose(y, w), conv_transpose(y[np.newaxis], w)[0])
    found = filter_gradient(x, y, kernel=3, data_format="WC")
    assert np.array_equal(found, filter_gradient(x[np.newaxis], y[np.newaxis], kernel=3))


def test_kernel_of_a_gradient_is_one_number_or_one_for_each_axis():
    y = np.ones((1, 2, 2, 5))
    assert filter_gradient(X, y, kernel=3).shape == (3, 3, 3, 5)
    assert np.array_equal(filter_gradient(X, y, kernel=3), filter_gradient(X, y, kernel=(3, 3)))


def test_integers_with_a_real_bias_are_real_in_a_transpose():
    x, w = np.ones((1, 3, 1), np.int32), np.ones((2, 1, 1), np.int32)
    assert conv_transpose(x, w).dtype == np.int64
    assert conv_transpose(x, w, bias=np.array([0.5])).tolist() == [[[1.5], [2.5], [2.5], [1.5]]]


def test_depthwise_filters_are_said_to_be_reshaped():
    x, w = np.ones((1, 4, 4, 3)), np.ones((2, 2, 3, 4))
    with pytest.raises(ValueError, match="depthwise") as refused:
        conv(x, w, groups=3)
    assert str(refused.value).endswith("of depthwise are given as w.reshape(2, 2, 1, 12)")
    assert conv(x, w.reshape(2, 2, 1, 12), groups=3).shape == (1, 3, 3, 12)
