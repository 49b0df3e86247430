"""TensorFlow Lite's int8 kernels: a model written for a case, and run by one of three sets of kernels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from types import MappingProxyType
from typing import Any, ClassVar, NamedTuple

import flatbuffers
import numpy as np
from tensorflow.lite.python import schema_py_generated as schema

from verify.cases.case import Case
from verify.cases.domain import Condition, Domain, Space
from verify.cases.operands import Array
from verify.checks.deviations import condition
from verify.checks.limits import Limit
from verify.subjects.tensorflow.imported import silenced, tf
from verify.subjects.tensorflow.modes import interpreted

_CONDITIONS = (
    ("batch > 0 and 0 not in size and 0 not in out", "it computes no empty int8 convolution"),
    ("w_zero_point == 0", "int8 filters have the zero point 0, by the quantization specification"),
    (
        "multiplier_of_sums < 1 or (multiplier_of_sums < 2 and fill != 'levels')",
        "its product with a multiplier of 1 or more may overflow",
    ),
    (
        "x_scale * min(w_scale) / y_scale >= 2**-32",
        "its default kernels are others where a multiplier is below 2**-32",
    ),
    ("'relu6' not in epilogue or 6 / y_scale < 2**31", "the end of relu6 is a step of 32 bits"),
)
"""What its int8 convolutions support beside lists, and the reason of what they do not."""


class Kernels(NamedTuple):
    """A set of kernels: the resolver by which an interpreter takes it, and the scheme of each operation.

    The default resolver is "".
    """

    resolver: str
    schemes: Mapping[str, str]

    @property
    def options(self) -> Mapping[str, Any]:
        """The arguments of an interpreter beside its model."""
        types = tf.lite.experimental.OpResolverType
        resolver = {"experimental_op_resolver_type": getattr(types, self.resolver)} if self.resolver else {}
        return {"num_threads": 1, **resolver}


KERNELS: Mapping[str, Kernels] = MappingProxyType(
    {
        "": Kernels("", {"conv": "float32", "depthwise": "float32"}),
        "+builtin": Kernels(
            "BUILTIN_WITHOUT_DEFAULT_DELEGATES",
            {"conv": "fixed-twice-up", "depthwise": "fixed-twice-blocks"},
        ),
        "+reference": Kernels("BUILTIN_REF", {"conv": "fixed-twice", "depthwise": "fixed-twice"}),
    }
)
"""End of a way's name → kernels: those of XNNPACK, the default delegate; the built-in optimized ones, as on
an x86 processor with AVX; the reference ones."""

_OPERATORS = {"conv": "CONV_2D", "depthwise": "DEPTHWISE_CONV_2D"}


@dataclass(frozen=True)
class QuantisedWay:
    """An operator in int8 by a set of kernels; a subject of its own."""

    operation: str
    kernels: str
    mode: str = "lite"
    refuses: ClassVar[tuple[str, ...]] = ()
    """Nothing: its kernels compute with scales that are no numbers, and end the process for some shapes."""
    cost: ClassVar[int] = 1
    compiles: ClassVar[bool] = False

    @property
    def name(self) -> str:
        return f"{_OPERATORS[self.operation]}+int8{self.kernels}"

    @property
    def operations(self) -> tuple[str, ...]:
        return (self.operation,)

    @property
    def scheme(self) -> str:
        """How it makes answers of sums; that of the built-in kernels is the one of AVX, AVX2 and AVX-512."""
        return KERNELS[self.kernels].schemes[self.operation]

    @cached_property
    def domain(self) -> Domain:
        space = Space(
            ranks=(1, 2),
            dtypes=("int8",),
            data_formats=("channels_last",),
            paddings=("same", "valid"),
            around=("bias", "relu", "relu6"),
            max_groups=1,
        )
        conditions = (Condition(condition(text), reason, is_inside=True) for text, reason in _CONDITIONS)
        return Domain(spaces={self.operation: space}, conditions=tuple(conditions))

    @property
    def limits(self) -> tuple[Limit, ...]:
        return ()

    def __call__(self, case: Case) -> Array:
        """TensorFlow Lite's answer; its own errors pass through."""
        return self.answer(case)

    def answer(self, case: Case) -> Array:
        """The same, for a caller of any way."""
        image = case.input.reshape(_image(case.input_shape))
        with silenced():
            answer = interpreted(model_of(case), [image], **KERNELS[self.kernels].options)
        return answer.reshape(case.output_shape)


WAYS = tuple(QuantisedWay(operation, kernels) for operation in _OPERATORS for kernels in KERNELS)


@lru_cache(maxsize=1)
def model_of(case: Case) -> bytes:
    """A model of one operator, with the filters and the bias of a case as its constants.

    It is written once for consecutive calls.
    One without a bias has one of zeros, as the converter gives it: the kernels demand it.
    """
    model, graph = schema.ModelT(), schema.SubGraphT()
    model.version, model.operatorCodes, model.subgraphs = 3, [_operator_code(case)], [graph]
    model.buffers = [schema.BufferT(), _buffer(_filters(case)), _buffer(_bias(case))]
    graph.tensors = _tensors(case)
    graph.inputs, graph.outputs, graph.operators = [0], [1], [_operator(case)]
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def _image(shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape of an image of one axis as one of two, the first of one cell."""
    return shape if len(shape) == 4 else (shape[0], 1, *shape[1:])


def _two(numbers: tuple[int, ...]) -> tuple[int, ...]:
    return (1,) * (2 - len(numbers)) + numbers


def _filters(case: Case) -> Array:
    """The filters as the operator takes them: (filters, *kernel, channels), or (1, *kernel, channels)."""
    w = case.filters.reshape(*_two(case.kernel), *case.filters.shape[-2:])
    if case.operation == "depthwise":
        return w.reshape(1, *w.shape[:2], -1)
    return np.ascontiguousarray(np.moveaxis(w, -1, 0))


def _bias(case: Case) -> Array:
    return np.zeros(case.output_channels, np.int32) if case.bias is None else case.bias


def _buffer(array: Array) -> Any:
    buffer = schema.BufferT()
    buffer.data = np.frombuffer(array.tobytes(), np.uint8)
    return buffer


def _tensors(case: Case) -> list[Any]:
    """Input, answer, filters, and the bias, whose scale is that of the sums."""
    quantised = case.quantised
    scales = list(quantised.w_scale)
    if quantised.is_per_channel:
        scales = list(quantised.w_scales(case.output_channels))
    images = (
        _tensor("x", _image(case.input_shape), [quantised.x_scale], [quantised.x_zero_point]),
        _tensor("y", _image(case.output_shape), [quantised.y_scale], [quantised.y_zero_point]),
    )
    zeros = [0] * len(scales)
    axis = 3 if case.operation == "depthwise" else 0
    w = _tensor("w", _filters(case).shape, scales, zeros, axis=axis, buffer=1)
    sums = [float(np.float32(quantised.x_scale) * np.float32(scale)) for scale in scales]
    bias = _tensor("b", (case.output_channels,), sums, zeros, buffer=2, kind=schema.TensorType.INT32)
    return [*images, w, bias]


def _tensor(
    name: str,
    shape: tuple[int, ...],
    scales: list[float],
    zeros: list[int],
    *,
    axis: int = 0,
    buffer: int = 0,
    kind: int = schema.TensorType.INT8,
) -> Any:
    tensor, quantization = schema.TensorT(), schema.QuantizationParametersT()
    tensor.name, tensor.shape, tensor.type, tensor.buffer = name, list(shape), kind, buffer
    quantization.scale, quantization.zeroPoint, quantization.quantizedDimension = scales, zeros, axis
    tensor.quantization = quantization
    return tensor


def _operator_code(case: Case) -> Any:
    code = schema.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = getattr(
        schema.BuiltinOperator, _OPERATORS[case.operation]
    )
    code.version = 3
    return code


_ACTIVATIONS = {
    "relu": schema.ActivationFunctionType.RELU,
    "relu6": schema.ActivationFunctionType.RELU6,
}


def _operator(case: Case) -> Any:
    operator = schema.OperatorT()
    operator.inputs, operator.outputs = [0, 2, 3], [1]
    if case.operation == "depthwise":
        options = schema.DepthwiseConv2DOptionsT()
        options.depthMultiplier = case.multiplier
        operator.builtinOptionsType = schema.BuiltinOptions.DepthwiseConv2DOptions
    else:
        options = schema.Conv2DOptionsT()
        operator.builtinOptionsType = schema.BuiltinOptions.Conv2DOptions
    options.padding = schema.Padding.SAME if case.padding == "SAME" else schema.Padding.VALID
    options.strideH, options.strideW = _two(case.strides)
    options.dilationHFactor, options.dilationWFactor = _two(case.dilations)
    steps = [_ACTIVATIONS[step] for step in case.epilogue if step in _ACTIVATIONS]
    options.fusedActivationFunction = steps[0] if steps else schema.ActivationFunctionType.NONE
    operator.builtinOptions = options
    return operator
