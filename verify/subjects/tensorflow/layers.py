"""Keras's layers on TensorFlow: their table, and the stack of a case."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType
from typing import NamedTuple

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

LIBRARY = Library(keras, tf.constant)

stack = partial(layers.stack_of, LIBRARY)
operation_layer = partial(layers.operation_layer, LIBRARY)

__all__ = ["LAYERS", "NO_GROUPS", "Layer", "operation_layer", "stack"]
