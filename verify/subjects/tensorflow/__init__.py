"""TensorFlow on the CPU: its ways to compute a convolution, their limits and known deviations."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from verify.subjects.tensorflow.ways import TensorflowSubject


def subject(name: str) -> TensorflowSubject:
    """The subject of a built-in name; TensorFlow is imported with the first."""
    from verify.subjects.tensorflow.ways import WAYS, TensorflowSubject

    return TensorflowSubject(name, WAYS[name])
