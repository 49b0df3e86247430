"""What was answered to a case that is explained, by a subject or as an array, beside what is due."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from verify.cases.case import Case
from verify.cases.operands import Array
from verify.checks.arrays import complaint, verdict_on
from verify.checks.diagnosis import diagnosed
from verify.checks.examination import disagreement, line, worst_phrase
from verify.checks.path import Examiner
from verify.checks.subject import Description
from verify.oracle.bounds import rule_of
from verify.oracle.calls import Arguments, Call
from verify.oracle.compare import Verdict, compare_form, compare_values


class Answered(NamedTuple):
    """What was answered, under a name, with its verdict and the whole message on a disagreement.

    `answer` is None where there was none. It and the worst element are in the order of the case's answer.
    `scheme` is the one by which a quantised answer was judged, "" for any right way, and `arithmetic` that of
    another, "" for products.
    """

    name: str
    verdict: Verdict
    message: str = ""
    answer: Array | None = None
    scheme: str = ""
    arithmetic: str = ""

    @property
    def sentence(self) -> str:
        """The verdict in one sentence."""
        outcome = {"vacuous": "agrees, which proves nothing"}.get(self.verdict.outcome, self.verdict.outcome)
        return f"{self.name} {outcome}" + f": {self.verdict.sentence}" * bool(self.verdict.sentence)


def answered_by(subject: Description, case: Case) -> Answered:
    """What a subject answers to a case; a disagreement is diagnosed, as by `replay`."""
    examination = Examiner(subject=subject).examine(case)
    verdict, by = examination.verdict, examination.subject
    message = disagreement(diagnosed(examination)) if verdict.kind else ""
    return Answered(by.name, verdict, message, examination.answer, by.scheme, by.arithmetic)


def answered_array(name: str, answer: Array, case: Case) -> Answered:
    """An array as the answer to a case; its values are judged in whatever dtype it has."""
    verdict = compare_form(answer, shape=case.output_shape, dtype=answer.dtype)
    if verdict is None and not np.can_cast(answer.dtype, np.float64, "same_kind"):
        raise ValueError(f"{name} holds {answer.dtype.name}, and an answer has real numbers")
    verdict = verdict or compare_values(rule_of(case), answer)
    worst = f"\n{line('worst', worst_phrase(verdict.worst))}" if verdict.worst else ""
    message = "" if verdict.holds else f"{name} is not the answer: {verdict.sentence}{worst}"
    return Answered(name, verdict, message, answer)


def answered_call(name: str, answer: Array, call: Call, *, arguments: Arguments) -> Answered:
    """An array as the answer to a call over arrays, in the caller's order of axes."""
    verdict = verdict_on(call, answer)
    message = "" if verdict.holds else complaint(call, verdict, answer, arguments=arguments)
    if answer.shape != call.shape:
        return Answered(name, verdict, message, scheme=call.scheme)
    if worst := verdict.worst:
        verdict = replace(verdict, worst=replace(worst, index=call.layout.index_in_base(worst.index)))
    return Answered(name, verdict, message, call.layout.to_base(answer), call.scheme)
