"""What one property of one subject saw in a run: counts, coverage, time and failures."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from verify.case import Case
from verify.check import Mismatch
from verify.clock import Clock
from verify.compare import Verdict
from verify.deviations import Deviation
from verify.faults import FAULTS, Fault
from verify.known import fault_of

OFTEN = 5
"""Cases of a property that have shown a fault, after which it is no longer looked for."""

TIME_UP = "its time was up"

ENOUGH = 20
"""Cases that a property must have graded where its time was up; words that are given must all be asked."""

CROSSED = "operation and dtype"
"""The part of the coverage that is a table."""


@dataclass(kw_only=True)
class Failure:
    """The smallest case found of one kind of disagreement, its message, and the fault that it looks like."""

    kind: str
    word: str
    text: str = ""
    fault: str = ""


@dataclass(kw_only=True)
class Tally:
    """Counts distinct cases; everything in it survives JSON, so that a worker can send it.

    `agreed` cases were judged and could have failed; `vacuous` ones proved little; `known` counts
    the disagreements that a recorded deviation explains, by its name. `visible` counts the cases that
    would have shown a fault, by its name: at least so many, as one that has often been seen is looked for
    no longer. `hidden` has the word of a fault whose case was not judged. A property whose
    cases are `drawn` must grade some; pinned words may all be declined.
    """

    subject: str
    title: str
    agreed: int = 0
    vacuous: int = 0
    declined: Counter[str] = field(default_factory=Counter)
    known: Counter[str] = field(default_factory=Counter)
    visible: Counter[str] = field(default_factory=Counter)
    hidden: dict[str, str] = field(default_factory=dict)
    coverage: dict[str, Counter[str]] = field(default_factory=dict)
    failures: dict[str, Failure] = field(default_factory=dict)
    error: float = 0.0
    seconds: dict[str, float] = field(default_factory=dict)
    elapsed: float = 0.0
    note: str = ""
    drawn: bool = True

    @property
    def cases(self) -> int:
        """Every case that was put to the subject."""
        return self.agreed + self.vacuous + self.declined.total() + self.known.total() + len(self.failures)

    @property
    def verdict(self) -> str:
        if self.failures:
            return "disagrees"
        if self.note and (not self.drawn or 0 < self.agreed + self.known.total() < ENOUGH):
            return "too little"
        if self.agreed or self.known:
            return "holds"
        return "nothing graded" if self.drawn else "declined"

    def to_json(self) -> str:
        return json.dumps(vars(self), default=vars)

    @classmethod
    def from_json(cls, text: str) -> Tally:
        fields: dict[str, Any] = json.loads(text)
        for name in ("declined", "known", "visible"):
            fields[name] = Counter(fields[name])
        fields["coverage"] = {name: Counter(seen) for name, seen in fields["coverage"].items()}
        fields["failures"] = {kind: Failure(**each) for kind, each in fields["failures"].items()}
        return cls(**fields)


class Tallier:
    """Fills a tally as cases are judged, each distinct case once.

    One that `searches` keeps the last disagreement of each kind; the others keep every word.
    """

    def __init__(self, subject: str, title: str, *, drawn: bool = True, searches: bool = True) -> None:
        self.tally = Tally(subject=subject, title=title, drawn=drawn)
        self._searches = searches
        self.clock = Clock()
        self._seen: set[Case] = set()
        self.mismatches: dict[Case, Mismatch] = {}

    def judged(self, case: Case, verdict: Verdict) -> bool:
        """Count a case; whether it is new and was judged."""
        if not self._is_new(case):
            return False
        if verdict.outcome == "declined":
            self.tally.declined[verdict.sentence] += 1
            return False
        self._cover(case)
        if verdict.outcome == "vacuous":
            self.tally.vacuous += 1
        else:
            self.tally.agreed += 1
            self.tally.error = max(self.tally.error, verdict.error)
        return True

    def faults(self) -> tuple[Fault, ...]:
        """The faults to look for in the next case: those that have not often been seen."""
        return tuple(fault for fault in FAULTS if self.tally.visible[fault.name] < OFTEN)

    def saw(self, visible: Iterable[str]) -> None:
        self.tally.visible.update(visible)

    def deviated(self, case: Case, deviation: Deviation) -> None:
        if self._is_new(case):
            self._cover(case)
            self.tally.known[deviation.name] += 1

    def failed(self, mismatch: Mismatch) -> None:
        """Keep a disagreement; of a search the last of each kind, which is the smallest."""
        kind, word = mismatch.verdict.kind or "", str(mismatch.case)
        self.mismatches[mismatch.case] = mismatch
        self.tally.failures[self._key(mismatch)] = Failure(kind=kind, word=word)

    def told(self) -> Tally:
        """The tally as it is, with the message of every failure."""
        for failure in self.tally.failures.values():
            if not failure.text:
                mismatch = self.mismatches[Case.parse(failure.word)]
                failure.text, failure.fault = str(mismatch), fault_of(mismatch)
        return self.tally

    def settle(self) -> None:
        """Keep the smallest case so far of each kind of disagreement, as a search has not come to its end."""
        found = sorted(self.mismatches.values(), key=lambda each: len(str(each.case)), reverse=True)
        for mismatch in {self._key(each): each for each in found}.values():
            self.failed(mismatch)

    def _key(self, mismatch: Mismatch) -> str:
        kind = mismatch.verdict.kind or ""
        return f"{kind} {type(mismatch.__cause__).__name__ if self._searches else mismatch.case}"

    def close(self, elapsed: float) -> Tally:
        """The tally, with where its time went: what is left over went to drawing."""
        self.told()
        self.tally.seconds = dict(self.clock.seconds)
        self.tally.elapsed = elapsed
        return self.tally

    def _is_new(self, case: Case) -> bool:
        new = case not in self._seen
        self._seen.add(case)
        return new

    def _cover(self, case: Case) -> None:
        seen = {
            "operation": case.operation,
            "rank": str(case.rank),
            "dtype": case.format.token,
            "padding": case.padding_mode,
            CROSSED: f"{case.operation} {case.format.token}",
        }
        for name, value in seen.items():
            self.tally.coverage.setdefault(name, Counter())[value] += 1
