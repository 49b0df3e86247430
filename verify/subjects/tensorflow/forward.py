"""TensorFlow's functions: convolutions, forward and transposed, and what follows them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from verify.cases.case import Case
from verify.subjects.built_in import NoCall
from verify.subjects.tensorflow.imported import tf

EntryPoint = Callable[..., Any]
"""(case, *tensors) → tensor."""


_PARAMETERS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"bias": ("bias",), "norm": ("mean", "variance", "scale", "offset"), "residual": ("residual",)}
)
"""Step → the operands that it takes; an activation takes none."""


def every_axis(case: Case, numbers: tuple[int, ...], other: int = 1) -> list[int]:
    """A number for each spatial axis, with another for batch and channels."""
    return list(case.in_data_format((other, *numbers, other)))


def padding(case: Case) -> Any:
    """The padding: "SAME", "VALID" or pairs for every axis of the input, batch and channels included."""
    return case.padding if isinstance(case.padding, str) else every_pair(case, case.padding)


def every_pair(case: Case, pairs: tuple[tuple[int, int], ...]) -> list[list[int]]:
    """The (before, after) cells of each spatial axis, with none for batch and channels."""
    before, after = (every_axis(case, cells, 0) for cells in zip(*pairs, strict=True))
    return [list(pair) for pair in zip(before, after, strict=True)]


def attributes(case: Case) -> dict[str, Any]:
    return {
        "strides": every_axis(case, case.strides),
        "dilations": every_axis(case, case.dilations),
        "data_format": case.data_format,
    }


def output_shape(case: Case, x: Any) -> Any:
    """The shape that a transposed convolution takes as an argument, its batch as the tensor has it."""
    if case.given_shape(case.traits.answer) is not None or not len(x.shape) or x.shape[0] is not None:
        return case.output_shape
    return tf.stack([tf.shape(x)[0], *case.output_shape[1:]])


def conv_nd(case: Case, x: Any, w: Any) -> Any:
    conv = (tf.nn.conv1d, tf.nn.conv2d, tf.nn.conv3d)[case.rank - 1]
    rest = _rest(case, every_axis(case, case.dilations))
    return conv(x, w, every_axis(case, case.strides), padding(case), **rest)


def convolution(case: Case, x: Any, w: Any) -> Any:
    return tf.nn.convolution(x, w, strides=case.strides, padding=padding(case), **_rest(case))


_MODES: Mapping[str, str] = MappingProxyType(
    {"zeros": "CONSTANT", "reflect": "REFLECT", "symmetric": "SYMMETRIC"}
)

PADDING_MODES = tuple(_MODES)
"""The modes of padding that `tf.pad` has."""


def padded_conv_nd(case: Case, x: Any, w: Any) -> Any:
    """A convolution without padding of an input that `tf.pad` has padded in the mode of the case."""
    pairs = case.padding
    if isinstance(pairs, str):
        ends = zip(case.axes, case.borders, strict=True)
        pairs = tuple((axis.before - before, axis.after - after) for axis, (before, after) in ends)
    wide = tf.pad(x, every_pair(case, pairs), _MODES[case.padding_mode])
    return conv_nd(case.copied(padding="VALID"), wide, w)


def depthwise(case: Case, x: Any, w: Any) -> Any:
    return _of_image(case, tf.nn.depthwise_conv2d, x, w)


def separable(case: Case, x: Any, w: Any, pointwise: Any) -> Any:
    return _of_image(case, tf.nn.separable_conv2d, x, w, pointwise)


def _of_image(case: Case, call: Callable[..., Any], x: Any, *filters: Any) -> Any:
    """The answer of a function of images; one axis is an image of one row, as in tf.nn.conv1d and Keras.

    The other axis gets the same stride: TensorFlow requires the strides of an image to be equal.
    """
    if case.rank > 1:
        return call(x, *filters, every_axis(case, case.strides), padding(case), **_rest(case))
    image = case.copied(
        size=(1, *case.size),
        kernel=(1, *case.kernel),
        strides=case.strides * 2,
        dilations=(1, *case.dilations),
        padding=case.padding if isinstance(case.padding, str) else ((0, 0), *case.padding),
        border=case.border and ((0, 0), *case.border),
    )
    axis = 2 if case.channels_first else 1
    row = tf.expand_dims(x, axis)
    return tf.squeeze(_of_image(image, call, row, *(tf.expand_dims(w, 0) for w in filters)), [axis])


def conv_nd_transpose(case: Case, y: Any, w: Any) -> Any:
    transpose = (tf.nn.conv1d_transpose, tf.nn.conv2d_transpose, tf.nn.conv3d_transpose)[case.rank - 1]
    strides, rest = every_axis(case, case.strides), _rest(case, every_axis(case, case.dilations))
    return transpose(y, w, output_shape(case, y), strides, padding=padding(case), **rest)


def conv_transpose(case: Case, y: Any, w: Any) -> Any:
    return tf.nn.conv_transpose(
        y, w, output_shape(case, y), case.strides, padding=padding(case), **_rest(case)
    )


def _rest(case: Case, dilations: Sequence[int] | None = None) -> dict[str, Any]:
    """What follows strides and padding; the dilations may be those of every axis."""
    return {"data_format": case.data_format, "dilations": dilations or case.dilations}


def depthwise_shape(case: Case) -> tuple[int, ...]:
    """The shape of the filters of a convolution that is a depthwise one."""
    given = case.given_shape("filters")
    if given is not None:
        return given
    if case.groups != case.channels:
        raise NoCall(f"a depthwise convolution has as many groups as channels, not {case.groups}")
    return (*case.kernel, case.channels, case.filter_count // case.channels)


def parameters(case: Case) -> tuple[str, ...]:
    """The operands that the steps take, by name and in order."""
    return tuple(name for step in case.epilogue for name in _PARAMETERS.get(step, ()))


def apply_epilogue(case: Case, y: Any, tensors: Mapping[str, Any]) -> Any:
    """The answer after every step of the epilogue, whose operands are found by their names."""
    for step in case.epilogue:
        match step:
            case "bias":
                y = add_bias(case, y, tensors["bias"])
            case "norm":
                y = _normalise(case, y, tensors)
            case "residual":
                y = y + tensors["residual"]
            case _:
                y = _activate(step, y)
    return y


def add_bias(case: Case, y: Any, b: Any) -> Any:
    return tf.nn.bias_add(y, b, data_format="NC..." if case.channels_first else "N...C")


def _normalise(case: Case, y: Any, tensors: Mapping[str, Any]) -> Any:
    """Batch normalisation of an image by the fused operation, which grappler fuses with the convolution."""
    numbers = [tensors[name] for name in _PARAMETERS["norm"]]
    if case.rank != 2 or case.channels_first or y.dtype == tf.float64:
        shape = case.in_data_format((1,) * (case.rank + 1) + (-1,))
        mean, variance, scale, offset = (tf.reshape(number, shape) for number in numbers)
        return tf.nn.batch_normalization(y, mean, variance, offset, scale, case.norm_epsilon)
    mean, variance, scale, offset = (tf.cast(number, tf.float32) for number in numbers)
    return tf.compat.v1.nn.fused_batch_norm(
        y, scale, offset, mean, variance, epsilon=case.norm_epsilon, is_training=False
    )[0]


def _activate(step: str, y: Any) -> Any:
    if step.startswith("leaky"):
        return tf.nn.leaky_relu(y, float(step[5:]))
    return getattr(tf.nn, step)(y)
