"""A record of behaviour: for each case the bits of a subject's answer, and how far it is from what is due."""

from __future__ import annotations

import os
import platform
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from verify.cases.case import Case
from verify.cases.operands import Array
from verify.checks.asking import ask
from verify.checks.deviations import Deviation
from verify.checks.examination import Examination
from verify.checks.path import Examiner
from verify.checks.subject import Description, Subject, describe, versions_of
from verify.oracle.compare import Verdict, compare_form
from verify.subjects.processor import features, model
from verify.subjects.protocol import bytes_of
from verify.subjects.registry import BUILTIN

ANSWERED = "answered"

DIGITS = 3
"""Significant digits of an error."""

_WITH_ANSWER = {None, "shape", "dtype", "value", "non-finite", "input modified", "answered"}
"""Kinds of disagreement that leave an answer."""


class Answer(NamedTuple):
    """What a subject did with a case.

    `outcome` is "answered"; or the dtype and shape of an answer that has others than are due; or why
    there is none: "declined", or a kind of disagreement. `bits` are the values in C order, in base 64.
    `error` is the largest in units of the bound, infinite where a value had to be equal and is not.
    """

    outcome: str
    bits: str = ""
    error: float = 0.0

    def is_as(self, other: Answer) -> bool:
        """Whether two answers are the same; their errors then differ only where the reference does."""
        return self[:2] == other[:2]

    def values(self, case: Case) -> Array:
        """The answer, where it has the form that is due; ValueError for bits that are not its own."""
        return np.frombuffer(b64decode(self.bits), case.dtype).reshape(case.output_shape)


class Record(NamedTuple):
    """How a subject answered each case, by its word; on which machine, and with which versions."""

    cases: Mapping[str, Answer]
    machine: Mapping[str, str]
    versions: Mapping[str, str]


class Observation(NamedTuple):
    """A case that was asked: what to record of it, and what became of it."""

    answer: Answer
    examination: Examination


def observe(
    subject: Subject, cases: Iterable[Case], *, name: str, known: Sequence[Deviation] = ()
) -> Iterator[Observation]:
    """Ask each case twice, and judge it; a disagreement that a `known` deviation explains is "known"."""
    examiner = Examiner(subject=describe(subject), known=known, repeats=2, noted_as=name)
    for case in cases:
        examination = examiner.examine(case)
        answer = _answer(examination)
        if examination.verdict.kind and answer.bits and not _comes_again(examination, answer):
            answer = Answer("not repeatable")
        yield Observation(answer, examination)


def record_of(subject: Description, observations: Iterable[Observation]) -> Record:
    """What to record of a subject that was observed here and now."""
    cases = {str(examination.case): answer for answer, examination in observations}
    return Record(cases, machine(), _versions(subject))


def machine() -> dict[str, str]:
    """What of this machine chooses kernels: its system, processor, instruction sets and cores."""
    vectors = sorted(feature for feature in features() if feature.startswith(("avx", "fma", "amx")))
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "processor": model(),
        "instructions": " ".join(vectors),
        "cores": str(os.cpu_count() or 1),
    }


def _answer(examination: Examination) -> Answer:
    """What to record of what a subject returned, and was judged for."""
    case, verdict, values = examination.case, examination.verdict, examination.answer
    if values is None or verdict.kind not in _WITH_ANSWER:
        return Answer(verdict.kind or ("refused" if case.illegal else verdict.outcome))
    has_form = not case.illegal and compare_form(values, shape=case.output_shape, dtype=case.dtype) is None
    outcome = ANSWERED if has_form else f"{values.dtype.name} {values.shape}"
    return Answer(outcome, b64encode(bytes_of(values)).decode(), float(f"{verdict.error:.{DIGITS}g}"))


def _comes_again(examination: Examination, answer: Answer) -> bool:
    """Whether a wrong answer has the same bits when the case is asked once more."""
    again, _ = ask(examination.subject, replace(examination.case))
    return not isinstance(again, Verdict) and b64encode(bytes_of(again)).decode() == answer.bits


def _versions(subject: Description) -> dict[str, str]:
    """What is in play; for a user's own subject its version, too."""
    packages = versions_of(subject)
    packages.pop("hypothesis", None)  # it draws none of the fixed cases
    if subject.version and subject.name not in BUILTIN:
        packages["subject"] = subject.version
    return packages
