"""TensorFlow Lite's operators as the package tensorflow has them."""

from __future__ import annotations

import warnings
from typing import Any

from tensorflow.lite.python import schema_py_generated

from verify.subjects.litert.kernels import Engine
from verify.subjects.litert.ways import operator_ways
from verify.subjects.tensorflow.imported import tf


def interpreter(**options: Any) -> Any:
    """An interpreter of TensorFlow Lite; `tf.lite` is loaded with the first."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", r"\s*Warning: tf\.lite\.Interpreter is deprecated")
        return tf.lite.Interpreter(**options)


def _resolver(name: str) -> Any:
    return getattr(tf.lite.experimental.OpResolverType, name)


WAYS = tuple(operator_ways(Engine(interpreter, _resolver, schema_py_generated, "tensorflow")))
