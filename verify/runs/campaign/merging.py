"""The records of a campaign's tasks, put together in the order of the tasks, whichever was done first."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from verify.reports.phrases import plural
from verify.reports.tally import TIME_UP, Tallies, Tally
from verify.runs.campaign.store import Store, records_of
from verify.runs.campaign.tasks import PINS, Plan, Task


class Merging:
    """Counts the records of each task once: pinned words first, then the tasks of each seed in their order.

    What is `done` is read from the store when its turn comes, unless it has just arrived. What is `cut` had
    no time to ask all.
    """

    def __init__(self, plan: Plan, store: Store, first: Sequence[Task]) -> None:
        self._plan, self._store = plan, store
        self.done = store.done()
        self.first = [task for task in first if task.name not in self.done]
        self.before = len(self.done)
        self._tallies = Tallies()
        self.cases = self.failures = 0
        self._versions: dict[tuple[str, str], set[str]] = {}
        pins = {name for name in self.done if name.startswith(PINS)} | {task.name for task in self.first}
        self._order = self._in_order(sorted(pins))
        self._next, self._seed = next(self._order)
        self._arrived: dict[str, bytes] = {}
        self._counted: set[str] = set()
        self._again: list[Task] = []
        self.cut: list[str] = []

    def _in_order(self, pins: Sequence[str]) -> Iterator[tuple[str, int]]:
        """The name of each task and its seed, those of pinned words before the first."""
        yield from ((name, self._plan.seed - 1) for name in pins)
        yield from ((task.name, task.seed) for task in self._plan.drawn())

    def left(self, seeds: int | None = None) -> Iterator[Task]:
        """The tasks that are to be done, in their order; of so many seeds, where there is an end."""
        yield from self.first
        given = set[str]()
        for task in self._plan.drawn():
            is_last = seeds is not None and task.seed >= self._plan.seed + seeds
            for each in (*self._again, *(() if is_last else (task,))):
                if each.name not in self.done | given:
                    given.add(each.name)
                    yield each
            if is_last:
                return

    def add(self, name: str, records: bytes) -> None:
        """Keep what a task came to, and count it when its turn comes."""
        if name in self.done:
            return
        self._store.keep(name, records)
        self.done.add(name)
        self._arrived[name] = records

    def count(self) -> None:
        """Count all whose turn has come: what is done up to the first task that is not."""
        while self._next in self.done:
            self._count(self._next)
            if self._next not in self.done:
                return  # it is not whole, and is done again
            self._next, self._seed = next(self._order)

    def count_the_rest(self) -> None:
        """Count what is done beyond a task that is not, at the end."""
        self.count()
        last = max(map(_seed_of, self.done), default=self._plan.seed - 1)
        while self._seed <= last:
            if self._next in self.done:
                self._count(self._next)
            self._next, self._seed = next(self._order)

    def _count(self, name: str) -> None:
        data = self._arrived.pop(name, None)
        records = records_of(data) if data else self._store.records(name)
        if records is None:
            self._store.drop(name)
            self._again += [task for task in self._plan.of_seed(self._seed) if task.name == name]
            self.done.discard(name)
            return
        self._counted.add(name)
        for record in records:
            self._tallies.add(record)
            if record["type"] == "subject":
                for package, number in record["versions"].items():
                    self._versions.setdefault((record["subject"], package), set()).add(number)
        if any(record.get("note") == TIME_UP for record in records):
            self.cut.append(name)
        self.cases = sum(tally.cases for tally in self._tallies)
        self.failures = sum(len(tally.failures) for tally in self._tallies)

    @property
    def mixed(self) -> dict[str, list[str]]:
        """The versions of each package that a subject did not have the same in all tasks."""
        return {package: sorted(has) for (_, package), has in self._versions.items() if len(has) > 1}

    @property
    def dropped(self) -> list[str]:
        """The tasks that were not whole, and were not done again."""
        return [task.name for task in self._again if task.name not in self.done]

    @property
    def names(self) -> list[str]:
        """The tasks that were counted, in an order that their names give."""
        return sorted(self._counted)

    def tallies(self) -> list[Tally]:
        """The tallies in the order of the subjects and of their properties."""
        labels = [*self._plan.labels]
        return sorted(self._tallies, key=lambda tally: labels.index(tally.subject))

    def lacks(self) -> list[str]:
        """What is missing of the first seed, whose shares together ask all that is written down."""
        tasks = self._plan.of_seed(self._plan.seed)
        missing = [task for task in tasks if task.name not in self.done]
        cut = [name for name in self.cut if _seed_of(name) <= self._plan.seed]
        lacks = []
        if missing:
            lacks.append(f"{len(missing):,} of the {len(tasks):,} tasks of the first seed were not done")
        if cut:
            lacks.append(f"the time of {len(cut):,} {plural(len(cut), 'task')} was up first, as of {cut[0]}")
        return lacks


def _seed_of(name: str) -> int:
    """The seed in the name of a task; one below all others for pinned words."""
    found = re.match(r"seed-(-?[0-9]+)_", name)
    return int(found[1]) if found else -(2**63)
