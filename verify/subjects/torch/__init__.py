"""PyTorch on the CPU: its functions, layers and gradients, by oneDNN and without it, traced and mapped."""

from __future__ import annotations

from verify.subjects.built_in import BuiltIn, known_of


def subject(name: str) -> BuiltIn:
    """The subject of a built-in name; PyTorch is imported with the first."""
    from verify.subjects.torch.imported import SWITCHES, VERSION
    from verify.subjects.torch.switches import MATRIX
    from verify.subjects.torch.ways import WAYS

    return BuiltIn(
        name=name,
        version=VERSION,
        ways=WAYS[name],
        known=known_of(name, version=VERSION),
        switches=SWITCHES,
        matrix=MATRIX,
        refuses=("conv", "depthwise", "separable", "transpose", "filtergrad"),
    )
