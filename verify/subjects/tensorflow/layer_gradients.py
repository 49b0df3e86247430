"""Gradients of Keras's layers, with respect to their input, their filters and their bias."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from verify.cases.case import Case
from verify.cases.operands import Array
from verify.subjects.tensorflow.epilogue import after, parameters
from verify.subjects.tensorflow.forward import depthwise_shape
from verify.subjects.tensorflow.gradients import required, separable_step
from verify.subjects.tensorflow.imported import tf
from verify.subjects.tensorflow.layers import convolution


def gradient_of(entry: str, case: Case) -> Any:
    """The gradient that an entry point asks of a layer, which is called eagerly.

    A depthwise layer takes the case where it has as many groups as channels, a separable one where
    one of its two steps changes nothing.
    """
    kind = entry.split("_")[1]
    step = separable_step(case) if kind == "separable" else kind
    forward = _forward(case, kind=kind, step=step)
    layer = convolution(forward, list(forward.epilogue))
    if case.operation == "transpose":
        return _of_input(case, layer, weights=_weights(case, case.filters, kind=kind, step=step))
    zeros = np.zeros(case.filter_shape, case.dtype)
    return _of_weight(case, layer, weights=_weights(case, zeros, kind=kind, step=step), step=step)


def _forward(case: Case, *, kind: str, step: str) -> Case:
    """The case of the layer whose gradient is asked for, with data that is not used."""
    bias = ("bias",) if case.operation == "filtergrad" and case.epilogue else ()
    conv = replace(case, operation="conv", epilogue=bias, fill="ones", seed=0)
    if kind == "conv":
        return conv
    multiplier = depthwise_shape(case)[-1] if step == "depthwise" else 1
    filters = case.filter_count if kind == "separable" else 1
    return replace(conv, operation=kind, multiplier=multiplier, filter_count=filters, groups=1)


def _weights(case: Case, filters: Array, *, kind: str, step: str) -> list[Array]:
    """What a layer holds for these filters: those of the other step of a separable one change nothing."""
    spatial = (1,) * case.rank
    weights = filters.reshape(depthwise_shape(case)) if step == "depthwise" else filters
    if kind != "separable":
        return [weights]
    if step == "depthwise":
        identity = np.eye(case.filter_count, dtype=case.dtype)
        return [weights, identity.reshape(*spatial, *identity.shape)]
    return [np.ones((*spatial, case.channels, 1), case.dtype), weights]


def _of_input(case: Case, layer: Any, *, weights: list[Array]) -> Any:
    x = tf.zeros(case.output_shape, case.dtype)
    layer.build(x.shape)
    layer.set_weights(weights)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = layer(x)
    result = required(tape.gradient(y, x, output_gradients=tf.constant(case.cotangent)))
    tensors = {name: tf.constant(getattr(case.operands, name)) for name in parameters(case)}
    return after(case, result, tensors)


def _of_weight(case: Case, layer: Any, *, weights: list[Array], step: str) -> Any:
    x = tf.constant(case.input)
    layer.build(x.shape)
    biases = [np.zeros(case.filter_count, case.dtype)] if case.epilogue else []
    layer.set_weights([*weights, *biases])
    weight = layer.bias if case.epilogue else layer.weights[1 if step == "pointwise" else 0]
    with tf.GradientTape() as tape:
        y = layer(x)
    result = required(tape.gradient(y, weight.value, output_gradients=tf.constant(case.cotangent)))
    return result if case.epilogue else tf.reshape(result, case.filter_shape)
