"""The gate: one pytest test for each property that a subject must hold."""

from verify.gate.conformance import conformance
from verify.gate.drawing import cases

__all__ = ["cases", "conformance"]
