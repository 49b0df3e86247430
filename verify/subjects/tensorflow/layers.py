"""Keras layers that compute a case, their weights set and their activation their own where it can be."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from itertools import takewhile
from types import MappingProxyType
from typing import Any, NamedTuple

from verify.cases.case import Case
from verify.cases.operands import Array
from verify.subjects.tensorflow.imported import keras, tf


class Layer(NamedTuple):
    """A layer: the operation it answers, and its public name with `{n}` for the number of axes."""

    operation: str
    api: str


_KINDS = {
    "conv": "Conv{n}D",
    "depthwise": "DepthwiseConv{n}D",
    "separable": "SeparableConv{n}D",
    "transpose": "Conv{n}DTranspose",
}
# The default draws real numbers, which integer weights cannot hold.
_INITIALIZERS = {
    "conv": ("kernel_initializer",),
    "depthwise": ("depthwise_initializer",),
    "separable": ("depthwise_initializer", "pointwise_initializer"),
    "transpose": ("kernel_initializer",),
}

LAYERS: Mapping[str, Layer] = MappingProxyType(
    {
        "layer_conv": Layer("conv", "keras.layers.Conv{n}D"),
        "layer_depthwise": Layer("depthwise", "keras.layers.DepthwiseConv{n}D"),
        "layer_separable": Layer("separable", "keras.layers.SeparableConv{n}D"),
        "layer_transpose": Layer("transpose", "keras.layers.Conv{n}DTranspose"),
        "layer_conv_input_gradient": Layer("transpose", "the gradient of keras.layers.Conv{n}D"),
        "layer_depthwise_input_gradient": Layer(
            "transpose", "the gradient of keras.layers.DepthwiseConv{n}D"
        ),
        "layer_separable_input_gradient": Layer(
            "transpose", "the gradient of keras.layers.SeparableConv{n}D"
        ),
        "layer_conv_filter_gradient": Layer("filtergrad", "the gradient of keras.layers.Conv{n}D"),
        "layer_depthwise_filter_gradient": Layer(
            "filtergrad", "the gradient of keras.layers.DepthwiseConv{n}D"
        ),
        "layer_separable_filter_gradient": Layer(
            "filtergrad", "the gradient of keras.layers.SeparableConv{n}D"
        ),
    }
)
"""Every layer by its name in the tables of limits and of subjects."""


NO_GROUPS = "Keras has no groups in a transposed convolution"


class NoLayer(Exception):
    """No layer of Keras has what a case asks for."""


def cannot_say(entry: str, case: Case) -> str:
    """What of an illegal call a layer has no argument for, so that it cannot be asked; or nothing."""
    if entry != "layer_transpose":
        return ""
    if case.groups > 1:
        return NO_GROUPS
    if len(case.kernel) == case.rank and min((*case.kernel, *case.strides, *case.dilations)) > 0:
        return "a transposed convolution of Keras is not told the sizes of its answer"
    return ""


def answer(entry: str, case: Case) -> Array:
    """The answer of a stack of layers, each called eagerly."""
    with tf.device("/CPU:0"):
        array: Array = stack(case).numpy()
    return array


def stack(case: Case) -> Any:
    """The tensor that the layers of a case answer."""
    y = tf.constant(case.input)
    if case.border:
        y = _of(case, f"ZeroPadding{case.rank}D", padding=_pads(case), **_form(case))(y)
    own = list(takewhile(lambda step: step not in ("norm", "residual"), case.epilogue))
    y = _convolution(case, own, y)
    for step in case.epilogue[len(own) :]:
        y = _step(case, step, y)
    return y


def _convolution(case: Case, own: list[str], x: Any) -> Any:
    """The layer of the operation, with the steps that it takes itself: its bias and its activation."""
    layer = convolution(case, own)
    layer.build(x.shape)
    names = ("filters", "pointwise", "bias") if case.operation == "separable" else ("filters", "bias")
    layer.set_weights([getattr(case, name) for name in names if name != "bias" or "bias" in own])
    return layer(x)


def convolution(case: Case, own: list[str]) -> Any:
    """The layer of the operation, its weights not yet made."""
    return _of(
        case,
        _KINDS[case.operation].format(n=case.rank),
        **_sizes(case),
        kernel_size=case.kernel,
        strides=case.strides,
        dilation_rate=case.dilations,
        padding=_padding(case),
        use_bias="bias" in own,
        activation=_activation(own[-1]) if own and own[-1] != "bias" else None,
        **dict.fromkeys(_INITIALIZERS[case.operation], "zeros"),
        **_form(case),
    )


def _sizes(case: Case) -> dict[str, Any]:
    """How many filters a layer has, and what else its operation needs."""
    match case.operation:
        case "depthwise":
            return {"depth_multiplier": case.multiplier}
        case "separable":
            return {"filters": case.filter_count, "depth_multiplier": case.multiplier}
        case "transpose":
            if case.groups > 1:
                raise NoLayer(NO_GROUPS)
            return {"filters": case.channels, "output_padding": _output_padding(case)}
    return {"filters": case.filter_count, "groups": case.groups}


def _padding(case: Case) -> str:
    if isinstance(case.padding, str):
        return case.padding.lower()
    causal = ((case.axes[0].span - 1, 0),)
    if case.operation == "conv" and case.padding == causal:
        return "causal"
    raise NoLayer("Keras has no explicit padding in a convolution, but for the causal one of Conv1D")


def _output_padding(case: Case) -> tuple[int, ...] | None:
    """The cells to be added for the answer's size, where it is not the one that the layer assumes."""
    if case.illegal:
        return None  # it has no answer
    padded = case.padding == "SAME"
    shortest = [(axis.out - 1) * axis.stride + (axis.span % 2 if padded else axis.span) for axis in case.axes]
    assumed = [
        axis.out * axis.stride if padded else (axis.out - 1) * axis.stride + max(axis.span, axis.stride)
        for axis in case.axes
    ]
    if list(case.size) == assumed:
        return None
    return tuple(size - least for size, least in zip(case.size, shortest, strict=True))


def _step(case: Case, step: str, y: Any) -> Any:
    match step:
        case "norm":
            axis = 1 if case.channels_first else -1
            layer = _of(case, "BatchNormalization", axis=axis, epsilon=case.norm_epsilon)
            layer.build(y.shape)
            mean, variance, scale, offset = case.operands[-4:]
            layer.set_weights([scale, offset, mean, variance])
            return layer(y, training=False)
        case "residual":
            return _of(case, "Add")([y, tf.constant(case.residual)])
        case "bias":
            raise NoLayer("Keras adds a bias in a convolution alone")
    return _of(case, "Activation", activation=_activation(step))(y)


def _activation(step: str) -> Any:
    if step.startswith("leaky"):
        return partial(keras.activations.leaky_relu, negative_slope=float(step[5:]))
    return keras.activations.get(step)


def _of(case: Case, kind: str, **arguments: Any) -> Any:
    return getattr(keras.layers, kind)(dtype=case.dtype.name, **arguments)


def _form(case: Case) -> dict[str, str]:
    return {"data_format": "channels_first" if case.channels_first else "channels_last"}


def _pads(case: Case) -> Any:
    return case.border[0] if case.rank == 1 else case.border
