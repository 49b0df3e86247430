"""Fake quantisation: int8 convolutions as real numbers on grids, eager or converted to TensorFlow Lite."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, ClassVar

import numpy as np

from verify.cases.case import Case
from verify.cases.domain import Domain, Space
from verify.cases.operands import Array
from verify.checks.limits import Limit
from verify.checks.subject import Declined
from verify.subjects.built_in import conditions_inside
from verify.subjects.litert.kernels import interpreted
from verify.subjects.litert.ways import CONDITIONS
from verify.subjects.tensorflow.imported import silenced, tf
from verify.subjects.tensorflow.lite import interpreter

_LEAST, _LARGEST = -128, 127

_EAGER = (
    (
        """(1 / 256 < multiplier_of_sums and multiplier_of_sums < 0.5) \
            or (x_scale == y_scale == 1 and set(w_scale) == set((1.0,)))""",
        "its roundings are allowed for where a step is two sums or more, and not many, or there are none",
    ),
    (
        "products * (products + 8) * (127 + max(x_zero_point, -1 - x_zero_point) + 1) * 127 < 2**22",
        "its sums in float32 are within a quarter of a unit of the exact ones for a few products alone",
    ),
    ("x_scale * min(w_scale) > 1e-30", "products of real numbers are normal"),
)
"""Where sums in float32 and the roundings of a grid stay within what is allowed where no scheme is declared.

With n products, u = 2**-24 and Σ the sum of the products of distances, the roundings of operands, products
and sums are less than (n + 8)·u·Σ in units of a sum, a quarter of one; a step is at most 256 sums, and the
distance of an answer from the end of its grid, at most 255 steps, is rounded thrice: 255·3·u of a step, which
is a hundredth of a sum.
"""

_DEPTHWISE = (
    ("strides[0] == strides[-1]", "depthwise_conv2d has one stride for both axes"),
    ("len(w_scale) == 1", "a grid for each channel is one of the last axis, and has no multiplier"),
)


@dataclass(frozen=True)
class FakeQuantisedWay:
    """`tf.nn.conv2d` or `depthwise_conv2d` between fake quantisations, as it is or converted."""

    operation: str
    mode: str
    compiles: ClassVar[bool] = False
    refuses: ClassVar[tuple[str, ...]] = ()
    """Nothing: ends of a grid that are no numbers are none of the operations' arguments."""

    @property
    def name(self) -> str:
        how = {"eager": "FakeQuantWithMinMaxVars", "lite": "TFLiteConverter+int8"}[self.mode]
        return how + "+depthwise" * (self.operation == "depthwise")

    @property
    def cost(self) -> int:
        return {"eager": 1, "lite": 16}[self.mode]

    @property
    def operations(self) -> tuple[str, ...]:
        return (self.operation,)

    @property
    def scheme(self) -> str:
        """That of XNNPACK of what is converted; none of eager float32."""
        return {"eager": "", "lite": "float32"}[self.mode]

    @cached_property
    def domain(self) -> Domain:
        space = Space(
            ranks=(2,),
            dtypes=("int8",),
            data_formats=("channels_last",),
            paddings=("same", "valid"),
            around=("bias", "relu", "relu6") if self.mode == "lite" else (),
            max_groups=1,
            max_dilation=1 if self.operation == "depthwise" else None,
        )
        own = (*CONDITIONS["int8"], *(_EAGER if self.mode == "eager" else ()), *self._depthwise)
        return Domain(spaces={self.operation: space}, conditions=conditions_inside(own))

    @property
    def _depthwise(self) -> tuple[tuple[str, str], ...]:
        """What `depthwise_conv2d` and its grid demand."""
        return _DEPTHWISE if self.operation == "depthwise" else ()

    @property
    def limits(self) -> tuple[Limit, ...]:
        return ()

    def __call__(self, case: Case) -> Array:
        """TensorFlow's answer; its own errors pass through. Declined where a grid cannot hold the filters."""
        if case.filters.size and case.filters.min() == _LEAST:
            raise Declined("the grid of filters is symmetric, and has no -128")
        return eager(case) if self.mode == "eager" else converted(case)


EAGER, CONVERTED = (
    tuple(FakeQuantisedWay(operation, mode) for operation in ("conv", "depthwise"))
    for mode in ("eager", "lite")
)


def eager(case: Case) -> Array:
    """The steps of the real numbers that a fake-quantised convolution answers."""
    quantised = case.quantised
    real = (case.input.astype(np.float64) - quantised.x_zero_point) * quantised.x_scale
    with tf.device("/CPU:0"):
        answer = _between_grids(case)(tf.constant(real.astype(np.float32))).numpy()
    steps = np.rint(answer.astype(np.float64) / quantised.y_scale) + quantised.y_zero_point
    return np.asarray(steps, np.int8)


def converted(case: Case) -> Array:
    """What the model answers that the converter makes, in int8."""
    with silenced(), tf.device("/CPU:0"):
        content = _content(case)
        chosen = _scales_of(content)
        if chosen != _scales_due(case):
            raise Declined(f"the converter chose the scales and zero points {chosen}")
        return interpreted(interpreter, content, [case.input], num_threads=1)


@lru_cache(maxsize=1)
def _content(case: Case) -> bytes:
    """The model of a case, converted once for consecutive calls."""
    holder = tf.Module()
    signature = [tf.TensorSpec(case.input_shape, tf.float32)]
    holder.run = tf.function(_between_grids(case), input_signature=signature, autograph=False)
    functions = [holder.run.get_concrete_function()]
    converter = tf.lite.TFLiteConverter.from_concrete_functions(functions, trackable_obj=holder)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    content: bytes = converter.convert()
    return content


def _scales_of(content: bytes) -> tuple[tuple[float, int], ...]:
    """The scale and zero point of a model's input, and of its answer."""
    made = interpreter(model_content=content, num_threads=1)
    places = (made.get_input_details()[0], made.get_output_details()[0])
    return tuple((float(scale), int(zero)) for scale, zero in (place["quantization"] for place in places))


def _scales_due(case: Case) -> tuple[tuple[float, int], ...]:
    quantised = case.quantised
    return (quantised.x_scale, quantised.x_zero_point), (quantised.y_scale, quantised.y_zero_point)


def _between_grids(case: Case) -> Callable[[Any], Any]:
    """A convolution of real numbers whose input, filters and answer lie on the grids of a case."""
    quantised = case.quantised
    call = {"conv": tf.nn.conv2d, "depthwise": tf.nn.depthwise_conv2d}[case.operation]
    strides = [1, *case.strides, 1] if case.operation == "depthwise" else list(case.strides)

    def run(x: Any) -> Any:
        x = tf.quantization.fake_quant_with_min_max_vars(x, *_ends(quantised.x_scale, quantised.x_zero_point))
        y = call(x, _filters(case), strides, case.padding, dilations=list(case.dilations))
        for step in case.epilogue:
            y = y + tf.constant(_bias(case)) if step == "bias" else getattr(tf.nn, step)(y)
        return tf.quantization.fake_quant_with_min_max_vars(
            y, *_ends(quantised.y_scale, quantised.y_zero_point)
        )

    return run


def _ends(scale: float, zero_point: int) -> tuple[np.float32, np.float32]:
    """The real numbers of the least and the largest integer."""
    return np.float32((_LEAST - zero_point) * scale), np.float32((_LARGEST - zero_point) * scale)


def _scales(case: Case) -> Array:
    """The scale of each filter, in float64."""
    return np.array(case.quantised.w_scales(case.output_channels), np.float64)


def _filters(case: Case) -> Any:
    """The filters on their grids: one for each channel of a convolution, which is the last axis."""
    scales = _scales(case) if case.operation == "conv" else _scales(case)[:1]
    real, ends = tf.constant(np.float32(case.filters * scales)), np.asarray(_LARGEST * scales, np.float32)
    if case.operation == "conv":
        per_channel = tf.quantization.fake_quant_with_min_max_vars_per_channel
        return per_channel(real, -ends, ends, narrow_range=True)
    return tf.quantization.fake_quant_with_min_max_vars(real, -ends[0], ends[0], narrow_range=True)


def _bias(case: Case) -> Array:
    """The real numbers that a bias stands for."""
    return np.asarray(np.asarray(case.bias, np.float64) * case.quantised.x_scale * _scales(case), np.float32)
