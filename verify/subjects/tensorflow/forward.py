"""TensorFlow's convolutions, forward and transposed, each as a function of a case and tensors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from verify.cases.case import Case
from verify.subjects.tensorflow.imported import tf

EntryPoint = Callable[..., Any]
"""(case, *tensors) → tensor."""


class NoCall(Exception):
    """There is no call of an entry point for a case: the harness's word, where TensorFlow has no argument."""


# Attributes, in the form that TensorFlow takes.


def every_axis(case: Case, numbers: tuple[int, ...], other: int = 1) -> list[int]:
    """A number for each spatial axis, with another for batch and channels."""
    return list(case.in_data_format((other, *numbers, other)))


def padding(case: Case) -> Any:
    """A word, or pairs for every axis of the input, batch and channels included."""
    if isinstance(case.padding, str):
        return case.padding
    return every_pair(case, case.padding)


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


# Forward.


def conv_nd(case: Case, x: Any, w: Any) -> Any:
    conv = (tf.nn.conv1d, tf.nn.conv2d, tf.nn.conv3d)[case.rank - 1]
    strides, dilations = every_axis(case, case.strides), every_axis(case, case.dilations)
    return conv(x, w, strides, padding(case), data_format=case.data_format, dilations=dilations)


def convolution(case: Case, x: Any, w: Any) -> Any:
    return tf.nn.convolution(
        x,
        w,
        strides=case.strides,
        padding=padding(case),
        data_format=case.data_format,
        dilations=case.dilations,
    )


def depthwise(case: Case, x: Any, w: Any) -> Any:
    if case.rank == 1:
        return _in_row(case, depthwise, x, w)
    return tf.nn.depthwise_conv2d(
        x,
        w,
        every_axis(case, case.strides),
        padding(case),
        data_format=case.data_format,
        dilations=case.dilations,
    )


def separable(case: Case, x: Any, w: Any, pointwise: Any) -> Any:
    if case.rank == 1:
        return _in_row(case, separable, x, w, pointwise)
    return tf.nn.separable_conv2d(
        x,
        w,
        pointwise,
        every_axis(case, case.strides),
        padding(case),
        data_format=case.data_format,
        dilations=case.dilations,
    )


def _in_row(case: Case, entry_point: EntryPoint, x: Any, *filters: Any) -> Any:
    """The answer for one axis as an image of one row, which is how tf.nn.conv1d and Keras do it.

    The stride serves the other axis too: TensorFlow requires the strides of an image to be equal.
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
    y = entry_point(image, tf.expand_dims(x, axis), *(tf.expand_dims(w, 0) for w in filters))
    return tf.squeeze(y, [axis])


# Transposed: the gradient with respect to the input.


def conv_nd_transpose(case: Case, y: Any, w: Any) -> Any:
    transpose = (tf.nn.conv1d_transpose, tf.nn.conv2d_transpose, tf.nn.conv3d_transpose)[case.rank - 1]
    return transpose(
        y,
        w,
        shape(case, y),
        every_axis(case, case.strides),
        padding=padding(case),
        data_format=case.data_format,
        dilations=every_axis(case, case.dilations),
    )


def conv_transpose(case: Case, y: Any, w: Any) -> Any:
    return tf.nn.conv_transpose(
        y,
        w,
        shape(case, y),
        case.strides,
        padding=padding(case),
        data_format=case.data_format,
        dilations=case.dilations,
    )


def depthwise_shape(case: Case) -> tuple[int, ...]:
    """The shape of the filters of a convolution that is a depthwise one."""
    if case.groups != case.channels:
        raise NoCall(f"a depthwise convolution has as many groups as channels, not {case.groups}")
    return (*case.kernel, case.channels, case.filter_count // case.channels)
