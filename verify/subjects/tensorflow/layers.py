"""Keras's layers on TensorFlow: their table, and the stack of a case."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from verify.cases.case import Case
from verify.subjects.keras import layers
from verify.subjects.keras.layers import NAMES, NO_GROUPS, Library
from verify.subjects.tensorflow.imported import keras, tf


class Layer(NamedTuple):
    """A layer: the operation that it computes, and its public name with `{n}` for the number of axes."""

    operation: str
    api: str


LAYERS: Mapping[str, Layer] = MappingProxyType(
    {f"layer_{kind}": Layer(kind, f"keras.layers.{name}") for kind, (name, _) in NAMES.items()}
    | {
        f"layer_{kind}_{by}_gradient": Layer(operation, f"the gradient of keras.layers.{NAMES[kind][0]}")
        for by, operation in (("input", "transpose"), ("filter", "filtergrad"))
        for kind in ("conv", "depthwise", "separable")
    }
)
"""Every layer by its name in the tables of limits and of subjects."""


def stack(case: Case) -> Any:
    """The answer of the layers of a case, each called eagerly."""
    return layers.stack_of(_library(), case)


def operation_layer(case: Case, steps: list[str]) -> Any:
    """The operation's layer with the steps that it takes; it has no weights yet."""
    return layers.operation_layer(_library(), case, steps)


def _library() -> Library:
    """Keras and TensorFlow as this module has them now: a script records what is called of them."""
    return Library(keras, tf.constant)


__all__ = ["LAYERS", "NO_GROUPS", "Layer", "operation_layer", "stack"]
