"""What stands on the page of a run: its tables and its failures, made from its records and tallies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from verify.case import Case
from verify.compare import Worst
from verify.faults import FAULTS
from verify.html.answer import answer_pictures
from verify.html.picture import Picture
from verify.html.tables import Judged, Square, Table, coverage, errors, times
from verify.html.window import window_pictures
from verify.sight import Sight, sights
from verify.summary import PARTS, distinct, sentence, spent
from verify.tally import OFTEN, Tally

Record = Mapping[str, Any]

PICTURED = 40
"""Failures of which there are pictures, so that a page stays small."""


_FACTS = ("time", "environment", "profile", "seed", "shard")

LISTED = 400
"""Elements that a record of a failure lists at most."""


class Broken(NamedTuple):
    """A failure: its message, who found it, and pictures of it where it has elements that differ."""

    heading: str
    message: str
    found_by: str
    replay: str
    word: str
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


def content(
    records: Iterable[Record], tallies: Sequence[Tally], *, code: int, lacks: Sequence[str] = ()
) -> Content:
    """The page of a run, or of several that are one, from their records in order and what those add up to.

    `code` is the exit code, `lacks` what is missing to prove more.
    """
    by_type: dict[str, list[Record]] = {"run": [], "case": [], "failure": [], "end": []}
    for record in records:
        by_type.setdefault(record["type"], []).append(record)
    cases = [
        Judged(each["subject"], _case(each["word"]), each["outcome"], float(each["error"] or 0))
        for each in by_type["case"]
    ]
    subjects = list(dict.fromkeys(tally.subject for tally in tallies))
    own = {subject: tuple(each for each in tallies if each.subject == subject) for subject in subjects}
    found = sights(tallies)
    return Content(
        verdict={0: "holds", 1: "disagrees"}.get(code, "little"),
        sentence=sentence(tallies),
        notes=_notes(by_type["end"], tallies),
        facts=_facts(by_type["run"], by_type["end"], code),
        failures=_failures(by_type["failure"], tallies),
        properties=tuple(own.items()),
        faults=_faults(found),
        unseen=tuple(f"{name} of {sight.subject}" for sight in found for name in sight.unseen),
        coverage=_coverages(cases),
        errors=errors(cases),
        exact=sum(1 for each in cases if each.outcome == "agrees" and not each.error),
        times=_times(own, tallies),
        declined=_counted(tally.declined for tally in tallies),
        known=_counted(tally.known for tally in tallies),
    )


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


def _notes(records: Iterable[Record], tallies: Sequence[Tally]) -> tuple[str, ...]:
    """What a reader must know beside the sentence: that a run could not go on, and what was cut short."""
    broken = [f"Could not run: {each['broken']}" for each in records if each.get("broken")]
    cut = dict.fromkeys(f"{tally.subject}, {tally.title}: {tally.note}" for tally in tallies if tally.note)
    return (*broken, *(f"Cut short: {each}." for each in cut))


def _facts(begun: Iterable[Record], ended: Iterable[Record], code: int) -> tuple[tuple[str, str], ...]:
    """When and how the run was; of several that are one, shard by shard, each value once."""
    told = [(name, each.get(name)) for name in _FACTS for each in begun]
    took = sum(each["elapsed"] for each in ended)
    facts = [(name, str(value)) for name, value in told if value not in (None, "")]
    return tuple(dict.fromkeys([*facts, ("took", f"{took:,.1f} s"), ("exit code", f"{code}")]))


def _failures(records: Iterable[Record], tallies: Sequence[Tally]) -> tuple[Broken, ...]:
    told = {record["message"]: record for record in records}
    return tuple(
        _broken(told.get(failure.text, {}), failure.text, failure.word, titles, number < PICTURED)
        for number, (failure, titles) in enumerate(distinct(tallies))
    )


def _broken(record: Record, message: str, word: str, titles: Sequence[str], is_pictured: bool) -> Broken:
    broken = Broken(message.partition("\n")[0], message, ", ".join(titles), record.get("replay") or "", word)
    if not word or not is_pictured:
        return broken
    case, worst = _case(word), _worst(record.get("worst"))
    index = worst.index if worst else None
    differs = [tuple(each) for each in record.get("differs") or ()]
    return broken._replace(
        answer=tuple(
            answer_pictures(case, record.get("shape") or (), differs, index, is_all=len(differs) < LISTED)
        ),
        window=tuple(window_pictures(case, index)) if index is not None else (),
    )


def _worst(told: Mapping[str, Any] | None) -> Worst | None:
    if told is None:
        return None
    numbers = {name: float(told[name]) for name in ("got", "want", "allowed")}
    return Worst(index=tuple(told["index"]), why=told["why"], **numbers)


def _coverages(cases: Sequence[Judged]) -> tuple[Table, ...]:
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
