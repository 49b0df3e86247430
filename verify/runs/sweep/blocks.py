"""The blocks of one job of a sweep: put to its subject's worker, and case by case where that was lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from time import perf_counter

from verify.cases.case import Case
from verify.cases.enumeration import Enumeration
from verify.checks.bulk import Counterexample, Swept, examine_in_bulk, ways_asked
from verify.checks.deviations import Deviation, to_text
from verify.checks.examination import Examination
from verify.checks.journal import Journal
from verify.checks.path import excused
from verify.checks.subject import Description
from verify.oracle.compare import LOST, Verdict
from verify.subjects.isolated import Isolated, worker_of

PART_S = 1.0
"""Seconds that a part of a block is to take, which is what is lost of it if it is interrupted."""


@dataclass(kw_only=True)
class Blocks:
    """Puts blocks of an enumeration to a subject, and keeps in mind what its process was asked before."""

    subject: Description
    enumeration: Enumeration
    known: Sequence[Deviation]
    journal: Journal
    _asked: list[range] = field(default_factory=list)
    _life: int = 0
    _size: int = 1
    """Cases of the next part of a block."""

    def __post_init__(self) -> None:
        self._texts = self.enumeration.to_text(), to_text(tuple(self.known))

    def examine(self, places: range, say: Callable[[Swept], object] = lambda swept: None) -> Swept:
        """The result of a block, which is asked in parts; what each but the last comes to is said."""
        swept, start = Swept(), places.start
        while start < places.stop:
            part = range(start, min(start + self._size, places.stop))
            begun = perf_counter()
            swept.add(found := self._part(part))
            self._size = max(int(len(part) * PART_S / max(perf_counter() - begun, 1e-9)), 1)
            start = part.stop
            if start < places.stop:
                say(found)
        return swept

    def _part(self, places: range) -> Swept:
        """The result of a part. A loss of the worker counts, whatever comes of its case afterwards."""
        worker = worker_of(self.subject)
        if worker is None:
            return self._examined_here(places)
        enumeration, known = self._texts
        _, first = next(self.enumeration.cases(places.start, places.start + 1))
        self.journal.note(worker.base, str(first))
        worker.journal = self.journal.place
        swept = worker.sweep(enumeration, start=places.start, stop=places.stop, known=known)
        if isinstance(swept, Swept):
            self._remember(worker, places)
            return swept
        return self._after_a_loss(worker, places, swept)

    def _examined_here(self, places: range) -> Swept:
        return examine_in_bulk(self.subject, self.enumeration, places=places, known=self.known)

    def _remember(self, worker: Isolated, places: range) -> None:
        """Add places to those that the worker's process was asked; another process was asked no others."""
        if worker.lives != self._life:
            self._life, self._asked = worker.lives, []
        if self._asked and self._asked[-1].stop == places.start:
            places = range(self._asked.pop().start, places.stop)
        self._asked.append(places)

    def _after_a_loss(self, worker: Isolated, places: range, loss: Verdict) -> Swept:
        """The cases of a part one by one; the one at which the worker was lost counts as lost."""
        name, word = self.journal.noted()
        cases = self.enumeration.cases(places.start, places.stop)
        lost_at = next((place for place, case in cases if str(case) == word), places.start)
        self._remember(worker, range(places.start, lost_at + 1))
        lost = self._lost(lost_at, loss, way=name.partition("/")[2])
        swept = Swept()
        for place in places:
            one = self._examined_here(range(place, place + 1))
            self._remember(worker, range(place, place + 1))
            one.first = {kind: self._with_history(each) for kind, each in one.first.items()}
            swept.add(_counted(one, lost) if place == lost_at else one)
        return swept

    def _lost(self, place: int, loss: Verdict, *, way: str) -> Swept:
        """The case at a place, counted as lost; as known, if what its process was asked may end it later."""
        _, case = next(self.enumeration.cases(place, place + 1))
        asked = self.subject.ways.get(way, self.subject)
        examination = excused(Examination(case=case, subject=asked, verdict=loss), self.known)
        lost = Swept()
        if examination.fails and loss.kind == "crashed" and (spoiler := self._spoiler()):
            lost.known[spoiler.name] += 1
        else:
            lost.count(place, examination)
        lost.first = {kind: self._with_history(each) for kind, each in lost.first.items()}
        return lost

    def _spoiler(self) -> Deviation | None:
        """What is known to crash at times, and so may leave a process that crashes later, if it was asked."""
        sporadic = [entry for entry in self.known if entry.sporadic and "crashed" in entry.kinds]
        cases = self._cases_asked() if sporadic else iter(())
        asked = ((case, way) for case in cases for way in ways_asked(self.subject, case) or [self.subject])
        return next(
            (
                entry
                for case, way in asked
                for entry in sporadic
                if entry.is_of_way(way.name) and entry.explains(case, "crashed", way.condition_names)
            ),
            None,
        )

    def _cases_asked(self) -> Iterator[Case]:
        return (case for each in self._asked for _, case in self.enumeration.cases(each.start, each.stop))

    def _with_history(self, counterexample: Counterexample) -> Counterexample:
        """A counterexample with what its process was asked, up to its own case, if it ended it."""
        if counterexample.verdict.kind not in LOST:
            return counterexample
        return counterexample._replace(asked=tuple((each.start, each.stop) for each in self._asked))


def _counted(again: Swept, lost: Swept) -> Swept:
    """A case that was lost, and asked again: as lost, unless it then came out in the same way, or worse."""
    kinds = {each.verdict.kind for each in again.first.values()}
    if again.first and (lost.known or kinds & {each.verdict.kind for each in lost.first.values()}):
        return again
    counted = replace(lost, repeated=again.repeated, seconds=again.seconds)
    counted.first = {**again.first, **lost.first}
    return counted
