"""The records of one property of one subject, made as its cases are judged, and their tally."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from types import MappingProxyType
from typing import Any

import numpy as np

from verify.cases.case import Case
from verify.cases.domain import format_of
from verify.cases.large import multiplications
from verify.cases.regions import regions_of
from verify.checks.clock import Clock
from verify.checks.elements import wrong_in
from verify.checks.escaping import line_of
from verify.checks.examination import Examination, disagreement, replay_line_of
from verify.checks.interrupts import shielded
from verify.checks.predictions import JudgedBy
from verify.checks.subject import Description
from verify.checks.versions import versions_of
from verify.checks.ways import split_way
from verify.faults import FAULTS, Fault
from verify.gate.properties import Property
from verify.oracle.bounds import judgement
from verify.reports.records import ANSWER_LIMIT, DIFFERING_LIMIT, Record, nowhere
from verify.reports.tally import LISTED, OFTEN_SHOWN, Tally

GRADED = ("agrees", "known", "disagrees")
"""Outcomes of cases that were judged and could have failed."""
LIGHT = 10_000
"""Products of a case above which no fault is looked for, as small cases show the same faults."""


class Tallier:
    """Records the result of each distinct case, and sums them up in a tally.

    A search keeps the last disagreement of each kind, a list of words every one.
    For each fault `looked_for` the cases that show it are counted, even if there are none; `hidden` has the
    words of faults whose case was not judged, and `note` may say that the time was up. For `regions` the
    cases that were graded in each are counted, even if there are none; `declined_regions` has the words of
    those whose case was declined.
    """

    def __init__(self, subject: str, judged: Property, write: Callable[[Record], None] = nowhere) -> None:
        self.tally = Tally(subject=subject, name=judged.name, title=judged.title)
        self.clock = Clock()
        self.failures: dict[Case, Examination] = {}
        self._write = write
        self._unreported: dict[str, Examination] = {}
        self.looked_for: Iterable[str] = ()
        self.hidden: dict[str, str] = {}
        self.regions: Iterable[str] = ()
        self.declined_regions: dict[str, str] = {}
        self.note = ""
        self.remarks: list[str] = []
        self.relations: dict[str, dict[str, str]] = {}
        self.is_absent = False
        self.examples = 0
        self.draws: Counter[str] = Counter()
        self._before: Counter[str] = Counter()

    def record(
        self,
        examination: Examination,
        visible: Iterable[str] = (),
        *,
        by: JudgedBy = "the reference",
        rounding: Mapping[str, int] = MappingProxyType({}),
        keeps: bool = True,
    ) -> None:
        """Record a case, the faults that it would have shown and what it was judged by, and keep a failure.

        `rounding` counts what it says of the scheme of a subject that declares none.

        A search keeps the last failure of each kind, which is the smallest; one that was found and settled
        is recorded alone, without being kept.
        """
        case, verdict = examination.case, examination.verdict
        failure: dict[str, Any] = {}
        if examination.fails:
            if keeps:
                self.keep(examination)
            message = disagreement(examination, with_faults=False)
            failure = {"cause": examination.cause, "words": examination.words, "message": message}
            if examination.faults is not None:
                failure |= {"fault": examination.fault, "settled": keeps}
        spent = Counter(self.clock.seconds)
        seconds = {part: round(spent[part] - self._before[part], 6) for part in spent}
        self._before = spent
        if failure or self.is_new(examination):
            self._record(
                "case",
                word=str(case),
                way=way_of(examination),
                outcome=examination.outcome,
                kind=verdict.kind or "",
                sentence=verdict.sentence,
                error=verdict.error,
                deviation=examination.deviation.name if examination.deviation else "",
                judged_by=by,
                **({"rounding": rounding} if rounding else {}),
                **_arithmetic_of(examination),
                visible=list(visible),
                regions=list(regions_of(case)) if examination.outcome in GRADED else [],
                seconds={part: number for part, number in seconds.items() if number},
                operation=case.operation,
                rank=case.rank,
                dtype=case.format.token,
                padding=case.padding_kind,
                data_format=format_of(case),
                **failure,
            )

    def is_new(self, examination: Examination) -> bool:
        """Whether nothing is recorded of this case by this way."""
        return (way_of(examination), str(examination.case)) not in self.tally.asked

    def keep(self, examination: Examination) -> None:
        """Keep a failure, as far as it is known now, to be reported when the property ends."""
        self.failures[examination.case] = examination
        if examination.faults is not None:  # it is settled; others of its kind may be found after it
            self._unreported.pop(self._key(replace(examination, faults=None)), None)
        self._unreported[self._key(examination)] = examination

    def complained(self, text: str) -> None:
        """Record an entry of the known deviations that is wrong."""
        self._record("failure", **_NO_CASE, message=text)

    def faults(self, case: Case) -> tuple[Fault, ...]:
        """The faults to look for in a case: those that few cases have shown, and in a large case none."""
        if not case.illegal and multiplications(case) > LIGHT:
            return ()
        return tuple(fault for fault in FAULTS if self.tally.visible[fault.name] < OFTEN_SHOWN)

    def settle(self) -> None:
        """Keep the smallest case so far of each kind of disagreement, for a search that was cut short."""
        longest_first = sorted(self.failures.values(), key=lambda failure: -len(str(failure.case)))
        self._unreported = {self._key(failure): failure for failure in longest_first}

    def reported(self) -> Tally:
        """The tally as it is, with the message of every failure."""
        for failure in self._unreported.values():
            self._record("failure", **_failure(failure))
        self._unreported.clear()
        return self.tally

    def close(self, elapsed: float) -> Tally:
        """The tally of a property that has ended, with its time by part; what remains was drawing."""
        tally = self.reported()
        self._record(
            "property",
            elapsed=elapsed,
            seconds=dict(self.clock.seconds),
            visible={**dict.fromkeys(self.looked_for, 0), **tally.visible},
            hidden=self.hidden,
            regions=list(self.regions),
            declined_regions=self.declined_regions,
            note=self.note,
            absent=self.is_absent,
            remarks=self.remarks,
            **({"relations": self.relations} if self.relations else {}),
            examples=self.examples,
            draws=dict(self.draws),
        )
        return tally

    def _record(self, record_type: str, **fields: Any) -> None:
        tally = self.tally
        head = {"type": record_type, "subject": tally.subject, "property": tally.title, "name": tally.name}
        record: Record = {**head, **fields}
        with shielded():
            self.tally.add(record)
            self._write(record)

    def _key(self, failure: Examination) -> str:
        listed = self.tally.name in LISTED
        what = failure.case if listed else f"{failure.cause} {failure.words}"
        fault = "" if failure.faults is None else f", {failure.fault}"
        return f"{failure.verdict.kind} {what}{fault}"


LONGEST = 2_000
"""Characters of what a subject says of itself that are recorded."""


def record_of(subject: Description, name: str) -> Record:
    """The record of a subject that is gated: its versions and its switches, and those of each way."""
    ways = {way: _where(by) for way, by in subject.ways.items()}
    return {"type": "subject", "subject": name, **_where(subject), "ways": ways}


def _where(subject: Description) -> Record:
    """The versions and the switches of a subject, or of a way: as lines, as a subject may say anything."""
    texts = {"versions": versions_of(subject), "switches": subject.switches}
    return {
        name: {line_of(each, LONGEST): line_of(text, LONGEST) for each, text in of_name.items()}
        for name, of_name in texts.items()
    }


def way_of(examination: Examination) -> str:
    """The way that was asked, or "" of a subject that has none."""
    return split_way(examination.subject.name)[1]


_NO_CASE: Record = {
    **dict.fromkeys(("word", "way", "cause", "words", "fault", "flaky", "like", "replay"), ""),
    "kind": "fixed",
    "faults": [],
    "also": [],
    "worst": None,
    "next_worst": [],
    "shape": [],
    "differs": [],
    "values": [],
    "answer": [],
}


def _arithmetic_of(examination: Examination) -> Record:
    """The arithmetic that a case was held to, where its dtype is that of the sums, whose error then shows."""
    held = examination.held
    is_shown = held.arithmetic and held.format.token == held.format.accumulator
    return {"arithmetic": held.arithmetic} if is_shown else {}


def _failure(failure: Examination) -> Record:
    """What is recorded of the smallest case of a disagreement."""
    case, worst = failure.case, failure.verdict.worst
    wrong = wrong_in(failure, most=DIFFERING_LIMIT)
    return {
        "word": str(case),
        "way": way_of(failure),
        "kind": failure.verdict.kind or "",
        "cause": failure.cause,
        "words": failure.words,
        "message": disagreement(failure),
        "fault": failure.fault,
        "faults": [fault.name for fault in failure.looks_like],
        "flaky": failure.flaky,
        "like": failure.like,
        "also": list(failure.also),
        "replay": replay_line_of(failure),
        **{name: said for name in ("scheme", "arithmetic") if (said := getattr(failure.held, name))},
        "worst": asdict(worst) if worst else None,
        "next_worst": [asdict(each) for each in wrong.worst[1:]],
        "shape": [] if case.illegal else list(case.output_shape),
        **_numbers(failure, wrong.places),
    }


def _numbers(failure: Examination, places: Sequence[tuple[int, ...]]) -> Record:
    """The elements of an answer that are wrong in these places, and the whole answer if it is not large."""
    if failure.answer is None or not places:
        return {"differs": [], "values": [], "answer": []}
    rule = judgement(failure.held)
    with np.errstate(over="ignore", invalid="ignore"):
        answer = failure.answer.astype(failure.case.dtype)
    values = [[array[place].item() for array in (answer, rule.wanted)] for place in places]
    whole = answer.ravel().tolist() if answer.size <= ANSWER_LIMIT else []
    return {"differs": list(map(list, places)), "values": values, "answer": whole}
