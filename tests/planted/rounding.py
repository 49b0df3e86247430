"""A subject with ways that round quantised sums differently, one of which says how."""

from __future__ import annotations

from verify import Case
from verify.cases.operands import Array
from verify.oracle.bounds import judgement


def _rounded(case: Case, scheme: str) -> Array:
    return judgement(case, scheme=scheme).wanted.astype(case.dtype)


def in_float32(case: Case) -> Array:
    """Halves to even, as it says."""
    return _rounded(case, "float32")


def otherwise(case: Case) -> Array:
    """Halves up, which is not what it says."""
    return _rounded(case, "fixed-once")


def unsaid(case: Case) -> Array:
    """Halves up, which is right for one that says nothing."""
    return _rounded(case, "fixed-once")


in_float32.scheme = otherwise.scheme = "float32"  # type: ignore[attr-defined]


def conv8(case: Case) -> Array:
    return in_float32(case)


conv8.dtypes = ("int8",)  # type: ignore[attr-defined]
conv8.ways = {"said": in_float32, "otherwise": otherwise, "unsaid": unsaid}  # type: ignore[attr-defined]
