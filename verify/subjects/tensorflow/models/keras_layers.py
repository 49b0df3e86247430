"""Keras's layers and operations as steps of a model: which fields a case has of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from verify.cases.case import Case
from verify.cases.dtypes import FORMATS
from verify.cases.operations import leaky
from verify.cases.word import InvalidCase, by
from verify.subjects.tensorflow.imported import keras
from verify.subjects.tensorflow.models.nodes import Node, open_sizes

_OPERATIONS = {
    "Conv1D": "conv",
    "Conv2D": "conv",
    "Conv3D": "conv",
    "DepthwiseConv1D": "depthwise",
    "DepthwiseConv2D": "depthwise",
    "SeparableConv1D": "separable",
    "SeparableConv2D": "separable",
    "Conv1DTranspose": "transpose",
    "Conv2DTranspose": "transpose",
    "Conv3DTranspose": "transpose",
}
"""Class of a layer → its operation."""

_RECURRENT = ("ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D")
_CALLS = ("Conv", "DepthwiseConv", "SeparableConv", "ConvTranspose")
"""Operations of `keras.ops` that convolve without a layer."""

_NN, _NUMPY = "keras.src.ops.nn", "keras.src.ops.numpy"

_IDLE = (
    *("Dropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D", "AlphaDropout"),
    *("GaussianDropout", "GaussianNoise", "ActivityRegularization", "Identity"),
)
"""Layers that hand on their input when a model is not trained."""


def is_convolution(operation: Any) -> bool:
    """Whether a layer, or a call of `keras.ops`, convolves itself, read or not."""
    return bool(operation_of(operation) or _is_recurrent(operation) or _is_call(operation))


def operation_of(layer: Any) -> str:
    """The operation of a layer, one of its own class or of a class made from that; else ""."""
    return next((_OPERATIONS[name] for name in _OPERATIONS if isinstance(layer, _layer(name))), "")


def node_of(operation: Any, given: Sequence[Any], answers: Sequence[Any], place: Callable[..., Node]) -> Node:
    """The node of a call of a layer, or of an operation of `keras.ops`, with these tensors.

    `place` makes it of its kind, as it knows the name and the values.
    """
    if is_convolution(operation):
        reason = _unreadable(operation)
        return (
            place("convolution", reason=reason) if reason else _convolution(operation, given, answers, place)
        )
    if isinstance(operation, tuple(_layer(f"ZeroPadding{rank}D") for rank in (1, 2, 3))):
        cells: Any = operation.padding  # type: ignore[attr-defined]
        pairs = (tuple(cells),) if isinstance(cells[0], int) else tuple(map(tuple, cells))
        return place("pad", cells=pairs, fields={"channels_first": _is_first(operation)})
    if _adds(operation):
        is_residual = len(given) == 2 and given[0].shape == given[1].shape and given[0] is not given[1]
        return place("add" if is_residual else "other")
    if isinstance(operation, keras.layers.BatchNormalization):
        axis, last = operation.axis % len(given[0].shape), len(given[0].shape) - 1
        fields = {"channels_first": axis == 1 != last}
        return place("step", steps=("norm",), fields=fields) if axis in (1, last) else place("other")
    if isinstance(operation, tuple(map(_layer, _IDLE))):
        return place("step")
    steps, lacks = _activation(operation)
    is_linear = isinstance(operation, keras.layers.Activation)
    return place("step" if steps or lacks or is_linear else "other", steps=steps, lacks=lacks)


def _convolution(
    layer: Any, given: Sequence[Any], answers: Sequence[Any], place: Callable[..., Node]
) -> Node:
    operation, is_first = operation_of(layer), _is_first(layer)
    before, after = (_parts(tensors[0].shape, is_first=is_first) for tensors in (given, answers))
    if None in (*before, *after):
        return place("convolution", reason=open_sizes(before))
    source, result = (after, before) if operation == "transpose" else (before, after)
    fields: dict[str, Any] = {
        "operation": operation,
        "batch": given[0].shape[0] or 1,
        "size": source[:-1],
        "channels": source[-1],
        "kernel": tuple(layer.kernel_size),
        "strides": tuple(layer.strides),
        "dilations": tuple(layer.dilation_rate),
        "padding": _padding(layer),
        "dtype": FORMATS[layer.compute_dtype].dtype,
        "channels_first": is_first,
    }
    if operation in ("depthwise", "separable"):
        fields["multiplier"] = layer.depth_multiplier
    if operation != "depthwise":
        fields["filter_count"] = result[-1]
    if operation == "conv":
        fields["groups"] = layer.groups
    steps, lacks = _activation(layer.activation)
    steps = (*(("bias",) if layer.use_bias else ()), *steps)
    reason = _untransposable(fields, result[:-1]) if operation == "transpose" else ""
    return place("convolution", fields=fields, steps=steps, lacks=lacks, reason=reason)


def _unreadable(layer: Any) -> str:
    """Why the numbers of a layer do not say what it computes, or nothing."""
    kind = type(layer)
    if _is_recurrent(layer):
        return f"a {kind.__name__} convolves at every step of a sequence, with a state"
    if _is_call(layer):
        return f"keras.ops computes it ({kind.__name__}), and no layer says its numbers"
    base = next(_layer(name) for name in _OPERATIONS if isinstance(layer, _layer(name)))
    if kind.call is not base.call:
        return f"its class {kind.__name__} has a `call` of its own"
    if getattr(layer, "quantization_mode", None):
        return f"its weights are quantized ({layer.quantization_mode})"
    if layer.compute_dtype not in FORMATS:
        return f"no word has the dtype {layer.compute_dtype}"
    return ""


def _untransposable(fields: Mapping[str, Any], given: tuple[int, ...]) -> str:
    """Why a transposed layer is not the gradient of a convolution, or nothing."""
    try:
        out = tuple(axis.out for axis in Case(**fields).axes)
    except InvalidCase:
        return ""  # which is said where its word is made
    if out == given:
        return ""
    size = by(fields["size"])
    return f"it makes {size} cells of {by(given)}, and the convolution of {size} cells makes {by(out)}"


def _padding(layer: Any) -> Any:
    if layer.padding != "causal":
        return layer.padding.upper()
    return (((layer.kernel_size[0] - 1) * layer.dilation_rate[0], 0),)


def _parts(shape: Sequence[Any], *, is_first: bool) -> tuple[Any, ...]:
    """The spatial sizes of a shape, then its channels."""
    return (*shape[2:], shape[1]) if is_first else tuple(shape[1:])


def _is_first(layer: Any) -> bool:
    return bool(layer.data_format == "channels_first")


def _adds(operation: Any) -> bool:
    is_call = (type(operation).__module__, type(operation).__name__) == (_NUMPY, "Add")
    return is_call or isinstance(operation, keras.layers.Add)


def _activation(what: Any) -> tuple[tuple[str, ...], str]:
    """The steps of an activation, a function, a layer or a call of `keras.ops`; else what no word has.

    Both are empty for what is no activation, and for one that hands on its input.
    """
    if what is None or what is keras.activations.linear:
        return (), ""
    if isinstance(what, keras.layers.Activation):
        return _activation(what.activation)
    if what in _functions():
        return (_functions()[what],), ""
    kind = type(what)
    if step := _STEPS.get(kind.__name__, _no_step)(what) if kind.__module__.startswith("keras.") else "":
        return (step,), ""
    is_layer = kind.__module__.startswith("keras.src.layers.activations")
    is_call = kind.__module__ == _NN and kind.__name__ in _CURVES
    if is_layer or is_call:
        return (), kind.__name__
    is_function = callable(what) and not isinstance(what, keras.Operation)
    return (), getattr(what, "__name__", kind.__name__) if is_function else ""


def _no_step(what: object) -> str:
    return ""


def _relu(layer: Any) -> str:
    """The step of a ReLU layer."""
    if layer.threshold or (layer.max_value is not None and layer.negative_slope):
        return ""
    if layer.max_value is None:
        return leaky(layer.negative_slope) if layer.negative_slope else "relu"
    return "relu6" if layer.max_value == 6 else ""


_STEPS: Mapping[str, Callable[[Any], str]] = {
    "ReLU": _relu,
    "LeakyReLU": lambda layer: leaky(layer.negative_slope),
    "ELU": lambda layer: "elu" if layer.alpha == 1 else "",
    "Relu": lambda call: "relu",
    "Relu6": lambda call: "relu6",
    "LeakyRelu": lambda call: leaky(call.negative_slope),
    "Elu": lambda call: "elu" if call.alpha == 1 else "",
    "Tanh": lambda call: "tanh",
    "Sigmoid": lambda call: "sigmoid",
}
"""Class of a layer, or of a call of `keras.ops` → its step, or ""."""

_CURVES = (
    *("SparseSigmoid", "Softplus", "Softsign", "SoftShrink", "SparsePlus", "Silu", "Squareplus"),
    *("LogSigmoid", "HardSigmoid", "HardSilu", "Selu", "Gelu", "Celu", "Glu", "TanhShrink", "HardTanh"),
    *("HardShrink", "Elu", "Threshold", "Softmax", "LogSoftmax", "Sparsemax"),
)
"""Calls of `keras.ops` that are activations, and no steps of a word."""


@cache
def _functions() -> Mapping[Any, str]:
    """The activations that words have, by Keras's functions."""
    plain = {getattr(keras.activations, name): name for name in ("relu", "relu6", "elu", "tanh", "sigmoid")}
    return {**plain, keras.activations.leaky_relu: leaky(0.2)}


@cache
def _layer(name: str) -> Any:
    return getattr(keras.layers, name)


def _is_recurrent(operation: Any) -> bool:
    return isinstance(operation, tuple(map(_layer, _RECURRENT)))


def _is_call(operation: Any) -> bool:
    return type(operation).__module__ == _NN and type(operation).__name__ in _CALLS
