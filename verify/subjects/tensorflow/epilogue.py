"""What follows a convolution, by TensorFlow's own functions."""

from __future__ import annotations

from typing import Any

from verify.cases.case import Case
from verify.subjects.tensorflow.imported import tf


def after(case: Case, y: Any, tensors: list[Any]) -> Any:
    for step in case.epilogue:
        match step:
            case "bias":
                y = add_bias(case, y, tensors.pop(0))
            case "norm":
                y = _normalise(case, y, *(tensors.pop(0) for _ in range(4)))
            case "residual":
                y = y + tensors.pop(0)
            case _:
                y = _activate(step, y)
    return y


def add_bias(case: Case, y: Any, b: Any) -> Any:
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
