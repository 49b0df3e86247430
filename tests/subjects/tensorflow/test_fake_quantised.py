"""Fake quantisation, eager and converted, and what the converter makes of a representative data set."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pytest

from tests.subjects.asked import drawn
from verify import Case, assert_conv
from verify.cases.operands import Array
from verify.checks.path import Examiner
from verify.checks.subject import describe
from verify.subjects.litert.kernels import interpreted
from verify.subjects.tensorflow import subject
from verify.subjects.tensorflow.fake_quantised import CONVERTED, EAGER
from verify.subjects.tensorflow.imported import tf
from verify.subjects.tensorflow.lite import interpreter

RAW, LITE = describe(subject("tensorflow:raw")), describe(subject("tensorflow:lite"))

AROUND = ("bias", "relu", "relu6")


def outcomes(name: str, count: int, seed: int = 0) -> dict[str, str]:
    described = LITE if name in LITE.ways else RAW
    examiner = Examiner(subject=described.ways[name], known=described.known)
    cases = drawn(described.ways[name], count, seed, around=AROUND if described is LITE else ())
    return {str(case): examiner.examine(case).outcome for case in cases}


@pytest.mark.parametrize("name", [way.name for way in EAGER])
@pytest.mark.parametrize("count", [25, pytest.param(3000, marks=pytest.mark.long)])
def test_every_answer_is_a_step_that_is_right(name: str, count: int) -> None:
    made = outcomes(name, count)
    assert [word for word, outcome in made.items() if outcome == "disagrees"] == []
    assert sum(outcome == "agrees" for outcome in made.values()) >= count / 2


@pytest.mark.parametrize("name", [way.name for way in CONVERTED])
@pytest.mark.parametrize("count", [3, pytest.param(150, marks=pytest.mark.long)])
def test_every_answer_of_what_is_converted_is_that_of_its_scheme(name: str, count: int) -> None:
    made = outcomes(name, count)
    assert [word for word, outcome in made.items() if outcome == "disagrees"] == []
    assert "agrees" in made.values()


def test_answers_are_what_is_worked_by_hand() -> None:
    # (−2 + 3)·1 by 0.5 · 0.25 / 0.125 = 1, and the zero point 7
    case = Case.parse("conv_i1x1_k1x1_valid_int8_qx0.5z-3_qw0.25_qy0.125z7_ones")
    assert RAW.ways["FakeQuantWithMinMaxVars"].call(case).item() == 8
    assert LITE.ways["TFLiteConverter+int8"](case).item() == 8


@pytest.mark.parametrize("name", ["FakeQuantWithMinMaxVars", "TFLiteConverter+int8"])
def test_filters_of_minus_128_are_declined(name: str) -> None:
    way = {**RAW.ways, **LITE.ways}[name]
    case = next(
        case
        for seed in range(500)
        if (case := Case.parse(f"conv_i3x3_k2x2_valid_int8_qx0.5_qw0.25_qy16_levels{seed}")).filters.min()
        == -128
    )
    assert Examiner(subject=way).examine(case).outcome == "declined"


class Converted(NamedTuple):
    """What a model of one convolution takes and has, as it is read back, and its answer."""

    answer: Array
    x: Array
    w: Array
    bias: Array
    scales: dict[str, Any]


def by_representative_data(case: Case) -> Converted:
    """A convolution in float32, quantised by what a data set of eight images shows."""
    generator = np.random.default_rng(case.seed)
    images = [generator.uniform(-1, 2, case.input_shape).astype(np.float32) for _ in range(8)]
    holder = tf.Module()
    holder.run = tf.function(
        lambda x: tf.nn.conv2d(x, tf.constant(case.filters), case.strides, case.padding) + case.bias,
        input_signature=[tf.TensorSpec(case.input_shape, tf.float32)],
        autograph=False,
    )
    converter = tf.lite.TFLiteConverter.from_concrete_functions([holder.run.get_concrete_function()], holder)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([image] for image in images)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    return read_back(converter.convert(), generator.integers(-128, 128, case.input_shape).astype(np.int8))


def read_back(content: bytes, x: Array) -> Converted:
    made = interpreter(model_content=content, num_threads=1, experimental_preserve_all_tensors=True)
    made.allocate_tensors()
    x_place, y_place = made.get_input_details()[0], made.get_output_details()[0]
    given = [
        place
        for place in made.get_tensor_details()
        if place["index"] not in (x_place["index"], y_place["index"])
    ]
    w_place = next(place for place in given if place["dtype"] == np.int8 and len(place["shape"]) == 4)
    bias_place = next(place for place in given if place["dtype"] == np.int32 and len(place["shape"]) == 1)
    (x_scale, x_zero), (y_scale, y_zero) = x_place["quantization"], y_place["quantization"]
    scales = {
        "x_scale": x_scale,
        "x_zero_point": x_zero,
        "w_scale": w_place["quantization_parameters"]["scales"],
        "y_scale": y_scale,
        "y_zero_point": y_zero,
    }
    w, bias = (made.get_tensor(place["index"]) for place in (w_place, bias_place))
    return Converted(interpreted(interpreter, content, [x], num_threads=1), x, w, bias, scales)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(1, 60))])
def test_what_a_representative_data_set_leads_to_answers_by_its_own_scales(seed: int) -> None:
    sizes = ("i6x5_c3_k3x2_f4", "i5x5_c2_k2x2_f3_s2x2", "i4x7_c5_k1x1_f2", "i7x7_c1_k3x3_f6_s1x1")[seed % 4]
    case = Case.parse(f"conv_n2_{sizes}_{('same', 'valid')[seed % 2]}_bias_reals{seed}")
    made = by_representative_data(case)
    assert len(made.scales["w_scale"]) == case.filter_count
    assert_conv(
        made.answer,
        made.x,
        made.w,
        strides=case.strides,
        padding=case.padding,
        bias=made.bias,
        filter_format="OHWI",
        scheme="float32",
        **made.scales,
    )
