"""ONNX Runtime's tables: its limits and its known deviations, read without importing it."""

from __future__ import annotations

from verify.checks.deviations import Deviation
from verify.checks.limits import Limit
from verify.subjects.documented import deviations_in, limits_in

_PACKAGE = "verify.subjects.onnxruntime"


def limits_of(way: str) -> tuple[Limit, ...]:
    """The limits of the way of a name, from `limits.toml`."""
    return tuple(each.limit for each in limits_in(_PACKAGE) if each.is_of("eager", way))


def deviations() -> tuple[Deviation, ...]:
    """The known deviations in every version of ONNX Runtime, from `known.toml`."""
    return deviations_in(_PACKAGE)
