"""JAX and Flax, imported with explicit settings."""

from __future__ import annotations

import os

from verify.checks.importable import is_importable
from verify.subjects.device import require_device, visible
from verify.subjects.jax.switches import switches

os.environ.update({**switches(), **visible()})  # which are read when JAX is imported

from flax import linen  # before JAX, so that it is reported missing where JAX is installed without it

# isort: split
import jax

CUDA = ("jax_cuda12_plugin", "jax_cuda13_plugin")
"""The packages by which JAX has CUDA."""

require_device(framework="JAX", has_cuda=any(map(is_importable, CUDA)))

SWITCHES = switches()
VERSION: str = jax.__version__

__all__ = ["SWITCHES", "VERSION", "jax", "linen"]
