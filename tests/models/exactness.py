"""Whether a case's answer is one and the same, bit for bit, in every order of summation."""

from __future__ import annotations

from verify.cases.case import Case
from verify.cases.exactness import promises_exact_sums
from verify.cases.operations import is_exact_step


def promises_exactness(case: Case) -> bool:
    """True where the sums are exact and so is every step that follows them."""
    return promises_exact_sums(case) and all(map(is_exact_step, case.epilogue))
