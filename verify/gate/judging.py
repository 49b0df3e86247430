"""A subject under test, and what becomes of each case that it is asked."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date
from typing import Any, NoReturn

import pytest
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from verify.cases.case import Case
from verify.cases.simplify import SIMPLIFYING_S
from verify.checks.clock import GRACE_S, TimeUp, stopping_at
from verify.checks.deviations import Deviation, applying, expired, explains, recorded
from verify.checks.diagnosis import diagnosed
from verify.checks.examination import Mismatch, disagreement, mismatch_of
from verify.checks.path import Examiner
from verify.checks.subject import Description, Subject, describe
from verify.config.session import Session
from verify.faults.visibility import visibility
from verify.faults.witnesses import Drawn, witnesses
from verify.gate.drawing import ILLEGAL_OPERATIONS, cases, illegal_cases
from verify.gate.properties import EVERYTHING, PROPERTIES, WITNESSED, Property
from verify.gate.recorder import Tallier
from verify.reports.tally import Tally

TRIES = 20
"""How often the word of a deviation that is not repeatable is asked before it counts as gone."""


class Gate:
    """A subject under test, loaded on first use, and what its tests have seen."""

    def __init__(self, subject: str | Subject, known: Sequence[Deviation] | None) -> None:
        self._subject = subject if isinstance(subject, str) else describe(subject)
        self.name = self._subject if isinstance(self._subject, str) else self._subject.name
        self._known = known
        self.talliers: dict[str, Tallier] = {}
        self.session = Session()  # until the one is handed down that collects it
        self._examiners: dict[str, Examiner] = {}

    @property
    def subject(self) -> Description:
        if isinstance(self._subject, str):
            self._subject = describe(self.session.options.load(self._subject))
        return self._subject

    def close_subject(self) -> None:
        """End the subject's worker, if it has one; the next question starts another."""
        if isinstance(self._subject, Description):
            self._subject.close()

    @property
    def known(self) -> tuple[Deviation, ...]:
        """The deviations that are excused, of those that apply to the subject as it runs here."""
        options = self.session.options
        if not options.excuse:
            return ()
        return applying(recorded(self.subject, options.deviations, brought=self._known), self.subject)

    def examiner(self, judged: Property, tallier: Tallier) -> Examiner:
        """Who asks the cases of a test, and judges what a property judges."""
        name = tallier.tally.name
        if name not in self._examiners:
            self._examiners[name] = Examiner(
                subject=self.subject,
                known=self.known,
                kinds=judged.kinds,
                repeats=judged.repeats,
                clock=tallier.clock,
                noted_as=self.name,
            )
        return self._examiners[name]

    def _narrowed(self, narrowings: dict[str, Any]) -> dict[str, Any]:
        return {"operations": self.subject.operations, "around": self.subject.around, **narrowings}

    def legal(self, narrowings: dict[str, Any]) -> SearchStrategy[Case]:
        return cases(**self._narrowed(narrowings))

    def illegal(self, narrowings: dict[str, Any]) -> SearchStrategy[Case]:
        """Calls that the subject says it refuses; empty where it says so of none that can be drawn."""
        refused = [name for name in self.subject.refuses if name in ILLEGAL_OPERATIONS]
        operations = [name for name in refused if name in narrowings.get("operations", refused)]
        others = {name: value for name, value in narrowings.items() if name not in ("fills", "around")}
        with suppress(ValueError):  # the narrowings leave none
            return illegal_cases(**{**others, "operations": operations})
        return st.nothing()

    def witnesses(self, narrowings: dict[str, Any]) -> dict[str, Case]:
        """For each fault that a drawn case could show, by its name, a case that does."""
        return witnesses(Drawn.of(self._narrowed(narrowings)))

    def tallier(self, test: str, title: str) -> Tallier:
        if test not in self.talliers:
            name = test.removeprefix("test_")
            self.talliers[test] = Tallier(self.name, name, title, self.session.record)
        return self.talliers[test]

    def skip_late(self, test: str) -> None:
        """Skip a test for which there is no time, before its subject is loaded for it."""
        for judged in (EVERYTHING, WITNESSED, *PROPERTIES):
            if test == f"test_{judged.name}":
                self.tallier(test, judged.title).cut_short()
                self.close(test, 0.0)
        pytest.skip("the time is up")

    def close(self, test: str, elapsed: float) -> Tally | None:
        """The tally of a test that has ended, or None for one that judged nothing."""
        return self.talliers[test].close(elapsed) if test in self.talliers else None


def judge(gate: Gate, judged: Property, tallier: Tallier, case: Case, shows: str = "") -> str:
    """Ask a case and tell what became of it; its outcome. `shows` is the fault that it is there to show."""
    if gate.session.interrupted:
        raise KeyboardInterrupt
    if time.monotonic() > gate.session.until:
        _stop(tallier)
    try:
        with stopping_at(gate.session.until + GRACE_S):
            return _judge_in_time(gate, judged, tallier, case, shows)
    except TimeUp:
        _stop(tallier)


def _judge_in_time(gate: Gate, judged: Property, tallier: Tallier, case: Case, shows: str) -> str:
    with tallier.clock.part("loading"):
        examiner = gate.examiner(judged, tallier)
    examination = examiner.examine(case)
    if examination.fails:
        tallier.failed(examination, [shows] if shows else ())
        raise mismatch_of(examination)
    visible: tuple[str, ...] = ()
    if tallier.is_new(case) and examination.outcome in ("agrees", "vacuous") and not judged.illegal:
        with tallier.clock.part("faults"):
            faults = tallier.faults()
            visible = visibility(case, kinds=judged.kinds, repeats=judged.repeats, faults=faults).visible
    tallier.judged(examination, visible)
    return examination.outcome


def settle(gate: Gate, judged: Property, tallier: Tallier, mismatch: Mismatch) -> Mismatch:
    """A disagreement that was searched for, simplified further and diagnosed, if there is time."""
    until = gate.session.until
    if time.monotonic() > until:
        tallier.settle()
        return mismatch
    settled = mismatch.examination
    slow = settled.verdict.kind == "timed out"
    left = 0.0 if slow else min(until - time.monotonic(), SIMPLIFYING_S)
    with suppress(TimeUp), stopping_at(until + GRACE_S):
        settled = gate.examiner(judged, tallier).simplified(settled, limit_s=left)
        settled = diagnosed(settled)
    tallier.failed(settled)
    return mismatch_of(settled)


def mismatches_in(failed: BaseException) -> list[Mismatch]:
    """The disagreements that a search has ended with; none where there is something else among them."""
    if isinstance(failed, Mismatch):
        return [failed]
    several = failed.exceptions if isinstance(failed, BaseExceptionGroup) else ()
    mismatches = [error for error in several if isinstance(error, Mismatch)]
    return mismatches if len(mismatches) == len(several) else []


def together(mismatches: Sequence[Mismatch], what: str) -> Exception:
    """One disagreement as it is, all of them once where there are several."""
    distinct = list({mismatch.case: mismatch for mismatch in mismatches}.values())
    return distinct[0] if len(distinct) == 1 else ExceptionGroup(f"{len(distinct)} {what}", distinct)


def _stop(tallier: Tallier) -> NoReturn:
    """End a property whose time is up; what has failed is reported with the smallest case so far."""
    tallier.cut_short()
    tallier.settle()
    pytest.skip("the time is up")


def judge_whole(gate: Gate, tallier: Tallier, case: Case) -> Mismatch | None:
    """The disagreement on a pinned case in all respects at once, diagnosed, or None where there is none."""
    try:
        judge(gate, EVERYTHING, tallier, case)
    except Mismatch as mismatch:
        examination = mismatch.examination
        with suppress(TimeUp), stopping_at(gate.session.until + GRACE_S):
            examination = diagnosed(examination)
        tallier.keep(examination)
        return mismatch_of(examination)
    return None


def complaint(gate: Gate, tallier: Tallier, deviation: Deviation) -> str:
    """What is wrong with an entry, or nothing where there is no time left to ask."""
    try:
        with stopping_at(gate.session.until + GRACE_S):
            if time.monotonic() <= gate.session.until:
                return _held(gate, tallier, deviation)
    except TimeUp:
        pass
    tallier.cut_short()
    return ""


def _held(gate: Gate, tallier: Tallier, deviation: Deviation) -> str:
    """What is wrong with an entry, or nothing where its word disagrees as it says.

    What is not repeatable, such as memory that was never written, is asked for several times, and is
    not held to happen where the entry says that it is sporadic.
    """
    if deviation.expires and deviation.expires < date.today():
        return expired(gate.name, deviation)
    case, examiner = Case.parse(deviation.word), replace(gate.examiner(EVERYTHING, tallier), known=())
    for _ in range(TRIES if "not repeatable" in deviation.kinds else 1):
        examination = examiner.examine(case)
        if explains(deviation, examination):
            tallier.judged(replace(examination, deviation=deviation))
            return ""
        if examination.fails:
            text = disagreement(examination)
            return f"{text}\n  entry    {deviation.name} records another kind: {deviation.described}"
    if deviation.sporadic:
        return ""
    became = "is declined" if examination.outcome == "declined" else "no longer deviates"
    return (
        f"{gate.name} {became} where {deviation.name!r} records a deviation: delete its entry\n"
        f"  case     {deviation.word}\n"
        f"  entry    {' '.join(deviation.sentence.split())}"
    )
