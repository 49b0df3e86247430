"""The operations of tf.raw_ops, each as a function of a case and tensors."""

from __future__ import annotations

from typing import Any

from verify.cases.case import Case
from verify.subjects.built_in import NoCall
from verify.subjects.tensorflow.forward import attributes, depthwise_shape, output_shape, padding
from verify.subjects.tensorflow.imported import tf


def conv(case: Case, x: Any, w: Any) -> Any:
    operation = tf.raw_ops.Conv3D if case.rank == 3 else tf.raw_ops.Conv2D
    return operation(input=x, filter=w, **_arguments(case))


def general_conv(case: Case, x: Any, w: Any) -> Any:
    data_format = "CHANNELS_FIRST" if case.channels_first else "CHANNELS_LAST"
    arguments = {**attributes(case), "data_format": data_format, "groups": case.groups}
    return tf.raw_ops.Conv(input=x, filter=w, **arguments, **_padding(case))


def padded_conv(case: Case, x: Any, w: Any) -> Any:
    arguments = attributes(case)
    if set(case.dilations) == {1}:
        del arguments["dilations"]  # it takes none
    if not case.channels_first:
        del arguments["data_format"]  # nor that
    paddings, word = [[0, 0]] * (case.rank + 2), _padding(case)["padding"]
    return tf.raw_ops.FusedPadConv2D(
        input=x, paddings=paddings, filter=w, mode="REFLECT", padding=word, **arguments
    )


def depthwise(case: Case, x: Any, w: Any) -> Any:
    return tf.raw_ops.DepthwiseConv2dNative(input=x, filter=w, **_arguments(case))


def input_gradient(case: Case, y: Any, w: Any) -> Any:
    is_3d = case.rank == 3
    operation = tf.raw_ops.Conv3DBackpropInputV2 if is_3d else tf.raw_ops.Conv2DBackpropInput
    return operation(input_sizes=output_shape(case, y), filter=w, out_backprop=y, **_arguments(case))


def depthwise_input_gradient(case: Case, y: Any, w: Any) -> Any:
    w = tf.reshape(w, depthwise_shape(case))
    return tf.raw_ops.DepthwiseConv2dNativeBackpropInput(
        input_sizes=output_shape(case, y), filter=w, out_backprop=y, **_arguments(case)
    )


def bias_gradient(case: Case, x: Any, y: Any) -> Any:
    if not case.epilogue:
        raise NoCall("BiasAddGrad is the gradient of a bias alone")
    data_format = "NCHW" if case.channels_first else "NHWC"
    return tf.raw_ops.BiasAddGrad(out_backprop=y, data_format=data_format)


def filter_gradient(case: Case, x: Any, y: Any) -> Any:
    _require_no_bias(case)
    is_3d = case.rank == 3
    operation = tf.raw_ops.Conv3DBackpropFilterV2 if is_3d else tf.raw_ops.Conv2DBackpropFilter
    return operation(input=x, filter_sizes=case.filter_shape, out_backprop=y, **_arguments(case))


def depthwise_filter_gradient(case: Case, x: Any, y: Any) -> Any:
    _require_no_bias(case)
    w = tf.raw_ops.DepthwiseConv2dNativeBackpropFilter(
        input=x, filter_sizes=depthwise_shape(case), out_backprop=y, **_arguments(case)
    )
    return tf.reshape(w, case.filter_shape)


def _require_no_bias(case: Case) -> None:
    if case.epilogue:
        raise NoCall("the gradient of a bias is that of BiasAddGrad")


def _arguments(case: Case) -> dict[str, Any]:
    """The attributes of an operation, of which those of three axes take no pairs of padding."""
    arguments = {**_padding(case), **attributes(case)}
    if case.rank == 3:
        arguments.pop("explicit_paddings", None)
    return arguments


def _padding(case: Case) -> dict[str, Any]:
    """The padding of a raw operation, which takes pairs as one flat list."""
    if isinstance(case.padding, str):
        return {"padding": case.padding}
    flat = [cells for pair in padding(case) for cells in pair]
    return {"padding": "EXPLICIT", "explicit_paddings": flat}
