"""The gate: one pytest test for each property that a subject must hold."""

from verify.gate.conformance import conformance

__all__ = ["conformance"]
