"""What follows a convolution, by JAX's functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from verify.cases.case import Case
from verify.cases.operations import kind_of, slope_of
from verify.subjects.jax.imported import jax


def followed(case: Case, axes: str, y: Any, arrays: Mapping[str, Any]) -> Any:
    """The answer after every step of the epilogue, whose operands are found by their names."""
    channels = [-1 if letter == "C" else 1 for letter in axes]
    for step in case.epilogue:
        match kind_of(step):
            case "bias":
                y = y + arrays["bias"].reshape(channels)
            case "norm":
                names = ("mean", "variance", "scale", "offset")
                y = _normalised(case, y, [arrays[name].reshape(channels) for name in names])
            case "residual":
                y = y + arrays["residual"]
            case _:
                y = activated(step, y)
    return y


def _normalised(case: Case, y: Any, parameters: Sequence[Any]) -> Any:
    mean, variance, scale, offset = parameters
    return (y - mean) * (scale * jax.lax.rsqrt(variance + case.norm_epsilon)) + offset


def activated(step: str, y: Any) -> Any:
    """An activation by `jax.nn`."""
    if kind_of(step) == "leaky":
        return jax.nn.leaky_relu(y, slope_of(step))
    if step == "relu6" and not jax.numpy.issubdtype(y.dtype, jax.numpy.floating):
        return jax.numpy.clip(y, 0, 6)  # as relu6 makes floats of integers
    return getattr(jax.nn, step)(y)
