"""LiteRT, the successor of TensorFlow Lite, on the CPU; its models and kernels are those of both packages."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from verify.subjects.litert.package import LitertSubject


def subject(name: str) -> LitertSubject:
    """The subject of a built-in name; LiteRT is imported with the first."""
    from verify.subjects.litert.package import LitertSubject

    return LitertSubject(name)
