"""Tallies: the counts of the records of runs for each property of a subject."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from verify.checks.elements import NONE_WRONG, Wrong
from verify.checks.subject import split_label
from verify.oracle.compare import Worst
from verify.reports.records import Record

Item = TypeVar("Item")
Key = TypeVar("Key")

OFTEN_SHOWN = 5
"""Cases of a property that have shown a fault, after which it is no longer looked for."""

TIME_UP = "its time was up"

NONE_FOUND = "the domain's condition holds of no case that was tried: say what it can by lists and bounds"
"""Why nothing was drawn of a domain that may have cases."""

ENOUGH = 20
"""Cases that a property must grade, or half of those that it has or was asked for, where these are fewer."""

ABSENT = "absent"
"""The verdict on a property of which the domain has no case."""

CROSSED = "operation and dtype"
"""The part of the coverage that is a table."""

TRAITS = ("operation", "rank", "dtype", "padding", "data_format")
"""What a record says of a case that a domain can list."""

LISTED = ("pinned", "known", "limits")
"""Properties that ask a list of words; every failure of theirs is kept."""
UNDRAWN = (*LISTED, "elsewhere", "faults", "met", "relations")
"""Properties that draw no cases."""

COLUMNS = ("cases", "graded", "declined", "vacuous", "known")
"""What a table of properties counts."""


@dataclass(frozen=True, kw_only=True)
class Failure:
    """One kind of disagreement by its smallest case, with its message and the fault that it looks like.

    The rest is that of a record: the `words` of an error, all the `faults` that it may be, how `flaky` it is,
    the failure that it is `like`, and words that `also` disagree. `cases` showed it, by this property, and
    `wrong` are the elements of its answer that are.
    """

    kind: str
    word: str
    text: str = ""
    fault: str = ""
    way: str = ""
    words: str = ""
    faults: tuple[str, ...] = ()
    flaky: str = ""
    like: str = ""
    also: tuple[str, ...] = ()
    cases: int = 1
    wrong: Wrong = NONE_WRONG

    @property
    def tag(self) -> str:
        """That of its examination, to which `like` refers."""
        return f"{self.kind} {self.word}"

    @classmethod
    def of(cls, record: Record) -> Failure:
        """The failure of a record."""
        fields: dict[str, Any] = {name: record[name] for name in ("kind", "word", "fault")}
        fields |= {name: record.get(name, "") for name in ("way", "words", "flaky", "like")}
        fields |= {name: tuple(record.get(name, ())) for name in ("faults", "also")}
        return cls(text=record["message"], wrong=_wrong_of(record), **fields)


@dataclass(kw_only=True)
class Tally:
    """Counts of distinct cases. All but the words that were `asked` or `wrong` survives JSON, for a worker.

    `agreed` cases were judged and could have failed; `vacuous` ones proved little; `known` counts
    the disagreements that a recorded deviation explains, by its name. `visible` counts the cases that
    would have shown a fault, by its name; this is a lower bound, as a fault that has been seen often is
    no longer looked for. `outside` counts the declined by their traits, as `coverage` does those judged.
    `draws` counts what was "drawn", of that what a condition has "thrown" away, and what was "unjudged";
    `rounding` has the sums of `verify.checks.followed` for each way, and `errors` the largest error by each
    arithmetic that is declared. `relations` has of each relation, by region, how the bits of answers
    differ, "" where they do not.
    `judged_by` counts the cases judged by "the reference", "a prediction" and "nothing", and `examples` what
    was asked for. `hidden` has the word of each fault whose own case was not judged. `regions` counts the
    cases that were graded in each region, and `declined_regions` has the word of each whose own case was
    declined. A property that draws its cases must grade some; pinned words may all be declined.
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
    regions: Counter[str] = field(default_factory=Counter)
    declined_regions: dict[str, str] = field(default_factory=dict)
    coverage: dict[str, Counter[str]] = field(default_factory=dict)
    outside: dict[str, Counter[str]] = field(default_factory=dict)
    failures: dict[str, Failure] = field(default_factory=dict)
    error: float = 0.0
    seconds: Counter[str] = field(default_factory=Counter)
    elapsed: float = 0.0
    note: str = ""
    is_absent: bool = False
    remarks: list[str] = field(default_factory=list)
    examples: int = 0
    draws: Counter[str] = field(default_factory=Counter)
    judged_by: Counter[str] = field(default_factory=Counter)
    rounding: dict[str, Counter[str]] = field(default_factory=dict)
    errors: dict[str, float] = field(default_factory=dict)
    relations: dict[str, dict[str, str]] = field(default_factory=dict)
    asked: set[tuple[str, str]] = field(default_factory=set, repr=False)
    wrong: dict[str, set[str]] = field(default_factory=dict, repr=False)

    @property
    def cases(self) -> int:
        """Every case that was put to the subject."""
        return self.agreed + self.vacuous + self.declined.total() + self.known.total() + len(self.failures)

    @property
    def graded(self) -> int:
        """Cases that were judged and could have failed, those that did included."""
        return self.agreed + len(self.failures)

    @property
    def counts(self) -> dict[str, str]:
        """Column of a table of properties → the number in it."""
        numbers = (self.cases, self.graded, self.declined.total(), self.vacuous, self.known.total())
        return dict(zip(COLUMNS, (f"{number:,}" for number in numbers), strict=True))

    @property
    def verdict(self) -> str:
        is_drawn = self.name not in UNDRAWN
        if self.failures:
            return "disagrees"
        if self.is_absent:
            return ABSENT
        if self.note and not is_drawn:
            return "too little"
        graded = self.agreed + self.known.total()
        needed = min(ENOUGH, self.examples // 2, self.cases // 2)
        if 0 < graded < needed and self.examples >= ENOUGH and not self.note:
            return "too little"
        if graded:
            return "holds"
        return "nothing graded" if is_drawn else "declined"

    def add(self, record: Record) -> None:
        """Add a record of this property; a case that was counted before changes nothing."""
        if record["type"] == "failure":
            self._add_failure(record)
        elif record["type"] == "property":
            self._add_end(record)
        elif record["outcome"] == "disagrees":
            failure = Failure(kind=record["kind"], word=record["word"], text=record["message"])
            key = self._key(record)
            self._count_wrong(key, record)
            is_explained = "fault" in record and not record["settled"]  # by a fault that was named before
            if not is_explained and all(found.rpartition(", ")[0] != key for found in self.failures):
                self.failures[key] = failure
            self._count_visible(record["visible"])
            # A search that shrinks records many of one disagreement.
            self.regions |= Counter(dict.fromkeys(record.get("regions", ()), 1))
        elif (asked := (record.get("way", ""), record["word"])) not in self.asked:
            self.asked.add(asked)
            self._add_case(record)

    def _add_case(self, case: Record) -> None:
        traits = {name: str(case[name]) for name in TRAITS if name in case}
        if case["outcome"] == "declined":
            self.declined[case["sentence"]] += 1
            for name, trait in traits.items():
                self.outside.setdefault(name, Counter())[trait] += 1
            return
        if case["outcome"] == "known":
            self.known[case["deviation"]] += 1
        elif case["outcome"] == "vacuous":
            self.vacuous += 1
        else:
            self.agreed += 1
            self.error = max(self.error, float(case["error"]))
            if arithmetic := case.get("arithmetic"):
                self.errors[arithmetic] = max(self.errors.get(arithmetic, 0.0), float(case["error"]))
        traits[CROSSED] = f"{case['operation']} {case['dtype']}"
        if case.get("way"):
            traits["way"] = case["way"]
        for name, trait in traits.items():
            self.coverage.setdefault(name, Counter())[trait] += 1
        self._count_visible(case["visible"])
        self.judged_by[case.get("judged_by", "the reference")] += 1
        self.regions.update(case.get("regions", ()))
        if case.get("rounding"):
            self.rounding.setdefault(case.get("way", ""), Counter()).update(case["rounding"])

    def _count_visible(self, faults: Iterable[str]) -> None:
        for name in faults:
            self.visible[name] = min(self.visible[name] + 1, OFTEN_SHOWN)

    def _count_wrong(self, key: str, record: Record) -> None:
        """Count a wrong case; as one of a fault, with all before it where it settles what was found."""
        of_fault = f"{key}, {record.get('fault', '')}"
        if "fault" not in record:
            self.wrong.setdefault(key, set()).add(record["word"])
            return
        before = self.wrong.pop(key, set()) if record["settled"] else set()
        self.wrong.setdefault(of_fault, set()).update(before, {record["word"]})

    def _key(self, record: Record) -> str:
        """The key that the records of one disagreement share while a search shrinks it."""
        cause = f"{record['cause']} {record.get('words', '')}"
        return f"{record['kind']} {record['word'] if self.name in LISTED else cause}"

    def _add_failure(self, record: Record) -> None:
        """Keep the last failure of a search; of the same failure found by several shards, the smallest."""
        shrinking = self._key(record)
        failure = Failure.of(record)
        key = f"{shrinking}, {failure.fault}"
        shown = self.wrong.get(shrinking, set()) | self.wrong.get(key, set())
        failure = replace(failure, cases=max(len(shown), 1))
        self.failures.pop(shrinking, None)
        earlier = self.failures.setdefault(key, failure)
        if not failure.word and failure.text not in earlier.text:
            self.failures[key] = replace(earlier, text=f"{earlier.text}\n{failure.text}")
        elif len(failure.word) < len(earlier.word):
            self.failures[key] = failure
        else:
            self.failures[key] = replace(earlier, cases=failure.cases)

    def _add_end(self, record: Record) -> None:
        for name in record["visible"]:
            self.visible.setdefault(name, 0)
        self.hidden.update(record["hidden"])
        for name in record.get("regions", ()):
            self.regions.setdefault(name, 0)
        self.declined_regions.update(record.get("declined_regions", {}))
        self.seconds.update(record["seconds"])
        self.elapsed += record["elapsed"]
        self.note = self.note or record["note"]
        self.is_absent = record.get("absent", False)
        self.remarks += record.get("remarks", [])
        for name, regions in record.get("relations", {}).items():
            self.relations.setdefault(name, {}).update(regions)
        self.examples += record.get("examples", 0)
        self.draws += Counter(record.get("draws", {}))

    def to_json(self) -> str:
        return json.dumps({**vars(self), "asked": [], "wrong": {}}, default=vars)

    @classmethod
    def from_json(cls, text: str) -> Tally:
        fields: dict[str, Any] = json.loads(text)
        for name in ("declined", "known", "visible", "regions", "seconds", "draws", "judged_by"):
            fields[name] = Counter(fields[name])
        for name in ("coverage", "outside", "rounding"):
            fields[name] = {trait: Counter(counts) for trait, counts in fields[name].items()}
        fields["failures"] = {key: _failure_of(failure) for key, failure in fields["failures"].items()}
        return cls(**{**fields, "asked": set()})


def _failure_of(fields: dict[str, Any]) -> Failure:
    lists = {name: tuple(fields.get(name, ())) for name in ("faults", "also")}
    worst, places = fields["wrong"]
    wrong = Wrong(tuple(map(_worst_of, worst)), tuple(map(tuple, places)))
    return Failure(**{**fields, **lists, "wrong": wrong})


def _wrong_of(record: Record) -> Wrong:
    """The wrong elements of a record; one of an older version has the worst alone."""
    worst = [each for each in (record.get("worst"), *record.get("next_worst", ())) if each]
    return Wrong(tuple(map(_worst_of, worst)), tuple(map(tuple, record.get("differs", ()))))


def _worst_of(fields: Record) -> Worst:
    numbers = {name: float(fields[name]) for name in ("got", "want", "allowed")}  # "nan" in a file
    return Worst(index=tuple(fields["index"]), why=fields["why"], **numbers)


class Tallies:
    """The tallies of all properties of all subjects, in the order in which their records first appear."""

    def __init__(self) -> None:
        self._tallies: dict[tuple[str, str], Tally] = {}

    def __iter__(self) -> Iterator[Tally]:
        return iter(self._tallies.values())

    def of(self, subject: str, name: str) -> Tally:
        """The tally of a property; an empty one where nothing of it is recorded yet."""
        return self._tallies.get((subject, name)) or Tally(subject=subject, name=name, title=name)

    def add(self, record: Record) -> None:
        """Add a record of a property; others are passed over."""
        if record["type"] not in ("case", "failure", "property"):
            return
        key = subject, name = record["subject"], record["name"]
        if key not in self._tallies:
            self._tallies[key] = Tally(subject=subject, name=name, title=record["property"])
        self._tallies[key].add(record)


def tallies_of(records: Iterable[Record]) -> list[Tally]:
    """The tallies of all properties of all subjects, in the order in which they first appear."""
    tallies = Tallies()
    for record in records:
        tallies.add(record)
    return [*tallies]


def grouped(items: Iterable[Item], key: Callable[[Item], Key]) -> dict[Key, list[Item]]:
    """The items of each key, all in order."""
    groups: dict[Key, list[Item]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    return groups


def by_subject(tallies: Iterable[Tally]) -> dict[str, list[Tally]]:
    """The tallies of each subject under its switches."""
    return grouped(tallies, lambda tally: tally.subject)


def by_name(tallies: Iterable[Tally]) -> dict[str, list[Tally]]:
    """The tallies of each subject under all its switches."""
    return grouped(tallies, lambda tally: split_label(tally.subject)[0])


def totals(counters: Iterable[Counter[str]]) -> Counter[str]:
    return sum(counters, Counter())
