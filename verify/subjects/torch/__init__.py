"""PyTorch on the CPU: its functions, layers and gradients, by oneDNN and without, traced and compiled."""

from __future__ import annotations

from typing import Any

from verify.cases.operations import OPERATIONS
from verify.subjects.built_in import BuiltIn, known_of

COST = 32
"""How many eager calls a case takes, roughly, which has its shape compiled by a C++ compiler."""


def subject(name: str) -> BuiltIn:
    """The subject of a built-in name; PyTorch is imported with the first."""
    from verify.subjects.torch.imported import SWITCHES, VERSION
    from verify.subjects.torch.switches import MATRIX

    return BuiltIn(
        name=name,
        version=VERSION,
        known=known_of(name, version=VERSION),
        switches=SWITCHES,
        matrix=MATRIX,
        **(_compiled() if name == "torch:compile" else _eager()),
    )


def _eager() -> dict[str, Any]:
    from verify.subjects.torch.ways import WAYS

    return {"ways": WAYS, "refuses": tuple(OPERATIONS)}


def _compiled() -> dict[str, Any]:
    from verify.subjects.torch.compiled import WAYS, require_compiler

    require_compiler()
    return {"ways": WAYS, "compiles": True, "cost": COST}
