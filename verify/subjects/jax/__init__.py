"""JAX: its convolutions and their gradients, eager, compiled and mapped, and Flax's layers."""

from __future__ import annotations

from verify.subjects.built_in import BuiltIn, known_of


def subject(name: str) -> BuiltIn:
    """The subject of a built-in name; JAX is imported with the first."""
    from verify.subjects.jax.imported import SWITCHES, VERSION
    from verify.subjects.jax.switches import MATRIX
    from verify.subjects.jax.ways import WAYS

    return BuiltIn(
        name=name,
        version=VERSION,
        ways=WAYS,
        known=known_of(name, version=VERSION),
        switches=SWITCHES,
        matrix=MATRIX,
        compiles=True,
        cost=8,
    )
