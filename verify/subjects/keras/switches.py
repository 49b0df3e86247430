"""The backend that Keras computes by, as this process has or will have it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from types import MappingProxyType

from verify.checks.importable import is_importable

BACKEND = "KERAS_BACKEND"
"""The variable by which Keras chooses its backend when it is imported."""

BACKENDS: Mapping[str, str] = MappingProxyType({"torch": "torch", "jax": "jax", "numpy": "jax"})
"""Backend → the package that it needs; NumPy's convolves by JAX. TensorFlow's is `tensorflow:keras`."""


def installed() -> tuple[str, ...]:
    """The backends that are installed."""
    return tuple(backend for backend, package in BACKENDS.items() if is_importable(package))


def is_there() -> bool:
    """Whether the backend that is chosen is one of these, and installed."""
    package = BACKENDS.get(switches()[BACKEND])
    return package is not None and is_importable(package)


def switches() -> dict[str, str]:
    """The backend: what the environment says, else the first that is installed."""
    return {BACKEND: os.environ.get(BACKEND) or next(iter(installed()), "torch")}
