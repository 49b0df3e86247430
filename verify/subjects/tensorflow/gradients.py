"""Gradients that GradientTape takes of TensorFlow's forward calls and of Keras's layers."""

from __future__ import annotations

from typing import Any

import numpy as np

from verify.cases.case import Case
from verify.cases.fills import FILLS
from verify.cases.operands import Array
from verify.subjects.built_in import NoCall
from verify.subjects.tensorflow import forward, layers
from verify.subjects.tensorflow.forward import add_bias, apply_epilogue, parameters
from verify.subjects.tensorflow.imported import tf


class NoGradient(Exception):
    """TensorFlow answers None for a gradient."""


def input_gradient(entry_point: forward.EntryPoint) -> forward.EntryPoint:
    """The gradient of a forward call with respect to its input, which it does not depend on."""

    def gradient(case: Case, y: Any, w: Any) -> Any:
        x = tf.zeros(forward.output_shape(case, y), case.dtype)
        with tf.GradientTape() as tape:
            tape.watch(x)
            answer = entry_point(case, x, w)
        return required(tape.gradient(answer, x, output_gradients=y))

    return gradient


def filter_gradient(entry_point: forward.EntryPoint) -> forward.EntryPoint:
    """The gradient with respect to the filters, or to the bias of a bias gradient."""

    def gradient(case: Case, x: Any, y: Any) -> Any:
        w = tf.zeros(case.filter_shape, case.dtype)
        b = tf.zeros(case.filter_count, case.dtype)
        with tf.GradientTape() as tape:
            tape.watch((w, b))
            answer = entry_point(case, x, w)
            if case.epilogue:
                answer = add_bias(case, answer, b)
        return required(tape.gradient(answer, b if case.epilogue else w, output_gradients=y))

    return gradient


def required(gradient: Any) -> Any:
    """The gradient; raises NoGradient for None."""
    if gradient is None:
        raise NoGradient("GradientTape gives no gradient: it watches floating-point tensors alone")
    return gradient


def as_depthwise(case: Case, x: Any, w: Any) -> Any:
    """A convolution with as many groups as channels, computed by the depthwise call."""
    return forward.depthwise(case, x, tf.reshape(w, forward.depthwise_shape(case)))


def as_separable(case: Case, x: Any, w: Any) -> Any:
    """A convolution computed by the separable call, one of whose two steps changes nothing.

    With as many groups as channels the second filters are the identity; one with a kernel of single
    cells is the second step itself, after filters of ones.
    """
    spatial = (1,) * case.rank
    if separable_step(case) == "depthwise":
        identity = tf.eye(case.filter_count, dtype=w.dtype)
        pointwise = tf.reshape(identity, (*spatial, case.filter_count, case.filter_count))
        return forward.separable(case, x, tf.reshape(w, forward.depthwise_shape(case)), pointwise)
    return forward.separable(case, x, tf.ones((*spatial, case.channels, 1), w.dtype), w)


def separable_step(case: Case) -> str:
    """The step of a separable convolution that a convolution is: "depthwise" or "pointwise".

    Raises NoCall if it is neither, if the identity would spread NaN or infinities, and if it is strided and
    dilated, which separable convolutions are documented not to support.
    """
    if max(case.strides) > 1 and max(case.dilations) > 1:
        raise NoCall("a separable convolution has strides of 1 where it is dilated")
    if case.groups == case.channels:
        if not FILLS[case.fill].is_finite and case.filter_count > 1:
            raise NoCall("its second filters would multiply what is not finite by 0")
        return "depthwise"
    if case.groups == 1 and max(case.kernel) == 1:
        return "pointwise"
    raise NoCall("neither step of a separable convolution has these groups and kernel")


def gradient_of(entry: str, case: Case) -> Any:
    """The gradient that an entry point asks of a layer, which is called eagerly.

    A depthwise layer takes the case where it has as many groups as channels, a separable one where
    one of its two steps changes nothing.
    """
    kind = entry.split("_")[1]
    step = separable_step(case) if kind == "separable" else kind
    called = _layer_case(case, kind=kind, step=step)
    is_by_input = case.traits.answer == "source"
    layer = layers.operation_layer(called, list(called.epilogue))
    x = tf.zeros(case.output_shape, case.dtype) if is_by_input else tf.constant(case.input)
    layer.build(x.shape)
    filters = case.filters if is_by_input else np.zeros(case.filter_shape, case.dtype)
    biases = [np.zeros(case.filter_count, case.dtype)] if called.epilogue else []
    layer.set_weights([*_weights(case, filters, kind=kind, step=step), *biases])
    with tf.GradientTape() as tape:
        if is_by_input:
            tape.watch(x)
        y = layer(x)
    weight = layer.bias if called.epilogue else layer.weights[1 if step == "pointwise" else 0]
    operand, cotangent = x if is_by_input else weight.value, tf.constant(case.cotangent)
    gradient = required(tape.gradient(y, operand, output_gradients=cotangent))
    if is_by_input:
        return apply_epilogue(
            case, gradient, {name: tf.constant(getattr(case.operands, name)) for name in parameters(case)}
        )
    return gradient if called.epilogue else tf.reshape(gradient, case.filter_shape)


def _layer_case(case: Case, *, kind: str, step: str) -> Case:
    """The case of the layer whose gradient is taken; its data is not used."""
    bias = ("bias",) if case.is_bias_gradient else ()
    conv = case.copied(operation="conv", epilogue=bias, fill="ones", seed=0)
    if kind == "conv":
        return conv
    multiplier = forward.depthwise_shape(case)[-1] if step == "depthwise" else 1
    filters = case.filter_count if kind == "separable" else 1
    return conv.copied(operation=kind, multiplier=multiplier, filter_count=filters, groups=1)


def _weights(case: Case, filters: Array, *, kind: str, step: str) -> list[Array]:
    """A layer's weights for these filters; those of the other step of a separable one change nothing."""
    spatial = (1,) * case.rank
    weights = filters.reshape(forward.depthwise_shape(case)) if step == "depthwise" else filters
    if kind != "separable":
        return [weights]
    if step == "depthwise":
        identity = np.eye(case.filter_count, dtype=case.dtype)
        return [weights, identity.reshape(*spatial, *identity.shape)]
    return [np.ones((*spatial, case.channels, 1), case.dtype), weights]
