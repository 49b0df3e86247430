"""TensorFlow's entry points to convolutions, each as a function of tensors, with border and epilogue."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, NamedTuple

from verify.case import Array, Case
from verify.subjects.tensorflow_import import tf

Call = Callable[..., Any]
"""(case, *tensors) → tensor."""


class NoGradient(Exception):
    """TensorFlow answers None where a gradient is asked."""


class NotDepthwise(Exception):
    """A convolution is asked of a depthwise entry point, and is none."""


class Entry(NamedTuple):
    """A way into TensorFlow: the operation it answers, its public name, and how a case calls it.

    `{n}` in the name stands for the number of spatial axes.
    """

    operation: str
    api: str
    call: Call


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
            x = tf.pad(x, _every_pair(case, case.border))
        y = ENTRIES[entry].call(case, x, *others)
        return y if case.operation == "filtergrad" else _after(case, y, list(tensors[own:]))

    return run


# Attributes, as TensorFlow wants them.


def _every_axis(case: Case, numbers: tuple[int, ...], other: int = 1) -> list[int]:
    """A number for each spatial axis, with another for batch and channels."""
    return list(case.in_data_format((other, *numbers, other)))


def _padding(case: Case) -> Any:
    """ "SAME", "VALID", or pairs for every axis of the input, batch and channels included."""
    if isinstance(case.padding, str):
        return case.padding
    return _every_pair(case, case.padding)


def _every_pair(case: Case, pairs: tuple[tuple[int, int], ...]) -> list[list[int]]:
    """The (before, after) cells of each spatial axis, with none for batch and channels."""
    before, after = (_every_axis(case, cells, 0) for cells in zip(*pairs, strict=True))
    return [list(pair) for pair in zip(before, after, strict=True)]


def _explicit(case: Case) -> dict[str, Any]:
    """The padding of a raw operation, which takes pairs as one flat list."""
    if isinstance(case.padding, str):
        return {"padding": case.padding}
    flat = [cells for pair in _padding(case) for cells in pair]
    return {"padding": "EXPLICIT", "explicit_paddings": flat}


def _attributes(case: Case) -> dict[str, Any]:
    return {
        "strides": _every_axis(case, case.strides),
        "dilations": _every_axis(case, case.dilations),
        "data_format": case.data_format,
    }


def _shape(case: Case, x: Any) -> Any:
    """The shape that a transposed convolution must be told, its batch as the tensor has it."""
    if x.shape[0] is not None:
        return case.output_shape
    return tf.stack([tf.shape(x)[0], *case.output_shape[1:]])


# Forward.


def _conv_nd(case: Case, x: Any, w: Any) -> Any:
    call = (tf.nn.conv1d, tf.nn.conv2d, tf.nn.conv3d)[case.rank - 1]
    strides, dilations = _every_axis(case, case.strides), _every_axis(case, case.dilations)
    return call(x, w, strides, _padding(case), data_format=case.data_format, dilations=dilations)


def _convolution(case: Case, x: Any, w: Any) -> Any:
    return tf.nn.convolution(
        x,
        w,
        strides=case.strides,
        padding=_padding(case),
        data_format=case.data_format,
        dilations=case.dilations,
    )


def _depthwise(case: Case, x: Any, w: Any) -> Any:
    if case.rank == 1:
        return _in_row(case, _depthwise, x, w)
    return tf.nn.depthwise_conv2d(
        x,
        w,
        _every_axis(case, case.strides),
        _padding(case),
        data_format=case.data_format,
        dilations=case.dilations,
    )


def _separable(case: Case, x: Any, w: Any, pointwise: Any) -> Any:
    if case.rank == 1:
        return _in_row(case, _separable, x, w, pointwise)
    return tf.nn.separable_conv2d(
        x,
        w,
        pointwise,
        _every_axis(case, case.strides),
        _padding(case),
        data_format=case.data_format,
        dilations=case.dilations,
    )


def _in_row(case: Case, call: Call, x: Any, *filters: Any) -> Any:
    """The answer for a line as an image of one row, which is how tf.nn.conv1d and Keras do it.

    The stride serves the row too: TensorFlow wants the strides of an image to be equal.
    """
    image = replace(
        case,
        size=(1, *case.size),
        kernel=(1, *case.kernel),
        strides=case.strides * 2,
        dilations=(1, *case.dilations),
        padding=case.padding if isinstance(case.padding, str) else ((0, 0), *case.padding),
        border=case.border and ((0, 0), *case.border),
    )
    axis = 2 if case.channels_first else 1
    y = call(image, tf.expand_dims(x, axis), *(tf.expand_dims(w, 0) for w in filters))
    return tf.squeeze(y, [axis])


# Transposed: the gradient with respect to the input.


def _conv_nd_transpose(case: Case, y: Any, w: Any) -> Any:
    call = (tf.nn.conv1d_transpose, tf.nn.conv2d_transpose, tf.nn.conv3d_transpose)[case.rank - 1]
    return call(
        y,
        w,
        _shape(case, y),
        _every_axis(case, case.strides),
        padding=_padding(case),
        data_format=case.data_format,
        dilations=_every_axis(case, case.dilations),
    )


def _conv_transpose(case: Case, y: Any, w: Any) -> Any:
    return tf.nn.conv_transpose(
        y,
        w,
        _shape(case, y),
        case.strides,
        padding=_padding(case),
        data_format=case.data_format,
        dilations=case.dilations,
    )


def _input_gradient(forward: Call) -> Call:
    """The gradient of a forward call with respect to its input, which it does not depend on."""

    def call(case: Case, y: Any, w: Any) -> Any:
        x = tf.zeros(_shape(case, y), case.dtype)
        with tf.GradientTape() as tape:
            tape.watch(x)
            answer = forward(case, x, w)
        return _only(tape.gradient(answer, x, output_gradients=y))

    return call


def _filter_gradient(forward: Call) -> Call:
    """The gradient with respect to the filters, or to the bias where that is asked."""

    def call(case: Case, x: Any, y: Any) -> Any:
        w = tf.zeros(case.filter_shape, case.dtype)
        b = tf.zeros(case.filter_count, case.dtype)
        with tf.GradientTape() as tape:
            tape.watch((w, b))
            answer = forward(case, x, w)
            if case.epilogue:
                answer = _add_bias(case, answer, b)
        return _only(tape.gradient(answer, b if case.epilogue else w, output_gradients=y))

    return call


def _only(gradient: Any) -> Any:
    if gradient is None:
        raise NoGradient("GradientTape gives no gradient: it watches floating-point tensors alone")
    return gradient


def _as_depthwise(case: Case, x: Any, w: Any) -> Any:
    """A convolution with as many groups as channels, through the depthwise call that it is."""
    return _depthwise(case, x, tf.reshape(w, _depthwise_shape(case)))


def _depthwise_shape(case: Case) -> tuple[int, ...]:
    """The shape of the filters of a convolution that is a depthwise one."""
    if case.groups != case.channels:
        raise NotDepthwise(f"a depthwise convolution has as many groups as channels, not {case.groups}")
    return (*case.kernel, case.channels, case.filter_count // case.channels)


# Raw operations.


def _raw_conv(case: Case, x: Any, w: Any) -> Any:
    if case.rank == 3:
        return tf.raw_ops.Conv3D(input=x, filter=w, padding=_word(case), **_attributes(case))
    return tf.raw_ops.Conv2D(input=x, filter=w, **_explicit(case), **_attributes(case))


def _raw_general_conv(case: Case, x: Any, w: Any) -> Any:
    return tf.raw_ops.Conv(
        input=x,
        filter=w,
        strides=_every_axis(case, case.strides),
        dilations=_every_axis(case, case.dilations),
        data_format="CHANNELS_FIRST" if case.channels_first else "CHANNELS_LAST",
        groups=case.groups,
        **_explicit(case),
    )


def _raw_padded_conv(case: Case, x: Any, w: Any) -> Any:
    attributes = _attributes(case)
    if max(case.dilations) == 1:
        del attributes["dilations"]  # it has none
    if not case.channels_first:
        del attributes["data_format"]  # nor that
    return tf.raw_ops.FusedPadConv2D(
        input=x,
        paddings=[[0, 0]] * (case.rank + 2),
        filter=w,
        mode="REFLECT",
        padding=_word(case),
        **attributes,
    )


def _raw_depthwise(case: Case, x: Any, w: Any) -> Any:
    return tf.raw_ops.DepthwiseConv2dNative(input=x, filter=w, **_explicit(case), **_attributes(case))


def _raw_input_gradient(case: Case, y: Any, w: Any) -> Any:
    given = {"input_sizes": _shape(case, y), "filter": w, "out_backprop": y, **_attributes(case)}
    if case.rank == 3:
        return tf.raw_ops.Conv3DBackpropInputV2(padding=_word(case), **given)
    return tf.raw_ops.Conv2DBackpropInput(**_explicit(case), **given)


def _raw_depthwise_input_gradient(case: Case, y: Any, w: Any) -> Any:
    return tf.raw_ops.DepthwiseConv2dNativeBackpropInput(
        input_sizes=_shape(case, y),
        filter=tf.reshape(w, _depthwise_shape(case)),
        out_backprop=y,
        **_explicit(case),
        **_attributes(case),
    )


def _raw_filter_gradient(case: Case, x: Any, y: Any) -> Any:
    if case.epilogue:
        form = "NCHW" if case.channels_first else "NHWC"
        return tf.raw_ops.BiasAddGrad(out_backprop=y, data_format=form)
    given = {"input": x, "filter_sizes": case.filter_shape, "out_backprop": y, **_attributes(case)}
    if case.rank == 3:
        return tf.raw_ops.Conv3DBackpropFilterV2(padding=_word(case), **given)
    return tf.raw_ops.Conv2DBackpropFilter(**_explicit(case), **given)


def _raw_depthwise_filter_gradient(case: Case, x: Any, y: Any) -> Any:
    if case.epilogue:
        return _raw_filter_gradient(case, x, y)
    w = tf.raw_ops.DepthwiseConv2dNativeBackpropFilter(
        input=x,
        filter_sizes=_depthwise_shape(case),
        out_backprop=y,
        **_explicit(case),
        **_attributes(case),
    )
    return tf.reshape(w, case.filter_shape)


def _word(case: Case) -> str:
    """The padding of an operation that takes a string alone."""
    return case.padding if isinstance(case.padding, str) else "EXPLICIT"


# What follows.


def _after(case: Case, y: Any, tensors: list[Any]) -> Any:
    for step in case.epilogue:
        match step:
            case "bias":
                y = _add_bias(case, y, tensors.pop(0))
            case "norm":
                y = _normalise(case, y, *(tensors.pop(0) for _ in range(4)))
            case "residual":
                y = y + tensors.pop(0)
            case _:
                y = _activate(step, y)
    return y


def _add_bias(case: Case, y: Any, b: Any) -> Any:
    return tf.nn.bias_add(y, b, data_format="NC..." if case.channels_first else "N...C")


def _normalise(case: Case, y: Any, mean: Any, variance: Any, scale: Any, offset: Any) -> Any:
    """Batch normalisation of an image by the fused operation, which grappler fuses with the convolution."""
    numbers = (mean, variance, scale, offset)
    if case.rank != 2 or case.channels_first or y.dtype == tf.float64:
        shape = case.in_data_format((1,) * (case.rank + 1) + (-1,))
        mean, variance, scale, offset = (tf.reshape(each, shape) for each in numbers)
        return tf.nn.batch_normalization(y, mean, variance, offset, scale, case.norm_epsilon)
    mean, variance, scale, offset = (tf.cast(each, tf.float32) for each in numbers)
    return tf.compat.v1.nn.fused_batch_norm(
        y, scale, offset, mean, variance, epsilon=case.norm_epsilon, is_training=False
    )[0]


def _activate(step: str, y: Any) -> Any:
    if step.startswith("leaky"):
        return tf.nn.leaky_relu(y, float(step[5:]))
    return {
        "relu": tf.nn.relu,
        "relu6": tf.nn.relu6,
        "elu": tf.nn.elu,
        "tanh": tf.tanh,
        "sigmoid": tf.sigmoid,
    }[step](y)


ENTRIES: Mapping[str, Entry] = MappingProxyType(
    {
        "conv_nd": Entry("conv", "tf.nn.conv{n}d", _conv_nd),
        "convolution": Entry("conv", "tf.nn.convolution", _convolution),
        "raw_conv": Entry("conv", "tf.raw_ops.Conv{n}D", _raw_conv),
        "raw_general_conv": Entry("conv", "tf.raw_ops.Conv", _raw_general_conv),
        "raw_padded_conv": Entry("conv", "tf.raw_ops.FusedPadConv2D", _raw_padded_conv),
        "depthwise": Entry("depthwise", "tf.nn.depthwise_conv2d", _depthwise),
        "raw_depthwise": Entry("depthwise", "tf.raw_ops.DepthwiseConv2dNative", _raw_depthwise),
        "separable": Entry("separable", "tf.nn.separable_conv2d", _separable),
        "conv_nd_transpose": Entry("transpose", "tf.nn.conv{n}d_transpose", _conv_nd_transpose),
        "conv_transpose": Entry("transpose", "tf.nn.conv_transpose", _conv_transpose),
        "conv_nd_input_gradient": Entry(
            "transpose", "the gradient of tf.nn.conv{n}d", _input_gradient(_conv_nd)
        ),
        "convolution_input_gradient": Entry(
            "transpose", "the gradient of tf.nn.convolution", _input_gradient(_convolution)
        ),
        "depthwise_input_gradient": Entry(
            "transpose", "the gradient of tf.nn.depthwise_conv2d", _input_gradient(_as_depthwise)
        ),
        "raw_input_gradient": Entry("transpose", "tf.raw_ops.Conv{n}DBackpropInput", _raw_input_gradient),
        "raw_depthwise_input_gradient": Entry(
            "transpose", "tf.raw_ops.DepthwiseConv2dNativeBackpropInput", _raw_depthwise_input_gradient
        ),
        "conv_nd_filter_gradient": Entry(
            "filtergrad", "the gradient of tf.nn.conv{n}d", _filter_gradient(_conv_nd)
        ),
        "convolution_filter_gradient": Entry(
            "filtergrad", "the gradient of tf.nn.convolution", _filter_gradient(_convolution)
        ),
        "depthwise_filter_gradient": Entry(
            "filtergrad", "the gradient of tf.nn.depthwise_conv2d", _filter_gradient(_as_depthwise)
        ),
        "raw_filter_gradient": Entry("filtergrad", "tf.raw_ops.Conv{n}DBackpropFilter", _raw_filter_gradient),
        "raw_depthwise_filter_gradient": Entry(
            "filtergrad", "tf.raw_ops.DepthwiseConv2dNativeBackpropFilter", _raw_depthwise_filter_gradient
        ),
    }
)
"""Every entry point by its name in the tables of limits and of subjects."""
