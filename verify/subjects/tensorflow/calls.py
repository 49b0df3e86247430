"""TensorFlow's entry points to convolutions, each as a function of tensors, with border and epilogue."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from verify.cases.case import Case
from verify.cases.operands import Array
from verify.subjects.tensorflow import forward, raw
from verify.subjects.tensorflow.epilogue import after
from verify.subjects.tensorflow.forward import Call, every_pair
from verify.subjects.tensorflow.gradients import (
    as_depthwise,
    as_separable,
    filter_gradient,
    input_gradient,
    separable_step,
)
from verify.subjects.tensorflow.imported import tf


class Entry(NamedTuple):
    """A way into TensorFlow: the operation it answers, its public name, and how a case calls it.

    `{n}` in the name stands for the number of spatial axes. `require` raises for a case that is none
    of its own, before it is called.
    """

    operation: str
    api: str
    call: Call
    require: Callable[[Case], object] = bool


WEIGHTS = frozenset({"factor", "pointwise", "bias", "mean", "variance", "scale", "offset"})
"""The operands that a trained model holds; the others are what it is given."""


def operands(case: Case) -> dict[str, Array]:
    """The arrays that a call takes, in order: the operation's own, then those of each step after it."""
    made = case.operands._asdict()
    own = ("input", "factor", "pointwise")
    parameters = ("mean", "variance", "scale", "offset")
    steps = [parameters if step == "norm" else (step,) for step in case.epilogue]
    names = (*own, *(name for names in steps for name in names))
    return {name: made[name] for name in names if made.get(name) is not None}


def function(entry: str, case: Case) -> Call:
    """What an entry point computes for every case of this geometry, as a function of its `operands`.

    It reads no array of the case, so that a trace of it serves another fill as well.
    """

    def run(*tensors: Any) -> Any:
        own = 3 if case.operation == "separable" else 2
        x, *others = tensors[:own]
        if case.border:
            x = tf.pad(x, every_pair(case, case.border))
        y = ENTRIES[entry].call(case, x, *others)
        return y if case.operation == "filtergrad" else after(case, y, list(tensors[own:]))

    return run


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
        "conv_nd_input_gradient": Entry(
            "transpose", "the gradient of tf.nn.conv{n}d", input_gradient(forward.conv_nd)
        ),
        "convolution_input_gradient": Entry(
            "transpose", "the gradient of tf.nn.convolution", input_gradient(forward.convolution)
        ),
        "depthwise_input_gradient": Entry(
            "transpose", "the gradient of tf.nn.depthwise_conv2d", input_gradient(as_depthwise)
        ),
        "separable_input_gradient": Entry(
            "transpose",
            "the gradient of tf.nn.separable_conv2d",
            input_gradient(as_separable),
            separable_step,
        ),
        "raw_input_gradient": Entry("transpose", "tf.raw_ops.Conv{n}DBackpropInput", raw.input_gradient),
        "raw_depthwise_input_gradient": Entry(
            "transpose", "tf.raw_ops.DepthwiseConv2dNativeBackpropInput", raw.depthwise_input_gradient
        ),
        "conv_nd_filter_gradient": Entry(
            "filtergrad", "the gradient of tf.nn.conv{n}d", filter_gradient(forward.conv_nd)
        ),
        "convolution_filter_gradient": Entry(
            "filtergrad", "the gradient of tf.nn.convolution", filter_gradient(forward.convolution)
        ),
        "depthwise_filter_gradient": Entry(
            "filtergrad", "the gradient of tf.nn.depthwise_conv2d", filter_gradient(as_depthwise)
        ),
        "separable_filter_gradient": Entry(
            "filtergrad",
            "the gradient of tf.nn.separable_conv2d",
            filter_gradient(as_separable),
            separable_step,
        ),
        "raw_filter_gradient": Entry("filtergrad", "tf.raw_ops.Conv{n}DBackpropFilter", raw.filter_gradient),
        "raw_depthwise_filter_gradient": Entry(
            "filtergrad", "tf.raw_ops.DepthwiseConv2dNativeBackpropFilter", raw.depthwise_filter_gradient
        ),
    }
)
"""Every entry point by its name in the tables of limits and of subjects."""
