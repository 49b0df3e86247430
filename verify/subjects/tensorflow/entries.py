"""TensorFlow's entry points to convolutions, each as a function of tensors, with border and epilogue."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from verify.cases.case import Case
from verify.cases.operands import Array
from verify.subjects.tensorflow import forward, raw
from verify.subjects.tensorflow.forward import EntryPoint, apply_epilogue, every_pair, parameters
from verify.subjects.tensorflow.gradients import (
    as_depthwise,
    as_separable,
    filter_gradient,
    input_gradient,
    separable_step,
)
from verify.subjects.tensorflow.imported import tf


class Entry(NamedTuple):
    """An entry point: the operation that it computes, its public name, and how a case calls it.

    `{n}` in the name stands for the number of spatial axes. `require` raises for a case that it does
    not compute, before it is called.
    """

    operation: str
    api: str
    compute: EntryPoint
    require: Callable[[Case], object] = bool


def operands_by_name(case: Case) -> dict[str, Array]:
    """The arrays that a call takes, in order: the operation's own, then those of each step after it."""
    arrays = case.operands._asdict()
    return {name: arrays[name] for name in _names(case)}


def _names(case: Case) -> tuple[str, ...]:
    if case.traits.answer == "filters":
        return ("input", "factor")
    names = ("input", "factor", "pointwise") if case.traits.has_pointwise else ("input", "factor")
    return (*names, *parameters(case))


def function(entry: str, case: Case) -> Callable[..., Any]:
    """What an entry point computes for every case of this geometry, as a function of its `operands`.

    It reads no array of the case, so that a trace of it serves another fill as well.
    """

    def run(*tensors: Any) -> Any:
        named = dict(zip(_names(case), tensors, strict=True))
        x, *filters = (named[name] for name in ("input", "factor", "pointwise") if name in named)
        if case.border:
            x = tf.pad(x, every_pair(case, case.border))
        y = ENTRIES[entry].compute(case, x, *filters)
        return apply_epilogue(case, y, named) if case.traits.answers_image else y

    return run


def _gradients(by: str, operation: str, gradient: Callable[[EntryPoint], EntryPoint]) -> dict[str, Entry]:
    """The gradients of the forward calls by one of their operands."""
    calls = {
        "conv_nd": Entry(operation, "tf.nn.conv{n}d", forward.conv_nd),
        "convolution": Entry(operation, "tf.nn.convolution", forward.convolution),
        "depthwise": Entry(operation, "tf.nn.depthwise_conv2d", as_depthwise),
        "separable": Entry(operation, "tf.nn.separable_conv2d", as_separable, separable_step),
        "padded_conv_nd": Entry(operation, "tf.pad+tf.nn.conv{n}d", forward.padded_conv_nd),
    }
    return {
        f"{name}_{by}_gradient": call._replace(
            api=f"the gradient of {call.api}", compute=gradient(call.compute)
        )
        for name, call in calls.items()
    }


ENTRIES: Mapping[str, Entry] = MappingProxyType(
    {
        "conv_nd": Entry("conv", "tf.nn.conv{n}d", forward.conv_nd),
        "convolution": Entry("conv", "tf.nn.convolution", forward.convolution),
        "raw_conv": Entry("conv", "tf.raw_ops.Conv{n}D", raw.conv),
        "raw_general_conv": Entry("conv", "tf.raw_ops.Conv", raw.general_conv),
        "raw_padded_conv": Entry("conv", "tf.raw_ops.FusedPadConv2D", raw.padded_conv),
        "depthwise": Entry("depthwise", "tf.nn.depthwise_conv2d", forward.depthwise),
        "raw_depthwise": Entry("depthwise", "tf.raw_ops.DepthwiseConv2dNative", raw.depthwise),
        "separable": Entry("separable", "tf.nn.separable_conv2d", forward.separable),
        "conv_nd_transpose": Entry("transpose", "tf.nn.conv{n}d_transpose", forward.conv_nd_transpose),
        "conv_transpose": Entry("transpose", "tf.nn.conv_transpose", forward.conv_transpose),
        "padded_conv_nd": Entry("conv", "tf.pad+tf.nn.conv{n}d", forward.padded_conv_nd),
        **_gradients("input", "transpose", input_gradient),
        "raw_input_gradient": Entry("transpose", "tf.raw_ops.Conv{n}DBackpropInput", raw.input_gradient),
        "raw_depthwise_input_gradient": Entry(
            "transpose", "tf.raw_ops.DepthwiseConv2dNativeBackpropInput", raw.depthwise_input_gradient
        ),
        **_gradients("filter", "filtergrad", filter_gradient),
        "raw_filter_gradient": Entry("filtergrad", "tf.raw_ops.Conv{n}DBackpropFilter", raw.filter_gradient),
        "raw_bias_gradient": Entry("filtergrad", "tf.raw_ops.BiasAddGrad", raw.bias_gradient),
        "raw_depthwise_filter_gradient": Entry(
            "filtergrad", "tf.raw_ops.DepthwiseConv2dNativeBackpropFilter", raw.depthwise_filter_gradient
        ),
    }
)
"""Every entry point by its name in the tables of limits and of subjects."""
