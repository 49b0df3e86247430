"""A verification harness for convolutions: cases, a proved reference, derived bounds, verdicts."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from verify.cases.case import Case
    from verify.cases.word import InvalidCase
    from verify.checks.assertion import assert_conv, assert_filter_gradient, assert_transpose
    from verify.checks.examination import Mismatch
    from verify.checks.path import check, compare
    from verify.checks.subject import Declined
    from verify.oracle.compare import Verdict
    from verify.oracle.plain import conv, conv_transpose, filter_gradient
    from verify.oracle.reference import reference

__all__ = [
    "Case",
    "Declined",
    "InvalidCase",
    "Mismatch",
    "Verdict",
    "assert_conv",
    "assert_filter_gradient",
    "assert_transpose",
    "check",
    "compare",
    "conv",
    "conv_transpose",
    "filter_gradient",
    "reference",
]

IS_CONV_VERIFY = True
"""Distinguishes this package from a suite's own `verify`, for `verify.entry`."""

_PLACES = {
    "verify.cases.case": ["Case"],
    "verify.cases.word": ["InvalidCase"],
    "verify.checks.assertion": ["assert_conv", "assert_filter_gradient", "assert_transpose"],
    "verify.checks.examination": ["Mismatch"],
    "verify.checks.path": ["check", "compare"],
    "verify.checks.subject": ["Declined"],
    "verify.oracle.compare": ["Verdict"],
    "verify.oracle.plain": ["conv", "conv_transpose", "filter_gradient"],
    "verify.oracle.reference": ["reference"],
}


def __getattr__(name: str) -> Any:
    """A public name, imported when it is first asked for: NumPy is most of what `--help` would cost."""
    for place, names in _PLACES.items():
        if name in names:
            globals()[name] = value = getattr(import_module(place), name)
            return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
