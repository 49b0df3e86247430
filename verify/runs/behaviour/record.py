"""A record of behaviour: for each case the bits of a subject's answer, and how far it is from what is due."""

from __future__ import annotations

import os
import platform
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from verify.cases.case import Case
from verify.cases.operands import Array
from verify.checks.check import Mismatch, Subject, ask, check, subject_name
from verify.checks.clock import Clock
from verify.checks.deviations import Deviation
from verify.checks.journal import journal
from verify.checks.known import explained
from verify.oracle.compare import Verdict, compare_form
from verify.subjects.processor import features, model
from verify.subjects.protocol import bytes_of
from verify.subjects.registry import BUILTIN, versions

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
    """A case that was asked: what to record of it, how it was judged, and a disagreement."""

    case: Case
    answer: Answer
    outcome: str
    mismatch: Mismatch | None = None


def observe(
    subject: Subject, cases: Iterable[Case], *, name: str, known: Sequence[Deviation] = ()
) -> Iterator[Observation]:
    """Ask each case twice, and judge it; a disagreement that a `known` deviation explains is "known"."""
    for case in cases:
        journal.note(name, str(case))
        keeping = _Keeping(subject)
        try:
            verdict = check(case, keeping, repeats=2)
        except Mismatch as mismatch:
            answer = _answer(case, mismatch.verdict, keeping.answer)
            if answer.bits and not _comes_again(case, subject, answer):
                answer = Answer("not repeatable")
            outcome = "known" if explained(mismatch, subject, known) else "disagrees"
            yield Observation(case, answer, outcome, mismatch)
        else:
            yield Observation(case, _answer(case, verdict, keeping.answer), verdict.outcome)


def record_of(subject: Subject, observations: Iterable[Observation]) -> Record:
    """What to record of a subject that was observed here and now."""
    return Record({str(seen.case): seen.answer for seen in observations}, machine(), _versions(subject))


def machine() -> dict[str, str]:
    """What of this machine chooses kernels: its system, processor, instruction sets and cores."""
    vectors = sorted(feature for feature in features() if feature.startswith(("avx", "fma", "amx")))
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "processor": model(),
        "instructions": " ".join(vectors),
        "cores": str(os.cpu_count() or 1),
    }


class _Keeping:
    """A subject, and its last answer."""

    def __init__(self, subject: Subject) -> None:
        self.name = subject_name(subject)
        self.switches: Mapping[str, str] = getattr(subject, "switches", {})
        self.options: str = getattr(subject, "options", "")
        self.answer: Any = None
        self._subject = subject

    def __call__(self, case: Case) -> Any:
        self.answer = None
        self.answer = self._subject(case)
        return self.answer


def _answer(case: Case, verdict: Verdict, answer: Any) -> Answer:
    """What to record of what a subject returned, and was judged for."""
    if answer is None or verdict.kind not in _WITH_ANSWER:
        return Answer(verdict.kind or ("refused" if case.illegal else verdict.outcome))
    values = np.asarray(answer)
    has_form = not case.illegal and compare_form(values, shape=case.output_shape, dtype=case.dtype) is None
    outcome = ANSWERED if has_form else f"{values.dtype.name} {values.shape}"
    return Answer(outcome, b64encode(bytes_of(values)).decode(), float(f"{verdict.error:.{DIGITS}g}"))


def _comes_again(case: Case, subject: Subject, answer: Answer) -> bool:
    """Whether a wrong answer has the same bits when the case is asked once more."""
    again, _ = ask(subject, replace(case), Clock())
    return not isinstance(again, Verdict) and b64encode(bytes_of(again)).decode() == answer.bits


def _versions(subject: Subject) -> dict[str, str]:
    """What is in play; for a user's own subject its version, too."""
    packages = {**(getattr(subject, "versions", None) or versions())}
    packages.pop("hypothesis", None)  # it draws none of the fixed cases
    version = getattr(subject, "version", None)
    if version and subject_name(subject) not in BUILTIN:
        packages["subject"] = str(version)
    return packages
