"""A baseline in a run: each subject is asked the fixed cases first, and compared with a file at the end."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from verify.cases.case import Case
from verify.checks.clock import GRACE_S, TimeUp, stopping_at
from verify.checks.files import refusal_of
from verify.checks.losses import keep_if_lost
from verify.checks.path import excused
from verify.checks.subject import Description, split_label
from verify.corpus.rewrite import rewrite
from verify.corpus.words import cases_in
from verify.gate.under_test import Gate
from verify.reports.phrases import plural
from verify.runs.behaviour.comparison import differences, summary_of, table_of
from verify.runs.behaviour.record import (
    ANSWERED,
    Behaviour,
    Behaviours,
    Observation,
    behaviour_of,
    behaviours_of,
    observe,
    read_behaviours,
    text_of,
)

CASES = Path(__file__).with_name("cases.txt")

LISTED_CHANGES = 5
"""Cases of a change that are listed."""


class Conclusion(NamedTuple):
    """The end of a run with a baseline: lines, a sentence, and the exit code."""

    lines: Sequence[str]
    sentence: str = ""
    code: int = 0


class Observed(NamedTuple):
    """What a watch saw in one process: the behaviour of subjects, and those for which the time was up."""

    records: Behaviours
    late: Sequence[str]


@cache
def fixed_cases() -> tuple[Case, ...]:
    """Every fixed case: none is drawn, so that they are the same with all versions of all packages."""
    return tuple(cases_in(CASES))


def cases_for(subject: Description) -> list[Case]:
    """The fixed cases of what a subject says that it answers; some in another data format, dtype or rank.

    A case that no way has is carried over to the first way that has it so.
    """
    domains = [way.drawn() for way in subject.routes]
    carried: dict[Case, None] = {}
    for case in fixed_cases():
        found = case if any(domain.holds(case) for domain in domains) else None
        for domain in () if found else domains:
            if (found := domain.carried(case)) is not None:
                break
        if found is not None:
            carried[found] = None
    return list(carried)


class Watch:
    """A pytest plugin that observes each subject of a run before its first property.

    It asks the fixed cases, and the `words` of the run besides.
    `conclude` then compares them with the file. It writes those that the file does not have, and with
    `update` all. Raises ValueError, one sentence, if the file is no baseline.
    """

    def __init__(self, file: Path, until: float, *, update: bool = False, words: Sequence[Case] = ()) -> None:
        self.file = file
        self._until = until
        self._update = update
        self._words = words
        self._gates: set[Gate] = set()
        self._records: Behaviours = {}
        self._late: list[str] = []
        read_behaviours(file)

    def pytest_runtest_setup(self, item: Any) -> None:
        gate: Gate = item.cls.gate
        if gate not in self._gates:
            self._gates.add(gate)
            try:
                with stopping_at(self._until + GRACE_S):
                    self._observe(gate)
            except TimeUp:
                self._late.append(gate.name)

    def observed(self) -> Observed:
        """What it has seen, for `take` in the process that concludes; it keeps none of it."""
        seen = Observed(self._records, self._late)
        self._records, self._late = {}, []
        return seen

    def take(self, observed: Observed) -> None:
        """Take what a watch saw in another process, or earlier."""
        self._records.update(observed.records)
        self._late += observed.late

    def conclude(self) -> Conclusion:
        """Compare with the file and write it; returns what to print."""
        before: Behaviours = {}

        def merged(text: str) -> str:
            before.update(behaviours_of(text, self.file))
            return text_of({**before, **self._records} if self._update else {**self._records, **before})

        lines, changed, is_updated = [], 0, self._update
        try:
            rewrite(self.file, merged)
        except OSError as error:
            lines, is_updated = [f"unwritten  {refusal_of(error, '--baseline')}"], False
        for label, record in self._records.items():
            is_changed, text = compared(label, record, before, self.file)
            lines += text
            changed += is_changed
        return Conclusion(lines, *self._verdict(changed, is_updated=is_updated))

    def _verdict(self, changed: int, *, is_updated: bool) -> tuple[str, int]:
        """The last sentence, and the exit code."""
        many = f"{changed} of {len(self._records)} subjects" if len(self._records) > 1 else "the subject"
        if changed and is_updated:
            return f"Rewritten: {self.file}, as {many} had changed.", 0
        if changed:
            return f"Changed: {many}, since {self.file} was written; --update-baseline accepts it.", 1
        if self._late:
            return f"Proves too little: the time was up before {', '.join(self._late)} was compared.", 3
        return "", 0

    def _observe(self, gate: Gate) -> None:
        """Ask a subject the fixed cases; if the time is up before the end nothing is recorded."""
        self._check_time()
        subject, observations = gate.subject, []
        for observation in self._observations(subject, gate.name):
            if gate.session.interrupted:
                raise KeyboardInterrupt
            self._check_time()
            keep_if_lost(excused(observation.examination, gate.known), asked="for the baseline")
            observations.append(observation)
        if observations:
            self._records[subject.label] = behaviour_of(subject, observations)

    def _observations(self, subject: Description, name: str) -> Iterator[Observation]:
        """Those of the fixed cases, then of the run's words, each by the first way that has it.

        So a word is put to the same way whatever other words there are.
        """
        fixed, domains = cases_for(subject), [way.drawn() for way in subject.routes]
        yield from observe(subject, fixed, name=name)
        for case in self._words:
            if case not in fixed and any(domain.holds(case) for domain in domains):
                yield from observe(subject, [case], name=name)

    def _check_time(self) -> None:
        if time.monotonic() > self._until:
            raise TimeUp


def watch_of(file: Path | None, until: float, *, update: bool, words: Sequence[Case] = ()) -> Watch | None:
    """The watch that a run's options ask for; ValueError if they lack the file to update."""
    if file is None and update:
        raise ValueError("--update-baseline needs --baseline FILE")
    return None if file is None else Watch(file, until, update=update, words=words)


def compared(label: str, now: Behaviour, records: Behaviours, file: Path) -> tuple[bool, list[str]]:
    """Whether a subject has changed since a file was written, and lines about it."""
    if label not in records:
        return False, [_headline(label, f"new in {file}", now), *_beside(label, now, records)]
    was = records[label]
    missing = len(now.cases.keys() - was.cases.keys())
    more = f"  {missing} {plural(missing, 'case')} that it does not have yet: --update-baseline adds them"
    added = [more] if missing else []
    changes = _changes(was, now)
    if not changes:
        return False, [_headline(label, f"the same bits as in {file}", now), *added]
    return True, ["", f"{label} answers otherwise than {file} says", *changes, *added]


def _headline(label: str, what: str, record: Behaviour) -> str:
    """A line on a subject: its state, its cases, and how many of them have no answer, and why."""
    silent = Counter(answer.outcome for answer in record.cases.values() if answer.outcome != ANSWERED)
    total = len(record.cases)
    counts = [f"{total} {plural(total, 'case')}", *(f"{count} {why}" for why, count in silent.items())]
    return f"baseline   {label}: {what}, {', '.join(counts)}"


def _beside(label: str, now: Behaviour, records: Behaviours) -> list[str]:
    """How a new subject differs from itself under the most similar other switches."""
    name, switches = split_label(label)
    others = {other: split_label(other)[1] for other in records if split_label(other)[0] == name}
    if not others:
        return []
    nearest = max(others, key=lambda other: len(switches.items() & others[other].items()))
    changes = _changes(records[nearest], now)
    return [f"  beside {nearest}{'' if changes else ': no bit differs'}", *changes]


def _changes(before: Behaviour, after: Behaviour) -> list[str]:
    """The lines on what has changed; none if no bit has."""
    changes = differences(before, after)
    if not changes:
        return []
    table = table_of(changes, ("before", "now"), most=LISTED_CHANGES)
    return [f"  {line}" for line in (*table, *summary_of(changes, before, after))]
