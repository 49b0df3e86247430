"""A subject under test, and what becomes of each case that it is asked."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import date
from typing import Any, NoReturn

import pytest
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from verify.cases.case import Case
from verify.cases.simplify import SIMPLIFYING_S, simplest
from verify.checks.check import Mismatch, Subject, check, subject_name
from verify.checks.deadline import GRACE_S, TimeUp, stopping_at
from verify.checks.deviations import Deviation
from verify.checks.diagnosis import diagnose
from verify.checks.journal import journal
from verify.checks.known import expired, explained, explains, recorded
from verify.config.session import Session
from verify.faults.visibility import visibility
from verify.faults.witnesses import Drawn, witnesses
from verify.gate.drawing import ILLEGAL_OPERATIONS, cases, illegal_cases
from verify.gate.properties import EVERYTHING, PROPERTIES, WITNESSED, Property
from verify.gate.recorder import Tallier
from verify.oracle.compare import KINDS
from verify.reports.tally import Tally
from verify.subjects.registry import declared

TRIES = 20
"""How often the word of a deviation that is not repeatable is asked before it counts as gone."""


class Gate:
    """A subject under test, loaded on first use, and what its tests have seen."""

    def __init__(self, subject: str | Subject, known: Sequence[Deviation] | None) -> None:
        self.name = subject if isinstance(subject, str) else subject_name(subject)
        self._subject = subject
        self._known = known
        self.talliers: dict[str, Tallier] = {}
        self.session = Session()  # until the one is handed down that collects it

    @property
    def subject(self) -> Subject:
        if isinstance(self._subject, str):
            self._subject = self.session.options.load(self._subject)
        return self._subject

    def close_subject(self) -> None:
        """End the subject's worker, if it has one; the next question starts another."""
        close = getattr(self._subject, "close", None)
        if callable(close):
            close()

    @property
    def known(self) -> list[Deviation]:
        """The deviations that are excused under the subject's switches."""
        if not self.session.options.excuse:
            return []
        found = recorded(self.subject, self.session.options.deviations, self._known)
        return [each for each in found if each.applies(getattr(self.subject, "switches", {}))]

    def legal(self, narrowings: dict[str, Any]) -> SearchStrategy[Case]:
        said = declared(self.subject)
        return cases(**{"operations": said["operations"], "around": said["around"], **narrowings})

    def illegal(self, narrowings: dict[str, Any]) -> SearchStrategy[Case]:
        """Calls that the subject says it refuses; empty where it says so of none that can be drawn."""
        refused = [each for each in declared(self.subject)["refuses"] if each in ILLEGAL_OPERATIONS]
        chosen = [each for each in refused if each in narrowings.get("operations", refused)]
        own = {name: value for name, value in narrowings.items() if name not in ("fills", "around")}
        with suppress(ValueError):  # the narrowings leave none
            return illegal_cases(**{**own, "operations": chosen})
        return st.nothing()

    def witnesses(self, narrowings: dict[str, Any]) -> dict[str, Case]:
        """For each fault that a drawn case could show, by its name, a case that does."""
        said = declared(self.subject)
        chosen = {"operations": said["operations"], "around": said["around"], **narrowings}
        return witnesses(Drawn.of(chosen))

    def tallier(self, test: str, title: str) -> Tallier:
        if test not in self.talliers:
            name = test.removeprefix("test_")
            self.talliers[test] = Tallier(self.name, name, title, self.session.record)
        return self.talliers[test]

    def skip_late(self, test: str) -> None:
        """Skip a test for which there is no time, before its subject is loaded for it."""
        for each in (EVERYTHING, WITNESSED, *PROPERTIES):
            if test == f"test_{each.name}":
                self.tallier(test, each.title).cut_short()
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
        subject = gate.subject
    journal.note(gate.name, str(case))
    try:
        verdict = check(case, subject, kinds=judged.kinds, repeats=judged.repeats, clock=tallier.clock)
    except Mismatch as mismatch:
        deviation = explained(mismatch, gate.subject, gate.known)
        if deviation is None:
            tallier.failed(mismatch, [shows] if shows else ())
            raise
        tallier.deviated(mismatch, deviation)
        return "known"
    visible: tuple[str, ...] = ()
    if tallier.is_new(case) and verdict.outcome != "declined" and not judged.illegal:
        with tallier.clock.part("faults"):
            faults = tallier.faults()
            visible = visibility(case, kinds=judged.kinds, repeats=judged.repeats, faults=faults).visible
    tallier.judged(case, verdict, visible)
    return verdict.outcome


def settle(gate: Gate, judged: Property, tallier: Tallier, found: Mismatch) -> Mismatch:
    """A disagreement that was searched for, brought down further and diagnosed, if there is time."""
    if time.monotonic() > gate.session.until:
        tallier.settle()
        return found
    seen = {found.case: found}

    def fails(case: Case) -> bool:
        journal.note(gate.name, str(case))
        try:
            check(case, gate.subject, kinds=judged.kinds, repeats=judged.repeats, clock=tallier.clock)
        except Mismatch as mismatch:
            seen[case] = mismatch
            is_same = sort_of(mismatch) == sort_of(found)
            return is_same and explained(mismatch, gate.subject, gate.known) is None
        return False

    slow = found.verdict.kind == "timed out"
    left = 0.0 if slow else min(gate.session.until - time.monotonic(), SIMPLIFYING_S)
    settled = found
    with suppress(TimeUp), stopping_at(gate.session.until + GRACE_S):
        settled = seen[simplest(found.case, fails, limit_s=left)]
        diagnose(settled, gate.subject)
    tallier.failed(settled)
    return settled


def mismatches_in(failed: BaseException) -> list[Mismatch]:
    """The disagreements that a search has ended with; none where there is something else among them."""
    if isinstance(failed, Mismatch):
        return [failed]
    several = failed.exceptions if isinstance(failed, BaseExceptionGroup) else ()
    found = [each for each in several if isinstance(each, Mismatch)]
    return found if len(found) == len(several) else []


def together(found: Sequence[Mismatch], what: str) -> Exception:
    """One disagreement as it is, each once where there are several."""
    distinct = list({mismatch.case: mismatch for mismatch in found}.values())
    return distinct[0] if len(distinct) == 1 else ExceptionGroup(f"{len(distinct)} {what}", distinct)


def sort_of(mismatch: Mismatch) -> tuple[type, type]:
    """What tells one disagreement of a search from another, to Hypothesis as well."""
    return type(mismatch), type(mismatch.__cause__)


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
        with suppress(TimeUp), stopping_at(gate.session.until + GRACE_S):
            diagnose(mismatch, gate.subject)
        return mismatch
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
    case = Case.parse(deviation.word)
    journal.note(gate.name, deviation.word)
    for _ in range(TRIES if "not repeatable" in deviation.kinds else 1):
        try:
            verdict = check(case, gate.subject, kinds=KINDS, repeats=2, clock=tallier.clock)
        except Mismatch as mismatch:
            if explains(deviation, mismatch):
                tallier.deviated(mismatch, deviation)
                return ""
            return f"{mismatch}\n  entry    {deviation.name} records another kind: {deviation.described}"
    if deviation.sporadic:
        return ""
    became = f"is {verdict.outcome}" if verdict.outcome == "declined" else "no longer deviates"
    return (
        f"{gate.name} {became} where {deviation.name!r} records a deviation: delete its entry\n"
        f"  case     {deviation.word}\n"
        f"  entry    {' '.join(deviation.sentence.split())}"
    )
