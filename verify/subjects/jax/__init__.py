"""JAX: its convolutions and their gradients, eager, compiled and mapped, and Flax's layers."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from verify.subjects.jax.ways import JaxSubject


def subject(name: str) -> JaxSubject:
    """The subject of a built-in name; JAX is imported with the first."""
    from verify.subjects.jax.ways import JaxSubject

    return JaxSubject(name)
