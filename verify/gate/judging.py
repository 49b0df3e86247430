"""A gate: a subject under test, and for each property a judge of the cases that it is asked."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from verify.cases.case import Case
from verify.cases.domain import Domain, as_grouped
from verify.cases.fills import FILLS
from verify.cases.narrowings import narrows
from verify.cases.regions import is_in
from verify.cases.simplify import SIMPLIFYING_S
from verify.checks.cause import SILENT, further_words, gives, has_same_cause
from verify.checks.clock import GRACE_S, TimeUp, stopping_at
from verify.checks.deviations import Deviation, applying, recorded
from verify.checks.diagnosis import diagnosed
from verify.checks.examination import Examination, Mismatch, mismatch_of
from verify.checks.path import Examiner
from verify.checks.predictions import JudgedBy, judged_by
from verify.checks.subject import Description, Subject, describe, labelled, name_of, split_label
from verify.checks.wavering import asked_again
from verify.config.session import Session
from verify.faults import Fault
from verify.faults.visibility import visibility
from verify.faults.witnesses import witnesses
from verify.gate.drawing import (
    ILLEGAL_OPERATIONS,
    cases_by_way,
    illegal_cases_by_way,
    marginals,
    region_cases,
)
from verify.gate.properties import ELSEWHERE, EVERYTHING, MET, PROPERTIES, WITNESSED, Property
from verify.gate.recorder import Tallier, record_of
from verify.gate.search import Progress, is_quick
from verify.gate.survey import Survey, judgeable, survey_of
from verify.oracle.compare import LOST
from verify.reports.tally import TIME_UP, UNDRAWN, Tally
from verify.subjects.failed import failed_words
from verify.subjects.trial import tried

TRIES = 20
"""How often the word of a non-repeatable deviation is asked before the deviation counts as gone."""


LOSSES = 5
"""How often a subject may be lost again, as it was before, until its property is left."""


class Gate:
    """A subject under test, loaded and described on first use, and the results of its tests in a session."""

    def __init__(self, subject: str | Subject, known: Sequence[Deviation] | None) -> None:
        if not callable(subject) and not isinstance(subject, str):
            describe(subject)  # raises TypeError
        self._subject = subject
        self._description: Description | None = None
        self._unusable: str | None = None
        self._known = known
        self.narrowings: Mapping[str, Any] = {}
        self.name = subject if isinstance(subject, str) else name_of(subject)
        self.session = Session()  # until the session that collects it is known

    @property
    def session(self) -> Session:
        return self._session

    @session.setter
    def session(self, session: Session) -> None:
        self._session = session
        self._survey: Survey | None = None
        self._routes: Mapping[str, Description] | None = None
        self.causes: list[Examination] = []
        self.judges: dict[str, Judge] = {}

    @property
    def subject(self) -> Description:
        if self._description is None:
            load, subject = self.session.options.load, self._subject
            loaded = load(subject) if isinstance(subject, str) else tried(subject)
            self._description = describe(loaded)
        return self._description

    def unusable(self) -> str:
        """Why the subject cannot be gated, in one sentence; "" for one that can. It is tried once."""
        if self._unusable is None:
            self._unusable = ""
            try:
                self.subject  # noqa: B018 - loaded and tried here
            except (TypeError, ValueError) as wrong:
                self._unusable = str(wrong)
        return self._unusable

    def close_subject(self) -> None:
        """End the subject's worker, if it has one; the next case starts another."""
        if self._description is not None:
            self._description.close()

    @property
    def known(self) -> tuple[Deviation, ...]:
        """The deviations that are excused, of those that apply to the subject as it runs here."""
        return self.survey.known if self.session.options.excuse else ()

    @property
    def routes(self) -> Mapping[str, Description]:
        """The subject's ways by name, or itself by "", each in the part of its domain that can be judged."""
        if self._routes is None:
            known = self.known
            self._routes = {name: judgeable(way, known) for name, way in self.survey.routes.items()}
        return self._routes

    @property
    def survey(self) -> Survey:
        """What is recorded of the subject, once it is asked what of that holds for the release that runs."""
        if self._survey is None:
            self.session.record(record_of(self.subject, self.name))
            entries = recorded(self.subject, self.session.options.deviations, brought=self._known)
            known = applying(entries, self.subject)
            self._survey = survey_of(self.subject, known, until=self.session.until)
        return self._survey

    def _domains(self, narrowings: Mapping[str, Any]) -> dict[str, Domain]:
        return {name: way.drawn(**narrowings) for name, way in self.routes.items()}

    def legal(self, narrowings: dict[str, Any], counts: Counter[str]) -> SearchStrategy[tuple[str, Case]]:
        """Pairs of a way and a case of its domain; empty where the narrowings leave none of it."""
        with suppress(ValueError):
            return cases_by_way(self._domains(narrowings), thrown=counts, **narrowings)
        return st.nothing()

    def illegal(self, narrowings: dict[str, Any]) -> SearchStrategy[tuple[str, Case]]:
        """Calls that the subject says it refuses; empty where it says so of none that can be drawn."""
        refused = [name for name in self.subject.refuses if name in ILLEGAL_OPERATIONS]
        operations = [name for name in refused if name in narrowings.get("operations", refused)]
        others = {name: value for name, value in narrowings.items() if name not in ("fills", "around")}
        with suppress(ValueError):  # the narrowings leave none
            return illegal_cases_by_way(self._domains(narrowings), **{**others, "operations": operations})
        return st.nothing()

    def witnesses(self, narrowings: dict[str, Any]) -> Mapping[str, tuple[str, Case]]:
        """For each fault that a drawn case could show, by its name, a way and a case that does."""
        fills = tuple(narrowings.get("fills", FILLS))
        shown, chosen = witnesses(self._domains(narrowings), fills), narrowings.get("regions")
        return {name: (way, case) for name, (way, case) in shown.items() if is_in(case, chosen)}

    def marginals(self, narrowings: dict[str, Any], fill: str) -> list[tuple[str, Case]]:
        """A case for each way, operation and dtype that is drawn."""
        pairs, chosen = marginals(self._domains(narrowings), fill), narrowings.get("regions")
        return [(way, case) for way, case in pairs if is_in(case, chosen)]

    def region_cases(self, narrowings: dict[str, Any], fill: str) -> Mapping[str, tuple[str, Case]]:
        """A way and a case for each region of which there is something to draw."""
        return region_cases(self._domains(narrowings), fill, narrowings)

    def elsewhere(self, narrowings: Mapping[str, Any]) -> list[tuple[str, Case]]:
        """The words on which a built-in subject was wrong, as far as the subject has them, with its ways.

        One that is in no domain is carried into the first that takes it in another data format, dtype or
        rank, a depthwise one also as a convolution of many groups. Where cases cost much, or time is short,
        each is asked by one of its ways, these in turn; where both, of a subject that is given a fourth of
        the cases every fourth is.
        """
        domains, pairs = self._domains(narrowings), list[tuple[str, Case]]()
        every = self.subject.fewer if is_quick() else 1
        for number, case in enumerate([*filter(narrows(narrowings), failed_words())][::every]):
            ways = self._ways_of(case, domains)
            is_one = ways and (is_quick() or self.subject.fewer > 1)
            pairs += [ways[number % len(ways)]] if is_one else ways
        return list(dict.fromkeys(pairs))

    def _ways_of(self, case: Case, domains: Mapping[str, Domain]) -> list[tuple[str, Case]]:
        """The ways whose domain has a case, or where none has it the first that it is carried into."""
        if case.illegal and case.operation not in self.subject.refuses:
            return []
        inside = [(name, case) for name, domain in domains.items() if domain.holds(case)]
        if inside or case.illegal:
            return inside
        alike = [case, as_grouped(case)] if case.operation == "depthwise" else [case]
        carried = ((name, domain.carried(word)) for word in alike for name, domain in domains.items())
        return [(name, word) for name, word in carried if word is not None][:1]

    def has(self, case: Case) -> bool:
        """Whether a case is of the shard that this session asks."""
        return self.session.options.shard.holds(str(case))

    def asked(self, words: Iterable[Case], *, carry: bool = False) -> list[tuple[str, Case]]:
        """Each word with each way whose domain has it, and one that none has with none.

        Where they `carry`, a word that is in no domain goes into the first that has it in another data
        format, dtype or rank, and is left out where none has.
        """
        pairs: list[tuple[str, Case]] = []
        for case in words:
            inside = [(name, case) for name, way in self.routes.items() if way.domain.holds(case)]
            carried = ((name, way.domain.carried(case)) for name, way in self.routes.items() if carry)
            moved = [(name, word) for name, word in carried if word is not None]
            pairs += inside or moved[:1] or ([] if carry else [("", case)])
        return pairs

    def judge(self, judged: Property) -> Judge:
        """The judge of a property in this session."""
        test = f"test_{judged.name}"
        if test not in self.judges:
            tallier = Tallier(self.name, judged, self.session.record)
            self.judges[test] = Judge(gate=self, judged=judged, tallier=tallier)
        return self.judges[test]

    def skip_late(self, test: str) -> None:
        """Skip a test for which there is no time left, before its subject is loaded."""
        for judged in (EVERYTHING, ELSEWHERE, WITNESSED, MET, *PROPERTIES):
            if test == f"test_{judged.name}":
                self.judge(judged).tallier.note = TIME_UP
                self.judge(judged).tallier.is_absent = is_quick() and judged.name not in UNDRAWN
                self.close(test, 0.0)
        pytest.skip("the time is up")

    def close(self, test: str, elapsed: float) -> Tally | None:
        """The tally of a test that has ended, or None for one that judged nothing."""
        return self.judges[test].tallier.close(elapsed) if test in self.judges else None


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

        `shows` is the fault that the case is meant to show. Raises the Mismatch of a failure, and skips the
        test if its time is up: failures are then reported with the smallest case so far.
        """
        if self.gate.session.interrupted:
            raise KeyboardInterrupt
        with suppress(TimeUp):
            if not self.is_late:
                with self.in_time():
                    return self._judge_in_time(case, way, shows)
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
                visible = visibility(case, kinds=judged.kinds, repeats=judged.repeats, faults=faults).visible
        tallier.record(examination, visible, by=by)
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
        """A diagnosed failure with the first of the same cause; if it is the first, with further words."""
        for first in self.gate.causes:
            if has_same_cause(first, failure, self._by_drawn):
                return replace(failure, like=first.tag)
        placed = replace(failure, also=further_words(failure, self._by_drawn))
        self.gate.causes.append(placed)
        return placed

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
                examination = self._placed(diagnosed(examination))
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
