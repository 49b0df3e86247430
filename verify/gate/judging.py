"""Judges: for each property one that puts cases to a gate's subject and has them recorded."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import pytest

from verify.cases.case import Case
from verify.cases.simplify import SIMPLIFYING_S
from verify.checks.broken import broken_by
from verify.checks.cause import SILENT, further_words, gives, has_same_cause
from verify.checks.clock import GRACE_S, TimeUp, stopping_at, within
from verify.checks.diagnosis import diagnosed
from verify.checks.examination import Examination, Mismatch, mismatch_of
from verify.checks.followed import rounding_of
from verify.checks.path import Examiner
from verify.checks.predictions import JudgedBy, judged_by
from verify.checks.subject import Description, NotAsked, labelled, split_label
from verify.checks.wavering import asked_again
from verify.faults import Fault
from verify.faults.visibility import visibility
from verify.gate.properties import Property
from verify.gate.recorder import Tallier
from verify.gate.search import Progress, is_quick
from verify.oracle.compare import LOST, NUMERIC_KINDS
from verify.reports.tally import TIME_UP, UNDRAWN

if TYPE_CHECKING:  # which has the judges
    from verify.gate.under_test import Gate

LOSSES = 5
"""How often a subject may be lost again, as it was before, until its property is left."""


@dataclass(frozen=True, kw_only=True)
class Judge:
    """Puts the cases of one property to a gate's subject, while there is time, and has them recorded.

    Disagreements with the signature of one that was `found`, and wrong answers that faults which were
    `named` give, are recorded, and not raised again.
    """

    gate: Gate
    judged: Property
    tallier: Tallier
    found: Counter[tuple[Any, ...]] = field(default_factory=Counter)
    named: list[Fault] = field(default_factory=list)
    progress: Progress = field(default_factory=Progress)

    @cached_property
    def _examiner(self) -> Examiner:
        return Examiner(
            subject=self.gate.subject,
            known=self.gate.known,
            kinds=self.judged.kinds,
            repeats=self.judged.repeats,
            clock=self.tallier.clock,
            noted_as=self.gate.name,
        )

    def by(self, way: Description) -> Examiner:
        """Who examines by a way."""
        settings = split_label(self.gate.name)[1]
        return replace(self._examiner, subject=way, noted_as=labelled(way.name, settings))

    @property
    def is_late(self) -> bool:
        """Whether the time of the test is up."""
        return time.monotonic() > self.gate.session.until

    def in_time(self) -> AbstractContextManager[None]:
        """Raise TimeUp within the block a little after the time is up."""
        return stopping_at(self.gate.session.until + GRACE_S)

    def judge(self, case: Case, way: str = "", *, shows: str = "") -> str:
        """Ask a case by a way, or by the first that has it, and record what became of it; its outcome.

        `shows` is the fault that the case is meant to show. Raises the Mismatch of a failure, Broken for what
        kept it from being judged, and skips the test if its time is up: failures are then reported with the
        smallest case so far.
        """
        if self.gate.session.interrupted:
            raise KeyboardInterrupt
        try:
            outcome = within(self.gate.session.until, partial(self._judge_in_time, case, way, shows))
        except (Mismatch, NotAsked):
            raise
        except Exception as error:  # of ours: no search goes on with it
            raise broken_by(error) from error
        if outcome is not None:
            return outcome
        self.tallier.note = TIME_UP
        self.tallier.settle()
        if is_quick() and self.judged.name not in UNDRAWN:
            self.tallier.is_absent = not self.tallier.tally.cases  # it draws what there is time for
        pytest.skip("the time is up")

    def _judge_in_time(self, case: Case, way: str, shows: str) -> str:
        judged, tallier = self.judged, self.tallier
        with tallier.clock.part("loading"):
            examiner = self.by(self.gate.routes[way] if way else self.gate.subject)
        examination = examiner.examine(case)
        by = judged_by(self.gate.known, case, examination.subject)
        if examination.fails:
            return self._failed(examination, [shows] if shows else (), by)
        if examination.outcome != "declined":
            self.progress.count(disagrees=False)
        visible: tuple[str, ...] = ()
        is_right = examination.outcome in ("agrees", "vacuous") and not case.illegal
        if is_right and tallier.is_new(examination):
            with tallier.clock.part("faults"):
                faults = tallier.faults(case)
                visible = visibility(
                    examination.held, kinds=judged.kinds, repeats=judged.repeats, faults=faults
                ).visible
        rounding = rounding_of(examination) if {*judged.kinds} >= NUMERIC_KINDS else {}
        tallier.record(examination, visible, by=by, rounding=rounding)
        if shows and not tallier.tally.visible[shows]:
            tallier.hidden[shows] = str(case)
        return examination.outcome

    def _failed(self, examination: Examination, visible: Sequence[str], by: JudgedBy) -> str:
        """Record a disagreement, and raise what was not found before."""
        if known := self._named(examination):
            examination = replace(examination, faults=(known,))
            self.tallier.record(examination, visible, by=by, keeps=False)
            self.progress.count(disagrees=False)
            return examination.outcome
        is_found = examination.signature in self.found
        self.tallier.record(examination, visible, by=by, keeps=not is_found)
        self.progress.count(disagrees=not is_found)
        if not is_found:
            raise mismatch_of(examination)
        self.found[examination.signature] += 1
        if examination.verdict.kind in LOST and self.found[examination.signature] > LOSSES:
            pytest.skip("the subject is lost too often")  # each time costs seconds
        return examination.outcome

    def _named(self, examination: Examination) -> Fault | None:
        """The fault that was named before and gives this answer."""
        named = self.named if examination.verdict.kind in SILENT else []
        return next((fault for fault in named if gives(fault, examination)), None)

    def pass_over(self, first: Examination, settled: Examination) -> None:
        """Raise no more what a search found: its signature, or the answers of the fault that is its name."""
        if settled.fault and settled.verdict.kind in SILENT:
            self.named.extend(settled.looks_like)
        else:
            self.found.update({first.signature, settled.signature})

    def settle(self, mismatch: Mismatch) -> Mismatch:
        """A disagreement that a search found, simplified further and diagnosed, if there is time."""
        if self.is_late:
            self.tallier.settle()
            return mismatch
        settled = mismatch.examination
        slow = settled.verdict.kind == "timed out"
        limit_s = 0.0 if slow else min(self.gate.session.until - time.monotonic(), SIMPLIFYING_S)
        with suppress(TimeUp), self.in_time():
            settled = asked_again(settled)
            if not settled.flaky:
                examiner = self.by(settled.subject)
                settled = examiner.simplified(settled, limit_s=limit_s, without=self._named)
            settled = diagnosed(settled)
        settled = self._placed(settled)
        self.tallier.record(settled)
        return mismatch_of(settled)

    def _placed(self, failure: Examination) -> Examination:
        """A diagnosed failure with the first of the same cause; if it is the first, with further words.

        As it is where the time is up.
        """
        earlier = self.gate.earlier_causes
        with suppress(TimeUp), self.in_time():
            for first in (*earlier, *self.gate.causes):
                if has_same_cause(first, failure, self._by_drawn):
                    return replace(failure, like=first.tag)
            placed = replace(failure, also=further_words(failure, self._by_drawn))
            self.gate.causes.append(placed)
            return placed
        return failure

    def _by_drawn(self, way: Description) -> Examiner:
        """Who examines by a way, in the domain that cases are drawn from."""
        return self.by(replace(way, domain=way.drawn(**self.gate.narrowings)))

    def disagreement_on(self, case: Case, way: str = "") -> Mismatch | None:
        """The disagreement on a pinned case, diagnosed, or None where there is none."""
        try:
            self.judge(case, way)
        except Mismatch as mismatch:
            examination = mismatch.examination
            with suppress(TimeUp), self.in_time():
                examination = diagnosed(examination)
            examination = self._placed(examination)
            self.tallier.keep(examination)
            return mismatch_of(examination)
        return None


def mismatches_in(failed: BaseException) -> list[Mismatch]:
    """The disagreements that ended a search; none if there is another error among them.

    Hypothesis puts what did not fail again into a group of its own, inside that of all failures.
    """
    if isinstance(failed, Mismatch):
        return [failed]
    if not isinstance(failed, BaseExceptionGroup):
        return []
    parts = [mismatches_in(error) for error in failed.exceptions]
    return [mismatch for part in parts for mismatch in part] if all(parts) else []


def together(mismatches: Sequence[Mismatch], what: str) -> Exception:
    """One disagreement as it is, all of them once where there are several."""
    distinct = list({mismatch.case: mismatch for mismatch in mismatches}.values())
    return distinct[0] if len(distinct) == 1 else ExceptionGroup(f"{len(distinct)} {what}", distinct)
