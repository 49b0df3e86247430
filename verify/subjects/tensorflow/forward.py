"""TensorFlow's convolutions, forward and transposed, each as a function of a case and tensors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from verify.cases.case import Case
from verify.subjects.tensorflow.imported import tf

EntryPoint = Callable[..., Any]
"""(case, *tensors) → tensor."""


class NoCall(Exception):
    """There is no call of an entry point for a case: the harness's word, where TensorFlow has no argument."""


def every_axis(case: Case, numbers: tuple[int, ...], other: int = 1) -> list[int]:
    """A number for each spatial axis, with another for batch and channels."""
    return list(case.in_data_format((other, *numbers, other)))


def padding(case: Case) -> Any:
    """A word, or pairs for every axis of the input, batch and channels included."""
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


def shape(case: Case, x: Any) -> Any:
    """The shape that a transposed convolution takes as an argument, its batch as the tensor has it."""
    if x.shape[0] is not None:
        return case.output_shape
    return tf.stack([tf.shape(x)[0], *case.output_shape[1:]])


def conv_nd(case: Case, x: Any, w: Any) -> Any:
    conv = (tf.nn.conv1d, tf.nn.conv2d, tf.nn.conv3d)[case.rank - 1]
    rest = _rest(case, every_axis(case, case.dilations))
    return conv(x, w, every_axis(case, case.strides), padding(case), **rest)


def convolution(case: Case, x: Any, w: Any) -> Any:
    return tf.nn.convolution(x, w, strides=case.strides, padding=padding(case), **_rest(case))


def depthwise(case: Case, x: Any, w: Any) -> Any:
    return _of_image(case, tf.nn.depthwise_conv2d, x, w)


def separable(case: Case, x: Any, w: Any, pointwise: Any) -> Any:
    return _of_image(case, tf.nn.separable_conv2d, x, w, pointwise)


def _of_image(case: Case, call: Callable[..., Any], x: Any, *filters: Any) -> Any:
    """The answer of a function of images; one axis is an image of one row, as tf.nn.conv1d and Keras do it.

    The stride serves the other axis too: TensorFlow requires the strides of an image to be equal.
    """
    if case.rank > 1:
        return call(x, *filters, every_axis(case, case.strides), padding(case), **_rest(case))
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
    row = tf.expand_dims(x, axis)
    return tf.squeeze(_of_image(image, call, row, *(tf.expand_dims(w, 0) for w in filters)), [axis])


def conv_nd_transpose(case: Case, y: Any, w: Any) -> Any:
    transpose = (tf.nn.conv1d_transpose, tf.nn.conv2d_transpose, tf.nn.conv3d_transpose)[case.rank - 1]
    strides, rest = every_axis(case, case.strides), _rest(case, every_axis(case, case.dilations))
    return transpose(y, w, shape(case, y), strides, padding=padding(case), **rest)


def conv_transpose(case: Case, y: Any, w: Any) -> Any:
    return tf.nn.conv_transpose(y, w, shape(case, y), case.strides, padding=padding(case), **_rest(case))


def _rest(case: Case, dilations: Sequence[int] | None = None) -> dict[str, Any]:
    """What follows strides and padding; the dilations may be those of every axis."""
    return {"data_format": case.data_format, "dilations": dilations or case.dilations}


def depthwise_shape(case: Case) -> tuple[int, ...]:
    """The shape of the filters of a convolution that is a depthwise one."""
    if case.groups != case.channels:
        raise NoCall(f"a depthwise convolution has as many groups as channels, not {case.groups}")
    return (*case.kernel, case.channels, case.filter_count // case.channels)
