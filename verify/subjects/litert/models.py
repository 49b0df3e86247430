"""Models of TensorFlow Lite: one operator, written as a flatbuffer for a case."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any, NamedTuple, TypeAlias

import flatbuffers
import numpy as np

from verify.cases.case import Case
from verify.cases.operands import Array
from verify.cases.quantised import dtype_of
from verify.cases.weights import as_kept
from verify.subjects.litert.kernels import Engine, Kernels, interpreted
from verify.subjects.silence import silenced


class Operator(NamedTuple):
    """An operator: its name, that of its options, and the axis of the answer's channels in its filters."""

    name: str
    options: str
    channel_axis: int


OPERATORS: Mapping[str, Operator] = MappingProxyType(
    {
        "conv": Operator("CONV_2D", "Conv2DOptions", 0),
        "depthwise": Operator("DEPTHWISE_CONV_2D", "DepthwiseConv2DOptions", 3),
        "transpose": Operator("TRANSPOSE_CONV", "TransposeConvOptions", 0),
    }
)
"""Operation → the operator of two axes that computes it."""

SOLID: Mapping[str, Operator] = MappingProxyType(
    {
        "conv": Operator("CONV_3D", "Conv3DOptions", 4),
        "transpose": Operator("CONV_3D_TRANSPOSE", "Conv3DOptions", 3),
    }
)
"""The same of three axes."""

_ACTIVATIONS = {"relu": "RELU", "relu6": "RELU6"}

_SIZES = "sizes"
"""The operand that says the sizes of what a transposed convolution answers."""


def answer_of(case: Case, engine: Engine, kernels: Kernels) -> Array:
    """What a case's operator answers by a set of kernels; its own errors pass through."""
    image = case.input.reshape(image_of(case.input_shape))
    with silenced():
        model = model_of(case, engine.schema)
        answer = interpreted(engine.interpreter, model, [image], **kernels.options(engine))
    return answer.reshape(case.output_shape)


@lru_cache(maxsize=1)
def model_of(case: Case, schema: Any) -> bytes:
    """A model of one operator, with the filters and the bias of a case as its constants.

    `schema` is the module of the format's classes, `schema_py_generated`; a model is written once for
    consecutive calls. One without a bias has one of zeros, as the converter gives it: the kernels demand it.
    """
    model, graph = schema.ModelT(), schema.SubGraphT()
    constants = _constants(case)
    model.version, model.subgraphs = 3, [graph]
    model.operatorCodes = [_code(operator_of(case).name, 1 if case.rank == 3 else 3, schema)]
    model.buffers = [schema.BufferT(), *(_buffer(array, schema) for array in constants.values())]
    graph.tensors = _tensors(case, constants, schema)
    graph.inputs, graph.outputs, graph.operators = [0], [1], [_operator(case, constants, schema)]
    if case.weights == "float16":
        _keep_in_float16(case, model, schema)
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def operator_of(case: Case) -> Operator:
    return (SOLID if case.rank == 3 else OPERATORS)[case.operation]


def image_of(shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape of an image of one axis as one of two, the first of one cell; others as they are."""
    return shape if len(shape) > 3 else (shape[0], 1, *shape[1:])


def _two(numbers: tuple[int, ...]) -> tuple[int, ...]:
    return (1,) * (2 - len(numbers)) + numbers


def _constants(case: Case) -> dict[str, Array]:
    """The constants of an operator by name: filters, bias, and the sizes of what is transposed."""
    bias = case.bias if case.bias is not None else np.zeros(case.output_channels, _dtype_of_bias(case))
    constants = {"w": filters_of(case), "b": bias}
    if case.operation == "transpose":
        constants[_SIZES] = np.array(image_of(case.output_shape), np.int32)
    return constants


def _dtype_of_bias(case: Case) -> np.dtype[Any]:
    return dtype_of(case, "bias") if case.format.is_quantised else case.dtype


def filters_of(case: Case) -> Array:
    """The filters as an operator takes them: (channels of the answer, *kernel, channels of the input).

    Those of a depthwise convolution are (1, *kernel, channels of the answer), those of three axes as given.
    """
    filters = as_kept(case.filters, case) if case.weights == "int8" else case.filters
    if case.rank == 3:
        return filters
    w = filters.reshape(*_two(case.kernel), *filters.shape[-2:])
    if case.operation == "depthwise":
        return w.reshape(1, *w.shape[:2], -1)
    return np.ascontiguousarray(np.moveaxis(w, -2 if case.operation == "transpose" else -1, 0))


def _buffer(array: Array, schema: Any) -> Any:
    buffer = schema.BufferT()
    buffer.data = np.frombuffer(array.tobytes(), np.uint8)
    return buffer


def _tensors(case: Case, constants: Mapping[str, Array], schema: Any) -> list[Any]:
    """Input, answer, and the constants in their order."""
    scales, token = _scales(case), case.format.token
    x, y = image_of(case.input_shape), image_of(case.output_shape)
    return [
        _tensor("x", x, token, scales["x"], schema=schema),
        _tensor("y", y, token, scales["y"], schema=schema),
        *(
            _tensor(name, array.shape, array.dtype.name, scales[name], buffer=number, schema=schema)
            for number, (name, array) in enumerate(constants.items(), 1)
        ),
    ]


Scales: TypeAlias = tuple[list[float], list[int], int]
"""The scales, the zero points and the axis of a tensor that is quantised; no scales of another."""

_NONE: Scales = ([], [], 0)


def _scales(case: Case) -> Mapping[str, Scales]:
    """Name of a tensor → how it is quantised; the scale of the bias is that of the sums."""
    quantised = case.quantised
    is_dynamic = case.weights == "int8"
    scales = list(quantised.w_scale)
    if quantised.is_per_channel or is_dynamic:  # whose depthwise kernels refuse one scale for all
        scales = list(quantised.w_scales(case.output_channels))
    of_filters: Scales = (scales, [quantised.w_zero_point] * len(scales), operator_of(case).channel_axis)
    if not case.format.is_quantised:
        return defaultdict(lambda: _NONE, {"w": of_filters} if is_dynamic else {})
    sums = [float(np.float32(quantised.x_scale) * np.float32(scale)) for scale in scales]
    return {
        "x": ([quantised.x_scale], [quantised.x_zero_point], 0),
        "y": ([quantised.y_scale], [quantised.y_zero_point], 0),
        "w": of_filters,
        "b": (sums, [0] * len(scales), 0),
        _SIZES: _NONE,
    }


def _tensor(
    name: str,
    shape: tuple[int, ...],
    dtype: str,
    quantised: Scales,
    *,
    schema: Any,
    buffer: int = 0,
) -> Any:
    tensor, quantization = schema.TensorT(), schema.QuantizationParametersT()
    tensor.name, tensor.shape, tensor.buffer = name, list(shape), buffer
    tensor.type = getattr(schema.TensorType, dtype.upper())
    if quantised[0]:
        quantization.scale, quantization.zeroPoint, quantization.quantizedDimension = quantised
        tensor.quantization = quantization
    return tensor


def _code(name: str, version: int, schema: Any) -> Any:
    code = schema.OperatorCodeT()
    number = getattr(schema.BuiltinOperator, name)
    code.builtinCode, code.deprecatedBuiltinCode = number, min(number, 127)
    code.version = version
    return code


def _keep_in_float16(case: Case, model: Any, schema: Any) -> None:
    """Have a model's filters in float16, and in front an operator that makes float32 of them.

    The bias stays in float32.
    """
    graph, halves = model.subgraphs[0], as_kept(filters_of(case), case)
    used = next(place for place, tensor in enumerate(graph.tensors) if tensor.name == "w")
    graph.tensors.append(
        _tensor("h", halves.shape, "float16", _NONE, schema=schema, buffer=len(model.buffers))
    )
    model.buffers.append(_buffer(halves, schema))
    graph.tensors[used].buffer = 0
    model.operatorCodes.append(_code("DEQUANTIZE", 3, schema))
    first = schema.OperatorT()
    first.opcodeIndex, first.inputs, first.outputs = 1, [len(graph.tensors) - 1], [used]
    first.builtinOptionsType = schema.BuiltinOptions.DequantizeOptions
    first.builtinOptions = schema.DequantizeOptionsT()
    graph.operators.insert(0, first)


def _operator(case: Case, constants: Mapping[str, Array], schema: Any) -> Any:
    operator, places = schema.OperatorT(), {name: 2 + place for place, name in enumerate(constants)}
    first = [places[_SIZES], places["w"], 0] if _SIZES in places else [0, places["w"]]
    operator.inputs, operator.outputs = [*first, places["b"]], [1]
    kind = operator_of(case).options
    operator.builtinOptionsType = getattr(schema.BuiltinOptions, kind)
    operator.builtinOptions = _options(case, getattr(schema, f"{kind}T")(), schema)
    return operator


def _options(case: Case, options: Any, schema: Any) -> Any:
    options.padding = schema.Padding.SAME if case.padding == "SAME" else schema.Padding.VALID
    if case.rank == 3:
        options.strideD, options.dilationDFactor = case.strides[0], case.dilations[0]
    options.strideH, options.strideW = _two(case.strides)[-2:]
    if hasattr(options, "dilationHFactor"):
        options.dilationHFactor, options.dilationWFactor = _two(case.dilations)[-2:]
    if case.operation == "depthwise":
        options.depthMultiplier = case.multiplier
    steps = [_ACTIVATIONS[step] for step in case.epilogue if step in _ACTIVATIONS]
    options.fusedActivationFunction = getattr(schema.ActivationFunctionType, steps[0] if steps else "NONE")
    return options
