"""Matching faults: those that would have answered a case as a subject did."""

from __future__ import annotations

import numpy as np

from verify.cases.case import Case
from verify.cases.operands import Array
from verify.cases.predicates import names_of
from verify.faults import FAULTS, Fault
from verify.faults.fault import right_answer, wrong_answer
from verify.oracle.bounds import judgement
from verify.oracle.compare import Kind, any_differs

BY_KIND: frozenset[Kind] = frozenset({"dtype", "input modified", "not repeatable"})
"""Disagreements that look like a fault by their kind alone, whatever the values are."""


def matching_faults(case: Case, answer: Array | None, *, kind: Kind | None) -> tuple[Fault, ...]:
    """The faults that would have given this answer to a case, as far as rounding can tell."""
    if case.illegal or kind is None:
        return ()
    names = names_of(case)
    possible = [fault for fault in FAULTS if kind in fault.kinds and fault.applies.holds(names)]
    if kind in BY_KIND or answer is None:
        return tuple(possible) if kind in BY_KIND else ()
    right = right_answer(case)

    def explains(fault: Fault) -> bool:
        wrong = wrong_answer(fault, case, right=right)
        return (
            wrong is not None and is_alike(answer, wrong, case=case) and not is_alike(right, wrong, case=case)
        )

    return tuple(fault for fault in possible if explains(fault))


def is_alike(answer: Array, other: Array, *, case: Case) -> bool:
    """Whether two answers to a case differ by no more than two right ones may."""
    if answer.shape != other.shape or answer.dtype != other.dtype:
        return False
    rule, wide = judgement(case), other.astype(np.float64)
    if isinstance(rule.allowed, float) or rule.allowed.shape != answer.shape:
        return np.array_equal(answer.astype(np.float64), wide, equal_nan=True)
    return not any_differs(rule._replace(wanted=wide), answer)
