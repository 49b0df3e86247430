"""Whether a case that disagrees wavers: it is asked again, and does not always become the same."""

from __future__ import annotations

from dataclasses import replace

from verify.cases.patience import patience
from verify.checks.examination import Examination
from verify.checks.path import Examiner, times
from verify.faults.visibility import is_alike
from verify.oracle.compare import KINDS, LOST

TRIES = 5
"""How often a case is asked that disagrees, before it is diagnosed."""
TRYING_S = 5.0
"""Seconds after which it is asked no more."""


def asked_again(examination: Examination) -> Examination:
    """A disagreement whose case was asked several times in all: flaky where it wavers, else as it is."""
    case, kind = examination.case, examination.verdict.kind
    if examination.flaky or kind is None or (kind in LOST and kind != "crashed"):
        return examination
    kinds = KINDS if kind == "not repeatable" else [each for each in KINDS if each == kind]
    examiner = Examiner(subject=examination.subject, kinds=kinds)
    tries = [] if kind == "not repeatable" else [examination]
    is_over = patience(TRYING_S)
    most = times(case, TRIES, large=2)
    while len(tries) < most and not is_over():
        tries.append(examiner.examine(case))
    wrong = [each for each in tries if each.verdict.kind]
    is_steady = len(wrong) == len(tries) and all(_is_same(wrong[0], each) for each in wrong)
    if is_steady or not wrong:
        return examination
    return replace(examination, faults=(), probes="", flaky=f"{len(wrong)}/{len(tries)}")


def _is_same(first: Examination, again: Examination) -> bool:
    """Whether two disagreements on one case are one: values that rounding may differ in are."""
    if first.answer is None or again.answer is None or first.case.illegal:
        return first.verdict.kind == again.verdict.kind
    if first.case.is_large:
        return first.verdict.worst == again.verdict.worst
    return is_alike(first.answer, again.answer, case=first.held)
