"""A TensorFlow Lite model, read from its file without an interpreter."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from tensorflow.lite.python import schema_py_generated as schema

from verify.cases.dtypes import DTYPES, QUANTISED
from verify.cases.operations import leaky
from verify.cases.quantised import FILTERS, PLAIN, Quantised
from verify.cases.weights import OWN
from verify.subjects.tensorflow.models.nodes import Model, Node, NotRead, open_sizes, said_by


class Tensor(NamedTuple):
    """A value of a model: its name, its dtype by TensorFlow Lite's name, its shape, and its bytes if fixed.

    Extents that the file leaves open are None, but for the batch, which is then 1 or a multiple. One whose
    integers stand for real numbers has `scales`, of all or of each channel, and their zero points. One that
    a file has in float16 and an operator makes float32 is `kept` in float16.
    """

    name: str
    dtype: str
    shape: tuple[int | None, ...]
    fixed: bytes | None
    scales: tuple[float, ...] = ()
    zeros: tuple[int, ...] = ()
    kept: str = OWN


class Call(NamedTuple):
    """An operator of a model with the values that it takes and gives, and its options."""

    operator: str
    given: Sequence[Tensor | None]
    answer: Tensor
    options: Any
    place: Callable[..., Node]


_OPERATORS: Mapping[int, str] = {
    number: name for name, number in vars(schema.BuiltinOperator).items() if isinstance(number, int)
}
_DTYPES: Mapping[int, str] = {
    number: name.lower() for name, number in vars(schema.TensorType).items() if isinstance(number, int)
}
_SAME = schema.Padding.SAME
_FUSED: Mapping[int, tuple[tuple[str, ...], str]] = {
    schema.ActivationFunctionType.NONE: ((), ""),
    schema.ActivationFunctionType.RELU: (("relu",), ""),
    schema.ActivationFunctionType.RELU6: (("relu6",), ""),
    schema.ActivationFunctionType.TANH: (("tanh",), ""),
    schema.ActivationFunctionType.RELU_N1_TO_1: ((), "relu from -1 to 1"),
    schema.ActivationFunctionType.SIGN_BIT: ((), "sign bit"),
}
"""Activation inside an operator → its steps, or what no word has."""

_STEPS = {"RELU": "relu", "RELU6": "relu6", "TANH": "tanh", "LOGISTIC": "sigmoid", "ELU": "elu"}
_LACKING = ("HARD_SWISH", "GELU", "PRELU", "RELU_N1_TO_1", "RELU_0_TO_1", "SOFTMAX", "LOG_SOFTMAX")
_CONVOLVES = ("CONV_2D", "DEPTHWISE_CONV_2D", "CONV_3D", "TRANSPOSE_CONV", "CONV_3D_TRANSPOSE")
_HIDDEN = ("STABLEHLO_CONVOLUTION",)


def read_tflite(path: Path, size: tuple[int, ...] = ()) -> Model:
    """The steps of a model in a file; raises NotRead, one sentence, for what is none.

    Its sizes are those of the file, where a `size` is refused.
    """
    if size:
        raise NotRead("a file of TensorFlow Lite has its own sizes: leave --size out")
    content = path.read_bytes()
    if content[4:8] != b"TFL3":
        raise NotRead(f"{str(path)!r} is no TensorFlow Lite model: it does not say TFL3 in its first bytes")
    try:
        model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(content, 0))
        nodes = [node for graph in model.subgraphs for node in map(_node, _calls(model, graph))]
    except Exception as error:  # noqa: BLE001 - a torn file may fail anywhere
        raise NotRead(f"{str(path)!r} cannot be read as a TensorFlow Lite model: {said_by(error)}") from None
    answers = frozenset(_value(graph, index) for graph in model.subgraphs for index in graph.outputs)
    return Model(f"{path.name} (TensorFlow Lite)", nodes, answers)


def _value(graph: Any, index: int) -> str:
    return f"{graph.name} {index}"


def _calls(model: Any, graph: Any) -> list[Call]:
    """The operators of a graph of a model, in order."""
    tensors = [_tensor(model, tensor) for tensor in graph.tensors]
    calls = []
    for each in graph.operators:
        code = model.operatorCodes[each.opcodeIndex]
        number = max(code.builtinCode, code.deprecatedBuiltinCode)
        half = tensors[each.inputs[0]] if len(each.inputs) else None
        if half and _OPERATORS.get(number) == "DEQUANTIZE" and half.dtype == "float16" and half.fixed:
            made = each.outputs[0]
            tensors[made] = tensors[made]._replace(fixed=half.fixed, kept=half.dtype)
            continue
        given = [tensors[index] if index >= 0 else None for index in each.inputs]
        inputs = [_value(graph, i) for i in each.inputs if i >= 0 and tensors[i].fixed is None]
        outputs = [_value(graph, index) for index in each.outputs]
        name = tensors[each.outputs[0]].name if outputs else ""
        place = partial(Node, name=name, inputs=inputs, outputs=outputs)
        answer = tensors[each.outputs[0]] if outputs else Tensor("", "", (), None)
        calls.append(Call(_OPERATORS.get(number, "CUSTOM"), given, answer, each.builtinOptions, place))
    return calls


def _tensor(model: Any, tensor: Any) -> Tensor:
    name = (tensor.name or b"").decode("utf-8", "replace").partition(";")[0]
    shape = [*(() if tensor.shape is None else tensor.shape)]
    signature = shape if tensor.shapeSignature is None else tensor.shapeSignature
    signed = enumerate(zip(shape, signature, strict=True))
    extents = tuple(None if place and sign < 0 else int(extent) for place, (extent, sign) in signed)
    data = model.buffers[tensor.buffer].data
    fixed = None if data is None or not len(data) else bytes(data)
    said = tensor.quantization
    scales, zeros = ((), ()) if said is None else (said.scale, said.zeroPoint)
    scales, zeros = (tuple(() if part is None else np.asarray(part).tolist()) for part in (scales, zeros))
    return Tensor(name, _DTYPES.get(tensor.type, "unknown"), extents, fixed, scales, zeros)


def _node(call: Call) -> Node:
    """The node of an operator."""
    operator = call.operator
    if operator in _CONVOLVES:
        return _convolution(call)
    if operator in _HIDDEN:
        return call.place("convolution", reason=f"it is written as {operator}, whose axes may be any")
    if operator in ("EXPAND_DIMS", "RESHAPE"):
        return call.place("reshape")
    if operator == "PAD":
        return _pad(call)
    if operator in ("SPACE_TO_BATCH_ND", "BATCH_TO_SPACE_ND"):
        kind = "spread" if operator.startswith("SPACE") else "gather"
        block, cells = map(_numbers, call.given[1:3])
        if block is None or cells is None:
            return call.place(kind)
        pairs = tuple(zip(cells[::2], cells[1::2], strict=True))
        return call.place(kind, block=block, cells=pairs)
    if operator == "ADD":
        first, second = call.given
        is_residual = first and second and first.shape == second.shape and first is not second
        steps, lacks = _FUSED[call.options.fusedActivationFunction]
        return call.place("add" if is_residual else "other", steps=steps, lacks=lacks)
    if operator == "LEAKY_RELU":
        return call.place("step", steps=(leaky(call.options.alpha),))
    steps = (_STEPS[operator],) if operator in _STEPS else ()
    lacks = operator.lower().replace("_", " ") if operator in _LACKING else ""
    return call.place("step" if steps or lacks else "other", steps=steps, lacks=lacks)


def _numbers(tensor: Tensor | None) -> tuple[int, ...] | None:
    """The integers of a fixed tensor, or None where they are not fixed."""
    if tensor is None or tensor.fixed is None:
        return None
    return tuple(np.frombuffer(tensor.fixed, np.dtype(tensor.dtype)).tolist())


def _pad(call: Call) -> Node:
    cells = _numbers(call.given[1])
    if cells is None or len(cells) < 6 or any((*cells[:2], *cells[-2:])):
        return call.place("other")
    return call.place("pad", cells=tuple(zip(cells[2:-2:2], cells[3:-2:2], strict=True)))


def _convolution(call: Call) -> Node:
    """The node of a convolution: its filters are (filters, *kernel, channels), as no case has them."""
    transposes = call.operator in ("TRANSPOSE_CONV", "CONV_3D_TRANSPOSE")
    source, filters = (call.given[2 if transposes else 0], call.given[1])
    assert source is not None
    assert filters is not None
    if reason := _unsaid(source, filters, call.answer):
        return call.place("convolution", reason=reason)
    shapes = source.shape, call.answer.shape
    if any(None in shape[1:] for shape in shapes):
        why = open_sizes(source.shape[1:], after=", which the file leaves to a run")
        return call.place("convolution", reason=why)
    large, small = shapes[::-1] if transposes else shapes
    options, rank = call.options, len(large) - 2
    kernel = filters.shape[:3] if rank == 3 else filters.shape[1:3]
    fields: dict[str, Any] = {
        "batch": large[0] or 1,
        "size": large[1:-1],
        "channels": large[-1],
        "kernel": kernel,
        "strides": _along(options, "stride", rank),
        "dilations": _along(options, "dilation", rank),
        "padding": "SAME" if options.padding == _SAME else "VALID",
        "dtype": DTYPES[source.dtype].dtype,
        "quantised": _quantised(source, filters, call.answer),
        "weights": _kept_in(source, filters),
        "channels_first": False,
    }
    steps, lacks = _FUSED[getattr(options, "fusedActivationFunction", 0)]
    has_bias = len(call.given) > (3 if transposes else 2) and call.given[-1] is not None
    steps = (*(("bias",) if has_bias else ()), *steps)
    return call.place("convolution", fields=fields | _counts(call, large, small), steps=steps, lacks=lacks)


def _unsaid(source: Tensor, filters: Tensor, answer: Tensor) -> str:
    """Why no word has these dtypes, or integers without a scale; "" where one has."""
    for what, tensor in (("input is", source), ("filters are", filters)):
        if tensor.dtype not in DTYPES:
            return f"its {what} {tensor.dtype}, of which there is no word"
    if source.dtype not in QUANTISED:
        other = f"its filters are {filters.dtype} and its input {source.dtype}, of which there is no word"
        is_dynamic = (source.dtype, filters.dtype) == ("float32", "int8") and filters.scales
        return other if filters.dtype in QUANTISED and not is_dynamic else ""
    if (filters.dtype, answer.dtype) != (FILTERS[source.dtype], source.dtype):
        given = f"its input is {source.dtype}, its filters {filters.dtype}, its answer {answer.dtype}"
        return f"{given}, of which there is no word"
    bare = [tensor.name for tensor in (source, filters, answer) if not tensor.scales]
    return f"{bare[0]} has no scale" if bare else ""


def _quantised(source: Tensor, filters: Tensor, answer: Tensor) -> Quantised:
    """How a convolution of integers is quantised; the zero points of filters are one."""
    if source.dtype not in QUANTISED:
        return PLAIN._replace(w_scale=filters.scales) if filters.dtype in QUANTISED else PLAIN
    x, w, y = ((part.scales, (part.zeros or (0,))[0]) for part in (source, filters, answer))
    return Quantised(x[0][0], x[1], w[0], w[1], y[0][0], y[1])


def _kept_in(source: Tensor, filters: Tensor) -> str:
    """The dtype in which filters are kept beside an input of float32: float16, int8, or its own."""
    is_dynamic = source.dtype not in QUANTISED and filters.dtype in QUANTISED
    return filters.dtype if is_dynamic else filters.kept


def _counts(call: Call, large: Sequence[Any], small: Sequence[Any]) -> dict[str, Any]:
    """The operation of a convolution, and what it counts."""
    if call.operator == "DEPTHWISE_CONV_2D":
        return {"operation": "depthwise", "multiplier": small[-1] // large[-1]}
    if call.operator.endswith("TRANSPOSE") or call.operator == "TRANSPOSE_CONV":
        return {"operation": "transpose", "filter_count": small[-1]}
    filters = call.given[1]
    own = filters.shape[-2 if len(large) == 5 else -1] if filters else None
    return {"operation": "conv", "filter_count": small[-1], "groups": large[-1] // (own or large[-1])}


def _along(options: Any, what: str, rank: int) -> tuple[int, ...]:
    """The strides or dilations along the axes, of which depth comes first; 1 where there are none."""
    suffix = "Factor" if what == "dilation" else ""
    names = [f"{what}{letter}{suffix}" for letter in "DHW"[-rank:]]
    return tuple(int(getattr(options, name, 1)) for name in names)
