"""TensorFlow's tables: its documented limits and its known deviations, read without importing it."""

from __future__ import annotations

from verify.checks.deviations import Deviation
from verify.subjects.documented import Documented, deviations_in, limits_in

__all__ = ["Documented", "deviations", "limits"]


def limits() -> tuple[Documented, ...]:
    """TensorFlow's documented limits, from `limits.toml`."""
    return limits_in("tensorflow")


def deviations() -> tuple[Deviation, ...]:
    """The known deviations of every subject in every version of TensorFlow, from `known.toml`."""
    return deviations_in("tensorflow")
