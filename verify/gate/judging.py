"""A gate: a subject under test, and for each property a judge of the cases that it is asked."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Any

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
from verify.checks.subject import Description, Subject, describe, name_of
from verify.config.session import Session
from verify.faults.visibility import visibility
from verify.faults.witnesses import Drawn, witnesses
from verify.gate.drawing import ILLEGAL_OPERATIONS, cases, illegal_cases
from verify.gate.properties import EVERYTHING, PROPERTIES, WITNESSED, Property
from verify.gate.recorder import Tallier
from verify.reports.tally import TIME_UP, Tally

TRIES = 20
"""How often the word of a non-repeatable deviation is asked before the deviation counts as gone."""


class Gate:
    """A subject under test, loaded and described on first use, and the results of its tests in a session."""

    def __init__(self, subject: str | Subject, known: Sequence[Deviation] | None) -> None:
        if not callable(subject) and not isinstance(subject, str):
            describe(subject)  # raises TypeError
        self._subject = subject
        self._description: Description | None = None
        self._known = known
        self.name = subject if isinstance(subject, str) else name_of(subject)
        self.session = Session()  # until the session that collects it is known

    @property
    def session(self) -> Session:
        return self._session

    @session.setter
    def session(self, session: Session) -> None:
        self._session = session
        self.judges: dict[str, Judge] = {}

    @property
    def subject(self) -> Description:
        if self._description is None:
            load, subject = self.session.options.load, self._subject
            self._description = describe(load(subject) if isinstance(subject, str) else subject)
        return self._description

    def close_subject(self) -> None:
        """End the subject's worker, if it has one; the next case starts another."""
        if self._description is not None:
            self._description.close()

    @property
    def known(self) -> tuple[Deviation, ...]:
        """The deviations that are excused, of those that apply to the subject as it runs here."""
        options = self.session.options
        if not options.excuse:
            return ()
        return applying(recorded(self.subject, options.deviations, brought=self._known), self.subject)

    def _narrowed(self, narrowings: dict[str, Any]) -> dict[str, Any]:
        return {"operations": self.subject.operations, "around": self.subject.around, **narrowings}

    def legal(self, narrowings: dict[str, Any]) -> SearchStrategy[Case]:
        return cases(**self._narrowed(narrowings))

    def illegal(self, narrowings: dict[str, Any]) -> SearchStrategy[Case]:
        """The strategy of calls that the subject declares to refuse; empty if none of them can be drawn."""
        refused = [name for name in self.subject.refuses if name in ILLEGAL_OPERATIONS]
        operations = [name for name in refused if name in narrowings.get("operations", refused)]
        others = {name: value for name, value in narrowings.items() if name not in ("fills", "around")}
        with suppress(ValueError):  # the narrowings leave none
            return illegal_cases(**{**others, "operations": operations})
        return st.nothing()

    def witnesses(self, narrowings: dict[str, Any]) -> dict[str, Case]:
        """The name of each fault that a drawn case could show → a case that shows it."""
        return witnesses(Drawn.of(self._narrowed(narrowings)))

    def judge(self, judged: Property) -> Judge:
        """The judge of a property in this session."""
        test = f"test_{judged.name}"
        if test not in self.judges:
            tallier = Tallier(self.name, judged, self.session.record)
            self.judges[test] = Judge(gate=self, judged=judged, tallier=tallier)
        return self.judges[test]

    def skip_late(self, test: str) -> None:
        """Skip a test for which there is no time left, before its subject is loaded."""
        for judged in (EVERYTHING, WITNESSED, *PROPERTIES):
            if test == f"test_{judged.name}":
                self.judge(judged).tallier.note = TIME_UP
                self.close(test, 0.0)
        pytest.skip("the time is up")

    def close(self, test: str, elapsed: float) -> Tally | None:
        """The tally of a test that has ended, or None for one that judged nothing."""
        return self.judges[test].tallier.close(elapsed) if test in self.judges else None


@dataclass(frozen=True, kw_only=True)
class Judge:
    """Puts the cases of one property to a gate's subject, while there is time, and has them recorded."""

    gate: Gate
    judged: Property
    tallier: Tallier

    @cached_property
    def examiner(self) -> Examiner:
        return Examiner(
            subject=self.gate.subject,
            known=self.gate.known,
            kinds=self.judged.kinds,
            repeats=self.judged.repeats,
            clock=self.tallier.clock,
            noted_as=self.gate.name,
        )

    @property
    def _is_late(self) -> bool:
        return time.monotonic() > self.gate.session.until

    def _in_time(self) -> AbstractContextManager[None]:
        """Raise TimeUp within the block a little after the time is up."""
        return stopping_at(self.gate.session.until + GRACE_S)

    def judge(self, case: Case, *, shows: str = "") -> str:
        """Ask a case and record the result; returns its outcome.

        `shows` is the fault that the case is meant to show. Raises the Mismatch of a failure, and skips the
        test if its time is up: failures are then reported with the smallest case so far.
        """
        if self.gate.session.interrupted:
            raise KeyboardInterrupt
        with suppress(TimeUp):
            if not self._is_late:
                with self._in_time():
                    return self._judge_in_time(case, shows)
        self.tallier.note = TIME_UP
        self.tallier.settle()
        pytest.skip("the time is up")

    def _judge_in_time(self, case: Case, shows: str) -> str:
        judged, tallier = self.judged, self.tallier
        with tallier.clock.part("loading"):
            examiner = self.examiner
        examination = examiner.examine(case)
        if examination.fails:
            tallier.record(examination, [shows] if shows else ())
            raise mismatch_of(examination)
        visible: tuple[str, ...] = ()
        is_right = examination.outcome in ("agrees", "vacuous") and not judged.illegal
        if is_right and str(case) not in tallier.tally.words:
            with tallier.clock.part("faults"):
                faults = tallier.faults()
                visible = visibility(case, kinds=judged.kinds, repeats=judged.repeats, faults=faults).visible
        tallier.record(examination, visible)
        return examination.outcome

    def settle(self, mismatch: Mismatch) -> Mismatch:
        """A disagreement that a search found, simplified further and diagnosed, if there is time."""
        if self._is_late:
            self.tallier.settle()
            return mismatch
        settled = mismatch.examination
        slow = settled.verdict.kind == "timed out"
        limit_s = 0.0 if slow else min(self.gate.session.until - time.monotonic(), SIMPLIFYING_S)
        with suppress(TimeUp), self._in_time():
            settled = self.examiner.simplified(settled, limit_s=limit_s)
            settled = diagnosed(settled)
        self.tallier.record(settled)
        return mismatch_of(settled)

    def disagreement_on(self, case: Case) -> Mismatch | None:
        """The disagreement on a pinned case, diagnosed, or None."""
        try:
            self.judge(case)
        except Mismatch as mismatch:
            examination = mismatch.examination
            with suppress(TimeUp), self._in_time():
                examination = diagnosed(examination)
            self.tallier.keep(examination)
            return mismatch_of(examination)
        return None

    def complaint(self, deviation: Deviation) -> str:
        """What is wrong with an entry; empty if there is no time left to ask."""
        with suppress(TimeUp):
            if not self._is_late:
                with self._in_time():
                    return self._what_is_wrong(deviation)
        self.tallier.note = TIME_UP
        return ""

    def _what_is_wrong(self, deviation: Deviation) -> str:
        """What is wrong with an entry; empty if its word disagrees as recorded.

        A deviation that is not repeatable, such as memory that was never written, is asked several times;
        one that is sporadic need not happen.
        """
        name = self.gate.name
        if deviation.expires and deviation.expires < date.today():
            return expired(name, deviation)
        case, examiner = Case.parse(deviation.word), replace(self.examiner, known=())
        for _ in range(TRIES if "not repeatable" in deviation.kinds else 1):
            examination = examiner.examine(case)
            if explains(deviation, examination):
                self.tallier.record(replace(examination, deviation=deviation))
                return ""
            if examination.fails:
                text = disagreement(examination)
                return f"{text}\n  entry    {deviation.name} records another kind: {deviation.kinds_phrase}"
        if deviation.sporadic:
            return ""
        became = "is declined" if examination.outcome == "declined" else "no longer deviates"
        return (
            f"{name} {became} where {deviation.name!r} records a deviation: delete its entry\n"
            f"  case     {deviation.word}\n"
            f"  entry    {deviation.text}"
        )


def mismatches_in(failed: BaseException) -> list[Mismatch]:
    """The disagreements that ended a search; none if there is another error among them."""
    if isinstance(failed, Mismatch):
        return [failed]
    several = failed.exceptions if isinstance(failed, BaseExceptionGroup) else ()
    mismatches = [error for error in several if isinstance(error, Mismatch)]
    return mismatches if len(mismatches) == len(several) else []


def together(mismatches: Sequence[Mismatch], what: str) -> Exception:
    """One disagreement as it is, all of them once where there are several."""
    distinct = list({mismatch.case: mismatch for mismatch in mismatches}.values())
    return distinct[0] if len(distinct) == 1 else ExceptionGroup(f"{len(distinct)} {what}", distinct)
