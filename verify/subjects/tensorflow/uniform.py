"""TensorFlow's uniformly quantised convolution: sums of 32 bits, and a second operation that makes steps."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from verify.cases.case import Case
from verify.cases.domain import Domain, Space
from verify.cases.operands import Array
from verify.cases.operations import OPERATIONS
from verify.checks.limits import Limit
from verify.subjects.built_in import MISQUANTISED, conditions_inside, conditions_of_illegal
from verify.subjects.channels_first import filters_of, groups_of, image_of
from verify.subjects.tensorflow.imported import tf

_CONDITIONS = (
    ("batch > 0 and 0 not in size and 0 not in out", "it is asked no empty convolution"),
    ("w_zero_point == 0", "filters with a scale for each channel have no zero point"),
    (
        "multiplier_of_sums < 1 or (multiplier_of_sums < 2 and fill != 'levels')",
        "its product with a multiplier of 1 or more may overflow",
    ),
    ("x_scale * min(w_scale) / y_scale >= 2**-30", "a smaller multiplier is 0 in 31 bits"),
)

_OF_ILLEGAL = (
    MISQUANTISED,
    ("-128 <= w_zero_point and w_zero_point <= 127", "its filters have the zero point 0"),
    ("not given_dtypes", "its operands are tensors of qint8"),
)

_ENDS: dict[str, int] = {"min_val": -128, "max_val": 127}
_WIDE_ENDS: dict[str, int] = {"min_val": -(2**31), "max_val": 2**31 - 1}


@dataclass(frozen=True)
class UniformWay:
    """`UniformQuantizedConvolution` and `UniformRequantize` of int8; a subject of its own."""

    operation: str
    mode: str = "eager"
    cost: ClassVar[int] = 1
    compiles: ClassVar[bool] = False
    scheme: ClassVar[str] = "fixed-once-product"
    """Source: tensorflow/core/kernels/uniform_quant_ops/math_utils.h."""

    @property
    def name(self) -> str:
        return "UniformQuantizedConvolution" + "+depthwise" * (self.operation == "depthwise")

    @property
    def operations(self) -> tuple[str, ...]:
        return (self.operation,)

    @property
    def refuses(self) -> tuple[str, ...]:
        return self.operations

    @cached_property
    def domain(self) -> Domain:
        space = Space(ranks=OPERATIONS[self.operation].ranks, dtypes=("int8",), around=())
        conditions = (*conditions_inside(_CONDITIONS), *conditions_of_illegal(_OF_ILLEGAL))
        return Domain(spaces={self.operation: space}, conditions=conditions)

    @property
    def limits(self) -> tuple[Limit, ...]:
        return ()

    def __call__(self, case: Case) -> Array:
        """TensorFlow's answer; its own errors pass through."""
        with tf.device("/CPU:0"):
            steps = _steps(case, _sums(case))
            answer: Array = tf.bitcast(steps, tf.int8).numpy()
        return answer if case.channels_first else np.moveaxis(answer, 1, -1)


WAYS = tuple(UniformWay(operation) for operation in ("conv", "depthwise"))


def _sums(case: Case) -> Any:
    """The sums, channels first, as its numbers of axes are by default: (N, C, …) and (filters, C, …)."""
    quantised = case.quantised
    scales, zeros, axis = _scales(case)
    return tf.raw_ops.UniformQuantizedConvolution(
        lhs=_quantised(image_of(case, case.input)),
        rhs=_quantised(filters_of(case)),
        lhs_scales=np.float32(quantised.x_scale),
        lhs_zero_points=np.int32(quantised.x_zero_point),
        rhs_scales=scales,
        rhs_zero_points=zeros,
        output_scales=np.float32(quantised.x_scale) * scales,
        output_zero_points=zeros,
        Tout=tf.qint32,
        padding="EXPLICIT",
        explicit_padding=[cells for axis in case.axes for cells in (axis.before, axis.after)],
        window_strides=list(case.strides),
        rhs_dilation=list(case.dilations),
        feature_group_count=groups_of(case),
        rhs_quantization_axis=-1 if axis < 0 else 0,
        output_quantization_axis=axis,
        **_ends("lhs", _ENDS),
        **_ends("rhs", _ENDS),
        **_ends("output", _WIDE_ENDS),
    )


def _steps(case: Case, sums: Any) -> Any:
    scales, zeros, axis = _scales(case)
    return tf.raw_ops.UniformRequantize(
        input=sums,
        input_scales=np.float32(case.quantised.x_scale) * scales,
        input_zero_points=zeros,
        output_scales=np.float32(case.quantised.y_scale),
        output_zero_points=np.int32(case.quantised.y_zero_point),
        Tout=tf.qint8,
        input_quantization_axis=axis,
        output_quantization_axis=-1,
        **_ends("input", _WIDE_ENDS),
        **_ends("output", _ENDS),
    )


def _quantised(array: Array) -> Any:
    return tf.bitcast(tf.constant(np.ascontiguousarray(array)), tf.qint8)


def _scales(case: Case) -> tuple[Any, Any, int]:
    """The scales of the filters, their zero points, and the axis of channels, or one of each and −1."""
    quantised = case.quantised
    if not quantised.is_per_channel:
        return np.float32(quantised.w_scale[0]), np.int32(0), -1
    scales = np.array(quantised.w_scales(case.output_channels), np.float32)
    return scales, np.zeros(scales.shape, np.int32), 1


def _ends(name: str, ends: dict[str, int]) -> dict[str, int]:
    return {f"{name}_quantization_{end}": number for end, number in ends.items()}
