"""The gate: one pytest test for each property that a subject must hold."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from verify.gate.drawing import cases
    from verify.gate.suite import conformance

__all__ = ["cases", "conformance"]


def __getattr__(name: str) -> Any:
    """What test files import; pytest and Hypothesis come with it, which most commands do without."""
    if name == "conformance":
        from verify.gate.suite import conformance

        return conformance
    if name == "cases":
        from verify.gate.drawing import cases

        return cases
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
