"""Which faults would have answered a case as a subject did."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from verify.cases.case import Array, Case
from verify.cases.predicates import names_of
from verify.faults import FAULTS, Fault
from verify.faults.fault import right_answer, wrong_answer
from verify.oracle.bounds import judgement
from verify.oracle.compare import Kind, any_differs

BY_KIND: frozenset[Kind] = frozenset({"dtype", "input modified", "not repeatable"})
"""Disagreements that look like a fault by their kind alone, whatever the values are."""


def explaining(
    case: Case, answer: Array | None, kind: Kind | None, among: Iterable[Fault] = FAULTS
) -> tuple[Fault, ...]:
    """The faults whose answer to a case is the one that was given, as far as rounding can tell."""
    if case.illegal or kind is None:
        return ()
    names = names_of(case)
    open_to = [fault for fault in among if kind in fault.kinds and fault.applies.holds(names)]
    if kind in BY_KIND or answer is None:
        return tuple(open_to) if kind in BY_KIND else ()
    right = right_answer(case)
    found = []
    for fault in open_to:
        wrong = wrong_answer(fault, case, right)
        if wrong is not None and is_alike(case, answer, wrong) and not is_alike(case, right, wrong):
            found.append(fault)
    return tuple(found)


def is_alike(case: Case, answer: Array, other: Array) -> bool:
    """Whether two answers to a case differ by no more than two right ones may."""
    if answer.shape != other.shape or answer.dtype != other.dtype:
        return False
    allowed = judgement(case).allowed
    if isinstance(allowed, float) or allowed.shape != answer.shape:
        return np.array_equal(answer.astype(np.float64), other.astype(np.float64), equal_nan=True)
    return not any_differs(other.astype(np.float64), answer, allowed)
