"""What one property of one subject saw, as a sum over the records of its run, or of several runs."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from verify.reports.records import Record

OFTEN = 5
"""Cases of a property that have shown a fault, after which it is no longer looked for."""

TIME_UP = "its time was up"

ENOUGH = 20
"""Cases that a property must have graded where its time was up; words that are given must all be asked."""

CROSSED = "operation and dtype"
"""The part of the coverage that is a table."""

LISTED = ("pinned", "known")
"""Properties that ask words that are given; every failure of theirs is kept."""
WRITTEN = (*LISTED, "faults")
"""Properties that draw no cases."""


@dataclass(kw_only=True)
class Failure:
    """The smallest case found of one kind of disagreement, its message, and the fault that it looks like."""

    kind: str
    word: str
    text: str = ""
    fault: str = ""


@dataclass(kw_only=True)
class Tally:
    """Counts distinct cases; everything in it but their words survives JSON, so that a worker can send it.

    `agreed` cases were judged and could have failed; `vacuous` ones proved little; `known` counts
    the disagreements that a recorded deviation explains, by its name. `visible` counts the cases that
    would have shown a fault, by its name: at least so many, as one that has often been seen is looked for
    no longer. `hidden` has the word of a fault whose case was not judged. A property whose
    cases are `drawn` must grade some; pinned words may all be declined.
    """

    subject: str
    name: str
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
    seconds: Counter[str] = field(default_factory=Counter)
    elapsed: float = 0.0
    note: str = ""
    words: set[str] = field(default_factory=set, repr=False)

    @property
    def drawn(self) -> bool:
        return self.name not in WRITTEN

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

    def add(self, record: Record) -> None:
        """Take in a record of this property; one of a case that was counted before changes nothing."""
        if record["type"] == "failure":
            self._fail(record)
        elif record["type"] == "property":
            self._end(record)
        elif record["outcome"] == "disagrees":
            failure = Failure(kind=record["kind"], word=record["word"], text=record["message"])
            self.failures[self._key(record)] = failure
            self._see(record["visible"])
        elif record["word"] not in self.words:
            self.words.add(record["word"])
            self._count(record)

    def _count(self, case: Record) -> None:
        if case["outcome"] == "declined":
            self.declined[case["sentence"]] += 1
            return
        if case["outcome"] == "known":
            self.known[case["deviation"]] += 1
        elif case["outcome"] == "vacuous":
            self.vacuous += 1
        else:
            self.agreed += 1
            self.error = max(self.error, float(case["error"]))
        self._cover(case)
        self._see(case["visible"])

    def _cover(self, case: Record) -> None:
        seen = {name: str(case[name]) for name in ("operation", "rank", "dtype", "padding")}
        seen[CROSSED] = f"{case['operation']} {case['dtype']}"
        for name, value in seen.items():
            self.coverage.setdefault(name, Counter())[value] += 1

    def _see(self, faults: Iterable[str]) -> None:
        for name in faults:
            self.visible[name] = min(self.visible[name] + 1, OFTEN)

    def _key(self, record: Record) -> str:
        """What one disagreement of a search has in common while it shrinks."""
        return f"{record['kind']} {record['word'] if self.name in LISTED else record['cause']}"

    def _fail(self, record: Record) -> None:
        """Keep what a search has come to; where shards have found the like, the smallest of it."""
        found = Failure(
            kind=record["kind"], word=record["word"], text=record["message"], fault=record["fault"]
        )
        shrinking = self._key(record)
        self.failures.pop(shrinking, None)
        key = f"{shrinking}, {found.fault}"
        before = self.failures.setdefault(key, found)
        if not found.word and found.text not in before.text:
            before.text += f"\n{found.text}"
        elif len(found.word) < len(before.word):
            self.failures[key] = found

    def _end(self, record: Record) -> None:
        for name in record["visible"]:
            self.visible.setdefault(name, 0)
        self.hidden.update(record["hidden"])
        self.seconds.update(record["seconds"])
        self.elapsed += record["elapsed"]
        self.note = self.note or record["note"]

    def to_json(self) -> str:
        return json.dumps({**vars(self), "words": []}, default=vars)

    @classmethod
    def from_json(cls, text: str) -> Tally:
        fields: dict[str, Any] = json.loads(text)
        for name in ("declined", "known", "visible", "seconds"):
            fields[name] = Counter(fields[name])
        fields["coverage"] = {name: Counter(seen) for name, seen in fields["coverage"].items()}
        fields["failures"] = {kind: Failure(**each) for kind, each in fields["failures"].items()}
        return cls(**{**fields, "words": set()})


def tallies_of(records: Iterable[Record]) -> list[Tally]:
    """The tallies of all properties of all subjects, in the order in which they first appear."""
    found: dict[tuple[str, str], Tally] = {}
    for record in records:
        if record["type"] in ("case", "failure", "property"):
            subject, name = record["subject"], record["name"]
            if (subject, name) not in found:
                found[subject, name] = Tally(subject=subject, name=name, title=record["property"])
            found[subject, name].add(record)
    return list(found.values())
