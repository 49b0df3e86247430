"""Which scheme the right answers of a subject are those of, where it declares none."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from verify.cases.case import Case
from verify.cases.operands import Array
from verify.checks.examination import Examination
from verify.oracle.bounds import judgement
from verify.oracle.compare import Judgement
from verify.oracle.problem import problem_of
from verify.oracle.reference import linear
from verify.oracle.requantised import MOST_SHARE, open_share, requantised
from verify.oracle.schemes import TOLD_APART

CELLS, OPEN, TIED, TOLD = "cells", "open", "tied", "told"
"""All elements that are graded, those of them for which two answers are right, cases that have too many of
these, and elements in which schemes differ."""


def rounding_of(examination: Examination) -> Mapping[str, int]:
    """How many elements of a right answer tell schemes from each other, and agree with each by its name.

    Empty where nothing is told: of a subject that declares its scheme, say, or a case that is not quantised.
    """
    case, answer = examination.case, examination.answer
    is_asked = case.format.is_quantised and not case.illegal and not examination.subject.scheme
    if not is_asked or answer is None or examination.verdict.kind or answer.shape != case.output_shape:
        return {}
    return {**_open(examination, judgement(case)), **_told(case, answer)}


def _open(examination: Examination, rule: Judgement) -> dict[str, int]:
    """The elements for which two answers are right, of a graded case, or that it has too many of them."""
    if examination.outcome == "agrees":
        return {CELLS: rule.wanted.size, OPEN: int((np.asarray(rule.allowed) > 0).sum())}
    return {TIED: int(open_share(rule) > MOST_SHARE)}


def _told(case: Case, answer: Array) -> dict[str, int]:
    """The elements in which schemes of sums of 32 bits differ, and in how many each has this answer."""
    if case.format.accumulator != "int32":
        return {}
    problem = problem_of(case)
    sums = linear(problem, case.make_operands(), exact=True)
    wanted = {name: requantised(problem._replace(scheme=name), sums) for name in TOLD_APART}
    first, *others = wanted.values()
    told = np.any([other != first for other in others], axis=0)
    return {
        TOLD: int(told.sum()),
        **{name: int((told & (wanted[name] == answer)).sum()) for name in TOLD_APART},
    }
