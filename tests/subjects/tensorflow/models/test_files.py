"""SavedModels and TensorFlow Lite's files have the words of the Keras model that they were made from."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.planted import models
from verify.checks.path import Examiner
from verify.checks.subject import describe
from verify.subjects.registry import load
from verify.subjects.tensorflow.imported import keras, silenced, tf
from verify.subjects.tensorflow.models.asked import model_named
from verify.subjects.tensorflow.models.joining import layers_of
from verify.subjects.tensorflow.models.nodes import Layer, NotRead

layers = keras.layers

Saver = Callable[..., Path]


def lite(model: Any, file: Path, **options: Any) -> Path:
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    for name, value in options.items():
        setattr(converter, name, value)
    with silenced():
        file.write_bytes(converter.convert())
    return file


def saved(model: Any, folder: Path) -> Path:
    with silenced():
        model.export(folder, verbose=False)
    return folder


def read(path: Path, *, size: tuple[int, ...] = ()) -> list[Layer]:
    return layers_of(model_named(str(path), size=size), fill="ones")


def words(path: Path) -> list[str]:
    return [str(layer.case or layer.reason) for layer in read(path)]


def stack() -> Any:
    """A convolution of each kind, dilated and transposed ones too."""
    return models.sequence(
        layers.Conv2D(8, 3, groups=2, activation="relu"),
        layers.DepthwiseConv2D(3, depth_multiplier=2, strides=2, padding="same"),
        layers.ReLU(6.0),
        layers.Conv2DTranspose(5, 3, strides=2, padding="same"),
        layers.LeakyReLU(0.1),
        layers.Conv2D(4, (2, 3), dilation_rate=(3, 2)),
        layers.Conv2D(4, 3, dilation_rate=2, padding="same", activation="swish"),
        size=(16, 16, 4),
    )


def test_a_saved_model_is_read(tmp_path: Path) -> None:
    grouped, *others = words(saved(stack(), tmp_path / "saved"))
    assert re.fullmatch("it is inside the function .*, which is compiled on its own", grouped)
    assert others == [
        "depthwise_i14x14_c8_k3x3_m2_s2x2_same_bias_relu6_ones",
        "transpose_i14x14_c5_k3x3_f16_s2x2_same_bias_leaky0.1_ones",
        "conv_i14x14_c5_k2x3_f4_d3x2_valid_bias_ones",
        "conv_i11x10_c4_k3x3_f4_d2x2_same_bias_ones",
    ]


def test_a_file_of_tensorflow_lite_is_read(tmp_path: Path) -> None:
    assert words(lite(stack(), tmp_path / "stack.tflite")) == [
        "conv_i16x16_c4_k3x3_f8_g2_valid_bias_relu_ones",
        "depthwise_i14x14_c8_k3x3_m2_s2x2_same_bias_relu6_ones",
        "transpose_i14x14_c5_k3x3_f16_s2x2_same_leaky0.1_ones",  # its bias, of zeros, was left out
        "conv_i14x14_c5_k2x3_f4_d3x2_valid_bias_ones",
        "conv_i11x10_c4_k3x3_f4_d2x2_same_bias_ones",
    ]


def test_what_is_around_a_convolution_is_joined(tmp_path: Path) -> None:
    block = models.block()
    assert words(saved(block, tmp_path / "saved")) == [
        "conv_i6x8_c4_k2x6_f4_z0.1x2.3_valid_norm_residual_leaky0.1_ones"
    ]
    # The converter makes SAME of the border, and a bias of the normalisation.
    assert words(lite(block, tmp_path / "block.tflite")) == [
        "conv_i6x8_c4_k2x6_f4_same_bias_residual_leaky0.1_ones"
    ]


@pytest.mark.parametrize("save", [saved, lite])
def test_a_dilation_along_one_axis_is_not_lost(tmp_path: Path, save: Saver) -> None:
    model = models.sequence(layers.Conv1D(2, 3, dilation_rate=3, padding="causal"), size=(9, 4))
    (layer,) = read(save(model, tmp_path / "model.tflite" if save is lite else tmp_path / "model"))
    assert layer.reason.startswith("its cells were moved to the batch by ")


def test_three_axes_are_read(tmp_path: Path) -> None:
    model = models.sequence(layers.Conv3D(2, (1, 2, 3), strides=(1, 2, 1), use_bias=False), size=(4, 5, 6, 4))
    for path in (saved(model, tmp_path / "saved"), lite(model, tmp_path / "model.tflite")):
        assert words(path) == ["conv_i4x5x6_c4_k1x2x3_f2_s1x2x1_valid_ones"]


def test_open_sizes_are_filled_in(tmp_path: Path) -> None:
    path = saved(models.opened(), tmp_path / "saved")
    (layer,) = read(path)
    assert layer.reason == "its input of ?x?x3 has open sizes: give those of the model's input by --size"
    (layer,) = read(path, size=(7, 8))
    assert str(layer.case) == "conv_i7x8_c3_k3x3_f2_valid_bias_ones"


def test_open_sizes_of_a_file_are_named(tmp_path: Path) -> None:
    (layer,) = read(lite(models.opened(), tmp_path / "open.tflite"))
    assert layer.reason == "its input of ?x?x3 has open sizes, which the file leaves to a run"


def test_a_convolution_of_dynamic_range_has_the_scales_of_its_filters_and_gates(tmp_path: Path) -> None:
    model = models.sequence(layers.Conv2D(32, 3, activation="relu"), size=(8, 8, 16))
    path = lite(model, tmp_path / "model.tflite", optimizations=[tf.lite.Optimize.DEFAULT])
    (case,) = (layer.case for layer in layers_of(model_named(str(path)), fill=""))
    assert case is not None
    assert (case.weights, case.format.token, case.epilogue) == ("int8", "float32", ("bias", "relu"))
    assert len(set(case.quantised.w_scale)) == 32
    way = describe(load("tensorflow:lite")).ways["CONV_2D+float32+int8weights+reference"]
    assert Examiner(subject=way).examine(case).outcome == "agrees"


def test_convolutions_whose_filters_are_kept_in_float16_say_so(tmp_path: Path) -> None:
    model = models.sequence(
        layers.ZeroPadding2D(((1, 0), (2, 1))),
        layers.Conv2D(5, 3, activation="relu6"),
        layers.DepthwiseConv2D(2, padding="same"),
        size=(6, 7, 4),
    )
    path = lite(
        model,
        tmp_path / "model.tflite",
        optimizations=[tf.lite.Optimize.DEFAULT],
        target_spec=tf.lite.TargetSpec(supported_types=[tf.float16]),
    )
    assert words(path) == [
        "conv_i6x7_c4_k3x3_f5_p1.0x2.1_float16weights_bias_relu6_ones",
        "depthwise_i5x8_c5_k2x2_same_float16weights_bias_ones",
    ]


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("text.tflite", b"text", "^.* is no TensorFlow Lite model: it does not say TFL3"),
        ("torn.tflite", b"\x08\0\0\0TFL3\xff\xff\xff", "^.* cannot be read as a TensorFlow Lite model: "),
        ("saved/saved_model.pb", b"torn", "^.* cannot be read as a SavedModel: "),
        ("saved/other.pb", b"torn", "^.* is no SavedModel: it has no saved_model.pb$"),
    ],
)
def test_what_is_no_model_is_one_sentence(tmp_path: Path, name: str, content: bytes, sentence: str) -> None:
    file = tmp_path / name
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(content)
    with pytest.raises(NotRead, match=sentence):
        model_named(str(file if file.suffix == ".tflite" else file.parent))


def quantised(file: Path) -> Path:
    """A padded model of two convolutions in int8, with a scale for each channel of their filters."""
    model = models.sequence(
        layers.ZeroPadding2D(((1, 0), (2, 1))),
        layers.Conv2D(3, 3, strides=2, activation="relu6"),
        layers.DepthwiseConv2D(2, padding="same"),
    )
    numbers = np.linspace(-1, 1, int(np.prod(model.input_shape[1:])), dtype=np.float32)
    samples = [[numbers.reshape(1, *model.input_shape[1:])]]
    return lite(
        model,
        file,
        optimizations=[tf.lite.Optimize.DEFAULT],
        representative_dataset=lambda: samples,
        target_spec=tf.lite.TargetSpec(supported_ops=[tf.lite.OpsSet.TFLITE_BUILTINS_INT8]),
    )


@pytest.mark.filterwarnings("ignore:Statistics for quantized inputs")
def test_convolutions_of_int8_have_their_scales_and_zero_points_and_gate(tmp_path: Path) -> None:
    file = quantised(tmp_path / "model.tflite")
    first, second = (layer.case for layer in layers_of(model_named(str(file)), fill=""))
    assert first is not None
    assert second is not None
    assert (first.format.token, first.epilogue) == ("int8", ("bias", "relu6"))
    assert (first.padding, first.fill) == (((1, 0), (2, 1)), "levels")
    assert (len(first.quantised.w_scale), len(second.quantised.w_scale)) == (3, 3)
    assert first.quantised.y_zero_point == second.quantised.x_zero_point == -128
    assert first.quantised.y_scale == second.quantised.x_scale
    way = describe(load("tensorflow:lite")).ways["DEPTHWISE_CONV_2D+int8+reference"]
    assert Examiner(subject=way).examine(second).outcome == "agrees"
