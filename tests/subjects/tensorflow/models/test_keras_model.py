"""Keras's models as words: every convolution is read, joined with what is around it, or has a reason."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.planted import models
from verify import Case, compare
from verify.subjects.tensorflow.imported import keras
from verify.subjects.tensorflow.models.joining import layers_of
from verify.subjects.tensorflow.models.keras_model import read_keras
from verify.subjects.tensorflow.models.nodes import EXPORT, Layer, NotRead

layers = keras.layers


def read(model: Any, *, size: tuple[int, ...] = ()) -> list[Layer]:
    return layers_of(read_keras(model, size=size), fill="ones")


def words(model: Any) -> list[str]:
    return [str(layer.case or layer.reason) for layer in read(model)]


def alone(layer: Any, *after: Any, size: tuple[int | None, ...] = (6, 6, 4)) -> str:
    """The word of a layer, or the reason why it has none, on an input of a size."""
    (word,) = words(models.sequence(layer, *after, size=size))
    return word


def test_a_convolution_is_joined_with_what_comes_before_and_after_it() -> None:
    (layer,) = read(models.block())
    assert str(layer.case) == "conv_i6x8_c4_k2x6_f4_z0.1x2.3_valid_norm_residual_leaky0.1_ones"
    assert layer.line == "pad + conv + norm + add + leaky"


def test_an_addition_is_joined_with_one_of_two_convolutions() -> None:
    assert sorted(words(models.projected())) == [
        "conv_i6x6_c4_k1x1_f8_valid_bias_residual_relu_ones",
        "conv_i6x6_c4_k3x3_f8_same_bias_ones",
    ]


def test_a_model_inside_another_is_read_with_the_sizes_that_it_gets() -> None:
    named = {layer.name: str(layer.case) for layer in read(models.nested())}
    assert named == {
        "shared": "conv_i9x9_c4_k1x1_f4_valid_bias_ones",
        "inner/conv": "conv_i9x9_c4_k3x3_f4_valid_bias_ones",
        "shared (call 2)": "conv_i7x7_c4_k1x1_f4_valid_bias_ones",
    }


@pytest.mark.parametrize(
    ("layer", "size", "word"),
    [
        (
            layers.Conv1D(2, 3, dilation_rate=2, padding="causal"),
            (9, 4),
            "conv_i9_c4_k3_f2_d2_p4.0_bias_ones",
        ),
        (layers.Conv2D(2, 3, groups=2, strides=2), (6, 6, 4), "conv_i6x6_c4_k3x3_f2_s2x2_g2_valid_bias_ones"),
        (layers.Conv3D(2, 3, use_bias=False), (6, 6, 6, 4), "conv_i6x6x6_c4_k3x3x3_f2_valid_ones"),
        (
            layers.DepthwiseConv2D(3, depth_multiplier=2, activation="relu"),
            (6, 6, 4),
            "depthwise_i6x6_c4_k3x3_m2_valid_bias_relu_ones",
        ),
        (
            layers.SeparableConv2D(5, 3, depth_multiplier=2, padding="same"),
            (6, 6, 4),
            "separable_i6x6_c4_k3x3_f5_m2_same_bias_ones",
        ),
        (
            layers.Conv2DTranspose(5, 3, strides=2, padding="same"),
            (6, 6, 4),
            "transpose_i12x12_c5_k3x3_f4_s2x2_same_bias_ones",
        ),
        (
            layers.Conv2D(2, 3, data_format="channels_first", dtype="float16"),
            (4, 6, 8),
            "conv_i6x8_c4_k3x3_f2_valid_float16_cf_bias_ones",
        ),
        (
            layers.Conv2D(2, 3, dtype="mixed_bfloat16"),
            (6, 6, 4),
            "conv_i6x6_c4_k3x3_f2_valid_bfloat16_bias_ones",
        ),
    ],
)
def test_a_layer_is_a_word(layer: Any, size: tuple[int, ...], word: str) -> None:
    assert alone(layer, size=size) == word


@pytest.mark.parametrize(
    ("after", "steps"),
    [
        (layers.ReLU(), "relu"),
        (layers.ReLU(max_value=6.0), "relu6"),
        (layers.ReLU(negative_slope=0.25), "leaky0.25"),
        (layers.ELU(), "elu"),
        (layers.Activation("tanh"), "tanh"),
        (layers.Activation("leaky_relu"), "leaky0.2"),
        (layers.BatchNormalization(), "norm"),
    ],
)
def test_what_follows_is_a_step(after: Any, steps: str) -> None:
    word = f"conv_i6x6_c4_k1x1_f2_valid_{steps}_ones"
    assert alone(layers.Conv2D(2, 1, use_bias=False), after) == word


@pytest.mark.parametrize(
    "after",
    [
        layers.ReLU(max_value=4.0),
        layers.ReLU(threshold=1.0),
        layers.ELU(alpha=0.5),
        layers.Activation("swish"),
        layers.BatchNormalization(axis=1),
        layers.MaxPooling2D(),
    ],
)
def test_what_no_word_has_is_left_out(after: Any) -> None:
    assert alone(layers.Conv2D(2, 1, use_bias=False), after) == "conv_i6x6_c4_k1x1_f2_valid_ones"


def test_an_activation_that_no_word_has_is_named() -> None:
    (layer,) = read(models.sequence(layers.Conv2D(2, 1, activation="swish", name="conv"), layers.ReLU()))
    assert layer.line == "conv, without the silu of conv"


def test_a_bias_before_a_normalisation_is_a_part_of_its_mean() -> None:
    assert alone(layers.Conv2D(2, 1), layers.BatchNormalization()) == "conv_i6x6_c4_k1x1_f2_valid_norm_ones"


def test_padding_of_other_axes_is_no_border() -> None:
    other = layers.ZeroPadding2D(1, data_format="channels_first")
    assert alone(other, layers.Conv2D(2, 1, use_bias=False)) == "conv_i6x8_c6_k1x1_f2_valid_ones"


def test_what_two_need_is_not_joined() -> None:
    given = keras.Input((6, 6, 4))
    value = layers.Conv2D(2, 1, use_bias=False)(given)
    model = keras.Model(given, [layers.ReLU()(value), layers.ELU()(value)])
    assert words(model) == ["conv_i6x6_c4_k1x1_f2_valid_ones"]


def test_what_a_model_answers_is_not_joined() -> None:
    given = keras.Input((6, 6, 4))
    value = layers.Conv2D(2, 1, use_bias=False)(given)
    assert words(keras.Model(given, [layers.ReLU()(value), value])) == ["conv_i6x6_c4_k1x1_f2_valid_ones"]


def test_a_sum_of_one_value_with_itself_is_no_residual() -> None:
    given = keras.Input((6, 6, 4))
    value = layers.Conv2D(2, 1, use_bias=False)(given)
    assert words(keras.Model(given, value + value)) == ["conv_i6x6_c4_k1x1_f2_valid_ones"]


@pytest.mark.parametrize(
    ("layer", "reason"),
    [
        (models.Scaled(2, 1), "its class Scaled has a `call` of its own"),
        (
            models.Around(),
            f"it is called inside around, Around: {EXPORT}",
        ),
        (
            layers.Conv2DTranspose(2, 4, output_padding=0, padding="same"),
            "it makes 5x5 cells of 6x6, and the convolution of 5x5 cells makes 5x5",
        ),
        (layers.Conv2D(2, 3, padding="same"), "its arrays would take"),
    ],
)
def test_what_is_no_word_has_a_reason(layer: Any, reason: str) -> None:
    size = (90_000, 90_000, 4) if reason.startswith("its arrays") else (6, 6, 4)
    assert alone(layer, size=size).startswith(reason)


def test_convolutions_that_only_a_run_shows_are_named() -> None:
    assert {layer.name: layer.reason for layer in read(models.unread())} == {
        "recurrent": "a ConvLSTM2D convolves at every step of a sequence, with a state",
        "timed/each": f"it is called inside timed, TimeDistributed: {EXPORT}",
    }


def test_open_sizes_are_filled_in() -> None:
    (layer,) = read(models.opened())
    assert layer.reason == "its input of ?x?x3 has open sizes: give those of the model's input by --size"
    (layer,) = read(models.opened(), size=(7, 8))
    assert str(layer.case) == "conv_i7x8_c3_k3x3_f2_valid_bias_ones"


def test_sizes_that_no_input_leaves_open_are_refused() -> None:
    sentence = "^its input is 6x8x4, and no 2 axes of it are open for 7x8: leave --size out$"
    with pytest.raises(NotRead, match=sentence):
        read(models.block(), size=(7, 8))


def test_a_model_without_a_graph_is_refused() -> None:
    with pytest.raises(NotRead, match=r"^'none' is no graph of layers: export"):
        read_keras(keras.Model(name="none"))


def test_a_word_is_what_its_layers_compute() -> None:
    """The weights of the case in the layers, run by Keras: the block's answer is the case's."""
    model = models.block()
    (layer,) = read(model)
    case = Case.parse(str(layer.case))
    norm = case.norm
    assert norm is not None
    model.get_layer("conv").set_weights([case.filters])
    model.get_layer("norm").epsilon = case.norm_epsilon
    model.get_layer("norm").set_weights([norm.scale, norm.offset, norm.mean, norm.variance])
    # The residual of the model is its input, and that of the case an array of its own.
    branch = keras.Model(model.inputs, model.get_layer("drop").output)([case.input]).numpy()
    answer = np.where((total := branch + case.residual) > 0, total, np.float32(0.1) * total)
    assert compare(case, answer).outcome == "agrees"
