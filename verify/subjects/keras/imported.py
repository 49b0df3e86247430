"""Keras, imported on the backend of the switch, and what makes its tensors and arrays."""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np

from verify.cases.operands import Array
from verify.checks.importable import is_importable
from verify.subjects.keras.layers import Library
from verify.subjects.keras.switches import BACKEND, BACKENDS, switches

SWITCHES = switches()

if not is_importable("keras"):  # before its backend, so that it is what is reported missing
    raise ModuleNotFoundError("Keras is not installed", name="keras")
if SWITCHES[BACKEND] not in BACKENDS:
    where = ", which is tensorflow:keras" * (SWITCHES[BACKEND] == "tensorflow")
    raise ImportError(f"it has the backends {', '.join(BACKENDS)}, not {SWITCHES[BACKEND]}{where}")
if not is_importable(needed := BACKENDS[SWITCHES[BACKEND]]):
    raise ImportError(
        f"Keras's backend {SWITCHES[BACKEND]} needs {needed}, which is not installed: "
        f"pip install 'conv-verify[{needed}]'"
    )

os.environ.update(SWITCHES)  # which is read when Keras is imported
keras = import_module("keras")


def require_backend() -> None:
    """Raise ImportError, one sentence, where Keras was imported before, on another backend."""
    if (backend := keras.backend.backend()) != SWITCHES[BACKEND]:
        raise ImportError(f"Keras was imported before on the backend {backend}: run it in a worker")


def _of_torch() -> tuple[Callable[[Array], Any], Callable[[Any], Array]]:
    from verify.subjects.torch.tensors import array_of, tensor_of

    return tensor_of, array_of


def _of_another() -> tuple[Callable[[Array], Any], Callable[[Any], Array]]:
    if keras.backend.backend() == "jax":
        import jax

        jax.config.update("jax_enable_x64", val=True)  # else float64 would be float32

    def tensor(array: Array) -> Any:
        return keras.ops.convert_to_tensor(np.ascontiguousarray(array), dtype=array.dtype.name)

    return tensor, lambda tensor: np.asarray(keras.ops.convert_to_numpy(tensor))


tensor_of, array_of = _of_torch() if keras.backend.backend() == "torch" else _of_another()

LIBRARY = Library(keras, tensor_of)
VERSION: str = keras.__version__

__all__ = ["LIBRARY", "SWITCHES", "VERSION", "array_of", "keras", "require_backend", "tensor_of"]
