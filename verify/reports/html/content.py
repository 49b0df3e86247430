"""What stands on the page of a run: its tables and its failures, made from its records and tallies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache
from itertools import groupby
from typing import NamedTuple

from verify.cases.case import Case
from verify.faults import FAULTS
from verify.reports.fault_coverage import Sight, sights
from verify.reports.html.answer import answer_pictures
from verify.reports.html.picture import Picture
from verify.reports.html.tables import Judged, Square, Table, coverage, errors, times
from verify.reports.html.window import window_pictures
from verify.reports.merge import Merged
from verify.reports.records import DIFFERING, Record
from verify.reports.summary import PARTS, distinct, sentence, spent
from verify.reports.tally import OFTEN, Failure, Tally

_FACTS = ("time", "environment", "profile", "seed", "shard")

PICTURED = 40
"""Failures of which there are pictures, so that a page stays small."""


_FACTS = ("time", "environment", "profile", "seed", "shard")


class Broken(NamedTuple):
    """A failure: its message, who found it, and pictures of it where it has elements that differ."""

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
    failures: tuple[Broken, ...]
    properties: tuple[tuple[str, tuple[Tally, ...]], ...]
    faults: Table | None
    unseen: tuple[str, ...]
    coverage: tuple[Table, ...]
    errors: Table
    exact: int
    times: Table
    declined: tuple[tuple[str, int], ...]
    known: tuple[tuple[str, int], ...]


def content(records: Iterable[Record], found: Merged) -> Content:
    """The page of a run, or of several that are one: their records in order, and what those add up to."""
    cases: dict[tuple[str, ...], Judged] = {}
    failures: dict[str, Record] = {}
    for record in records:
        if record["type"] == "case":
            key = (record["subject"], record["name"], record["word"], record["outcome"])
            cases.setdefault(key, _judged(record))
        elif record["type"] == "failure":
            failures[record["message"]] = record
    tallies = found.tallies
    own = {subject: tuple(each) for subject, each in groupby(tallies, lambda tally: tally.subject)}
    seen = sights(tallies)
    said, code = _said(found)
    return Content(
        verdict={0: "holds", 1: "disagrees"}.get(code, "little"),
        sentence=said,
        notes=_notes(found),
        facts=_facts(found, code),
        failures=_failures(failures, tallies),
        properties=tuple(own.items()),
        faults=_faults(seen),
        unseen=tuple(f"{name} of {sight.subject}" for sight in seen for name in sight.unseen),
        coverage=_coverages(cases.values()),
        errors=errors(cases.values()),
        exact=sum(1 for each in cases.values() if each.outcome == "agrees" and not each.error),
        times=_times(own, tallies),
        declined=_counted(tally.declined for tally in tallies),
        known=_counted(tally.known for tally in tallies),
    )


def _judged(record: Record) -> Judged:
    return Judged(record["subject"], _case(record["word"]), record["outcome"], float(record["error"]))


def _said(found: Merged) -> tuple[str, int]:
    """What the run said at its end, with its exit code; or what several, or one without an end, say."""
    run = found.runs[0]
    if len(found.runs) > 1 or run.end is None:
        return sentence(found.tallies, lacks=found.lacks), found.exit_code
    return sentence(found.tallies, interrupted=run.end["interrupted"], shard=run.shard), run.end["exit"]


def _times(own: Mapping[str, Sequence[Tally]], tallies: Sequence[Tally]) -> Table:
    seconds = {subject: spent(each) for subject, each in own.items()}
    if len(own) > 1:
        seconds = {"All subjects": spent(tallies), **seconds}
    return times(seconds, PARTS)


@cache
def _case(word: str) -> Case:
    return Case.parse(word)


def _counted(counters: Iterable[Counter[str]]) -> tuple[tuple[str, int], ...]:
    total: Counter[str] = Counter()
    for counter in counters:
        total.update(counter)
    return tuple(total.most_common())


def _notes(found: Merged) -> tuple[str, ...]:
    """What a reader must know beside the sentence: that a run could not go on, and what was cut short."""
    broken = [f"Could not run: {found.broken}"] if found.broken else []
    cut = [f"Cut short: {each.subject}, {each.title}: {each.note}." for each in found.tallies if each.note]
    return (*broken, *cut)


def _facts(found: Merged, code: int) -> tuple[tuple[str, str], ...]:
    """When and how the run was; of several that are one, shard by shard, each value once."""
    told = [(name, run.begun[name]) for name in _FACTS for run in found.runs]
    took = sum(run.end["elapsed"] for run in found.runs if run.end)
    facts = [(name, f"{value}") for name, value in told if value not in (None, "")]
    return tuple(dict.fromkeys([*facts, ("took", f"{took:,.1f} s"), ("exit code", f"{code}")]))


def _failures(told: Mapping[str, Record], tallies: Sequence[Tally]) -> tuple[Broken, ...]:
    """Each distinct failure; by their messages the records that say more."""
    return tuple(
        _broken(failure, titles, told.get(failure.text, {}), is_pictured=number < PICTURED)
        for number, (failure, titles) in enumerate(distinct(tallies))
    )


def _broken(failure: Failure, titles: Iterable[str], record: Record, *, is_pictured: bool) -> Broken:
    broken = Broken(
        heading=failure.text.partition("\n")[0],
        message=failure.text,
        found_by=", ".join(dict.fromkeys(titles)),
        replay=record.get("replay", ""),
    )
    if not (failure.word and record and is_pictured):
        return broken
    case, worst = _case(failure.word), record["worst"]
    index = tuple(worst["index"]) if worst else None
    differs = [tuple(each) for each in record["differs"]]
    is_all = len(differs) < DIFFERING
    return broken._replace(
        answer=tuple(answer_pictures(case, record["shape"], differs, index, is_all=is_all)),
        window=() if index is None else tuple(window_pictures(case, index)),
    )


def _coverages(cases: Collection[Judged]) -> tuple[Table, ...]:
    """All subjects together, then each where there are several."""
    subjects = list(dict.fromkeys(each.subject for each in cases))
    if len(subjects) == 1:
        return (coverage(cases, subjects[0]),)
    own = [coverage([each for each in cases if each.subject == name], name) for name in subjects]
    return (coverage(cases, "All subjects"), *own) if own else ()


def _faults(found: Sequence[Sight]) -> Table | None:
    """Faults by family down and subjects across: how many cases would have shown each."""
    if not found:
        return None
    rows: list[tuple[str, tuple[Square, ...]]] = []
    for family in dict.fromkeys(fault.family for fault in FAULTS):
        own = [fault for fault in FAULTS if fault.family == family]
        borne = [fault for fault in own if any(fault.name in sight.visible for sight in found)]
        if borne:
            rows.append((family, ()))
        rows += [(fault.name, tuple(_seen(sight, fault.name) for sight in found)) for fault in borne]
    caption = "Cases that would have shown each fault, at least"
    return Table(caption, "fault", (), tuple(_share(sight) for sight in found), tuple(rows))


def _share(sight: Sight) -> str:
    return f"{sight.subject}: {sight.seen} of {len(sight.visible)}"


def _seen(sight: Sight, name: str) -> Square:
    if name not in sight.visible:
        return Square("–", note="it cannot have this fault")
    if name in sight.hidden:
        return Square("hidden", note=f"{sight.hidden[name]} is declined or a known deviation")
    count = sight.visible[name]
    return Square(f"{count:,}", min(count / OFTEN, 1) / 3) if count else Square("never", is_wrong=True)
