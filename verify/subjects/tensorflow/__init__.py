"""TensorFlow on the CPU: its ways to compute a convolution, their limits and known deviations."""

from __future__ import annotations

from verify.subjects.built_in import BuiltIn


def subject(name: str) -> BuiltIn:
    """The subject of a built-in name; TensorFlow is imported with the first."""
    from verify.subjects.tensorflow.ways import WAYS, subject_of

    return subject_of(name, WAYS[name])
