"""JAX and Flax, imported with explicit settings."""

from __future__ import annotations

import os

from verify.subjects.jax.switches import switches

os.environ.update(switches())  # which are read when JAX is imported

from flax import linen  # before JAX, so that it is reported missing where JAX is installed without it

# isort: split
import jax

SWITCHES = switches()
VERSION: str = jax.__version__

__all__ = ["SWITCHES", "VERSION", "jax", "linen"]
