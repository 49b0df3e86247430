"""What follows a convolution, by TensorFlow's own functions."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from verify.cases.case import Case
from verify.subjects.tensorflow.imported import tf

_PARAMETERS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"bias": ("bias",), "norm": ("mean", "variance", "scale", "offset"), "residual": ("residual",)}
)
"""Step → the operands that it takes; an activation takes none."""


def parameters(case: Case) -> tuple[str, ...]:
    """The operands that the steps take, by name and in order."""
    return tuple(name for step in case.epilogue for name in _PARAMETERS.get(step, ()))


def after(case: Case, y: Any, tensors: Mapping[str, Any]) -> Any:
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
