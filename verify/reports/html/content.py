"""The content of a run's page: its tables and its failures, made from its records and tallies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache
from typing import NamedTuple

from verify.cases.case import Case
from verify.faults import FAULTS
from verify.reports.fault_coverage import FaultCoverage, fault_coverages, never_visible
from verify.reports.html.answer import answer_pictures
from verify.reports.html.picture import Picture
from verify.reports.html.tables import Judged, Square, Table, coverage_table, error_table, time_table
from verify.reports.html.window import window_pictures
from verify.reports.merge import Merged
from verify.reports.records import DIFFERING_LIMIT, Record
from verify.reports.summary import TIME_PARTS, distinct, sentence, spent
from verify.reports.tally import OFTEN, Failure, Tally, by_subject

PICTURED = 40
"""Failures that have pictures, so that a page stays small."""

_FACTS = ("time", "environment", "profile", "seed", "shard")


class ShownFailure(NamedTuple):
    """A failure: its message, which properties found it, and pictures if elements of its answer differ."""

    heading: str
    message: str
    found_by: str
    replay: str
    answer: tuple[Picture, ...] = ()
    window: tuple[Picture, ...] = ()

    @property
    def is_asked(self) -> bool:
        """Whether the element itself is marked among the cells."""
        return any(mark.sign == "asked" for picture in self.window for mark in picture.marks)


class Content(NamedTuple):
    """Everything that the page says."""

    verdict: str
    sentence: str
    notes: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    failures: tuple[ShownFailure, ...]
    properties: tuple[tuple[str, Sequence[Tally]], ...]
    faults: Table | None
    never_visible: tuple[str, ...]
    coverage: tuple[Table, ...]
    errors: Table
    exact: int
    times: Table
    declined: tuple[tuple[str, int], ...]
    known: tuple[tuple[str, int], ...]


def content(records: Iterable[Record], runs: Merged) -> Content:
    """The page of one run, or of several together: their records in order, and the runs merged."""
    cases: dict[tuple[str, ...], Judged] = {}
    failures: dict[str, Record] = {}
    for record in records:
        if record["type"] == "case":
            key = (record["subject"], record["name"], record["word"], record["outcome"])
            cases.setdefault(key, _judged(record))
        elif record["type"] == "failure":
            failures[record["message"]] = record
    tallies, judged = runs.tallies, cases.values()
    result, code = _result(runs)
    return Content(
        verdict={0: "holds", 1: "disagrees"}.get(code, "little"),
        sentence=result,
        notes=_notes(runs),
        facts=_facts(runs, code),
        failures=_failures(failures, tallies),
        properties=tuple(by_subject(tallies).items()),
        faults=_fault_table(fault_coverages(tallies)),
        never_visible=tuple(never_visible(tallies)),
        coverage=_coverages(judged),
        errors=error_table(judged),
        exact=sum(1 for case in judged if case.outcome == "agrees" and not case.error),
        times=_times(tallies),
        declined=tuple(sum((tally.declined for tally in tallies), Counter[str]()).most_common()),
        known=tuple(sum((tally.known for tally in tallies), Counter[str]()).most_common()),
    )


def _judged(record: Record) -> Judged:
    return Judged(record["subject"], _case(record["word"]), record["outcome"], float(record["error"]))


def _result(runs: Merged) -> tuple[str, int]:
    """The sentence and the exit code with which a run ended; of several, or of one without an end, theirs."""
    run = runs.runs[0]
    if len(runs.runs) > 1 or run.end is None:
        return sentence(runs.tallies, lacks=runs.lacks), runs.exit_code
    return sentence(runs.tallies, interrupted=run.end["interrupted"], shard=run.shard), run.end["exit"]


def _times(tallies: Sequence[Tally]) -> Table:
    seconds = {subject: spent(group) for subject, group in by_subject(tallies).items()}
    if len(seconds) > 1:
        seconds = {"All subjects": spent(tallies), **seconds}
    return time_table(seconds, TIME_PARTS)


@cache
def _case(word: str) -> Case:
    return Case.parse(word)


def _notes(runs: Merged) -> tuple[str, ...]:
    """What a reader must know besides the sentence: why a run could not go on, and what was cut short."""
    broken = [f"Could not run: {runs.broken}"] if runs.broken else []
    cut = [
        f"Cut short: {tally.subject}, {tally.title}: {tally.note}." for tally in runs.tallies if tally.note
    ]
    return (*broken, *cut)


def _facts(runs: Merged, code: int) -> tuple[tuple[str, str], ...]:
    """When and how the run was made; of several runs, shard by shard, each value once."""
    values = [(name, run.begun[name]) for name in _FACTS for run in runs.runs]
    facts = [(name, f"{value}") for name, value in values if value not in (None, "")]
    took = sum(run.end["elapsed"] for run in runs.runs if run.end)
    return tuple(dict.fromkeys([*facts, ("took", f"{took:,.1f} s"), ("exit code", f"{code}")]))


def _failures(records: Mapping[str, Record], tallies: Sequence[Tally]) -> tuple[ShownFailure, ...]:
    """Each distinct failure; `records` are those of failures, by their messages."""
    return tuple(
        _shown(failure, titles, record=records.get(failure.text, {}), is_pictured=number < PICTURED)
        for number, (failure, titles) in enumerate(distinct(tallies))
    )


def _shown(failure: Failure, titles: Iterable[str], *, record: Record, is_pictured: bool) -> ShownFailure:
    shown = ShownFailure(
        heading=failure.text.partition("\n")[0],
        message=failure.text,
        found_by=", ".join(dict.fromkeys(titles)),
        replay=record.get("replay", ""),
    )
    if not (failure.word and record and is_pictured):
        return shown
    case, worst = _case(failure.word), record["worst"]
    index = tuple(worst["index"]) if worst else None
    differs = [tuple(place) for place in record["differs"]]
    is_all = len(differs) < DIFFERING_LIMIT
    pictures = answer_pictures(case, shape=record["shape"], differs=differs, worst=index, is_all=is_all)
    window = () if index is None else tuple(window_pictures(case, index))
    return shown._replace(answer=tuple(pictures), window=window)


def _coverages(cases: Collection[Judged]) -> tuple[Table, ...]:
    """All subjects together, and each by itself if there are several."""
    by_name: dict[str, list[Judged]] = {}
    for case in cases:
        by_name.setdefault(case.subject, []).append(case)
    tables = [coverage_table(group, subject) for subject, group in by_name.items()]
    return (coverage_table(cases, "All subjects"), *tables) if len(tables) > 1 else tuple(tables)


def _fault_table(coverages: Sequence[FaultCoverage]) -> Table | None:
    """Faults by family down and subjects across: how many cases would have shown each."""
    if not coverages:
        return None
    rows: list[tuple[str, tuple[Square, ...]]] = []
    possible = {name for coverage in coverages for name in coverage.visible}
    for family in dict.fromkeys(fault.family for fault in FAULTS if fault.name in possible):
        rows.append((family, ()))
        names = [fault.name for fault in FAULTS if fault.family == family and fault.name in possible]
        rows += [(name, tuple(_fault_square(coverage, name) for coverage in coverages)) for name in names]
    columns = tuple(f"{coverage.subject}: {coverage.share}" for coverage in coverages)
    return Table("Cases that would have shown each fault, at least", "fault", (), columns, tuple(rows))


def _fault_square(coverage: FaultCoverage, name: str) -> Square:
    if name not in coverage.visible:
        return Square("–", note="it cannot have this fault")
    if name in coverage.hidden:
        return Square("hidden", note=f"{coverage.hidden[name]} is declined or a known deviation")
    count = coverage.visible[name]
    return Square(f"{count:,}", min(count / OFTEN, 1) / 3) if count else Square("never", is_wrong=True)
