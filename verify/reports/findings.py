"""Findings: the failures of a run put together by their causes, from their records alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from verify.cases.case import Case
from verify.checks.subject import split_label
from verify.reports.phrases import plural
from verify.reports.records import Record
from verify.reports.tally import Failure, Tally, grouped

FURTHER = 3
"""Further words that a finding shows at most."""


class Seen(NamedTuple):
    """A failure, and the subject and the property that it is of."""

    failure: Failure
    label: str
    title: str


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One cause: the failure with its smallest word, and which failures it explains.

    `titles`, `ways` and `settings` say what it broke, `cases` how many showed it, and `further` has words in
    other operations, ranks or dtypes.
    """

    failure: Failure
    subject: str
    titles: tuple[str, ...]
    ways: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    cases: int = 1
    further: tuple[str, ...] = ()

    @property
    def reach(self) -> tuple[str, ...]:
        """What a message says after its disagreement: what it broke, how often and where else."""
        shown = f" in {self.cases:,} {plural(self.cases, 'case')}" if self.cases > 1 else ""
        lines = [f"  found by {', '.join(self.titles)}{shown}"]
        for label, values in (("ways", self.ways), ("settings", self.settings), ("also", self.further)):
            if len(values) > (label != "also"):
                lines.append(f"  {label:<8} {', '.join(values)}")
        return tuple(lines)

    @property
    def text(self) -> str:
        return "\n".join([self.failure.text, *self.reach])

    def record(self) -> Record:
        """The record of a finding, at the end of its run."""
        failure = self.failure
        return {
            "type": "finding",
            "subject": self.subject,
            **{name: getattr(failure, name) for name in ("kind", "word", "fault", "flaky")},
            "properties": list(self.titles),
            **{name: list(getattr(self, name)) for name in ("ways", "settings", "further")},
            "cases": self.cases,
        }


def findings(tallies: Iterable[Tally]) -> list[Finding]:
    """The findings of a run, of a session or of merged shards, in the order in which each was first seen.

    Failures of one subject, under any settings, have one cause if they look like the same fault, if they have
    the same error in the same words, if they waver, or if it was found so when the subject was asked again;
    and those of no known fault, if they have the same kind and geometry, with any fill.
    """
    seen = [
        Seen(failure, tally.subject, tally.title) for tally in tallies for failure in tally.failures.values()
    ]
    subjects = grouped(seen, lambda each: split_label(each.label)[0])
    return [_finding(subject, cluster) for subject, alike in subjects.items() for cluster in _by_cause(alike)]


def _by_cause(seen: Sequence[Seen]) -> list[list[Seen]]:
    """Failures of one subject that share a mark, directly or by others; in the order of the first of each."""
    clusters: list[tuple[set[str], list[Seen]]] = []
    for each in seen:
        marks, members = set(_marks(each.failure)), [each]
        for cluster in [cluster for cluster in clusters if cluster[0] & marks]:
            marks |= cluster[0]
            members = [*cluster[1], *members]
            clusters.remove(cluster)
        clusters.append((marks, members))
    order = {id(each): number for number, each in enumerate(seen)}
    return sorted((members for _, members in clusters), key=lambda members: order[id(members[0])])


def _marks(failure: Failure) -> Iterator[str]:
    """What two failures of one cause have in common."""
    if not failure.word:  # an entry of the known deviations
        yield failure.text
        return
    if failure.flaky or (failure.kind == "not repeatable" and failure.fault in ("", "wavers")):
        yield "wavers"
        return
    yield f"as {failure.like or failure.tag}"
    yield f"as {failure.tag}"
    if failure.words:
        yield f"{failure.kind}: {failure.words}"
    elif failure.fault:
        yield f"fault {failure.fault}"
    elif failure.faults:
        yield f"one of {', '.join(failure.faults)}"
    else:
        yield f"{failure.kind} {failure.word.rpartition('_')[0]}"


def _finding(subject: str, seen: Sequence[Seen]) -> Finding:
    failures = [each.failure for each in seen]
    smallest = min(failures, key=_smallness)
    settings = (split_label(each.label)[1] for each in seen)
    switched = (" ".join(f"{name}={value}" for name, value in values.items()) for values in settings)
    return Finding(
        failure=smallest,
        subject=subject,
        titles=tuple(dict.fromkeys(each.title for each in seen)),
        ways=tuple(dict.fromkeys(failure.way for failure in failures if failure.way)),
        settings=tuple(dict.fromkeys(filter(None, switched))),
        cases=sum(failure.cases for failure in failures),
        further=tuple(_further(smallest, failures)),
    )


def _smallness(failure: Failure) -> tuple[bool, bool, int]:
    """The order in which failures stand for their finding: what says most of the cause, then the smallest."""
    return not failure.flaky, not failure.fault, len(failure.word)


def _further(smallest: Failure, failures: Iterable[Failure]) -> Iterator[str]:
    """Words of a finding in operations, ranks and dtypes that no other of these has."""
    if not smallest.word:
        return
    words = [word for failure in failures for word in (failure.word, *failure.also)]
    places = {_place(smallest.word)}
    for word in sorted(words, key=len):
        if _place(word) not in places and len(places) <= FURTHER:
            places.add(_place(word))
            yield word


def _place(word: str) -> tuple[str, int, str]:
    case = Case.parse(word)
    return case.operation, case.rank, case.format.token
