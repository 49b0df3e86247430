"""Merging: each task is counted once and in its order, whichever came first, and what is damaged again."""

from __future__ import annotations

from typing import Any

import pytest

from tests.runs.campaign.asking import plan_of
from verify.config.session import Options
from verify.gate.session import beginning
from verify.reports.records import end
from verify.reports.tally import TIME_UP
from verify.runs.campaign.losses import compressed, loss
from verify.runs.campaign.merging import Merging
from verify.runs.campaign.store import records_of
from verify.runs.campaign.tasks import Task

PLAN = plan_of()
TASKS = [task for seed in range(2) for task in PLAN.of_seed(seed)]


def records(task: Task) -> bytes:
    """What a task comes to: a case of its own, one that all have, and a failure."""
    head = {"subject": task.label, "property": "values", "name": "values"}
    case = {**head, "type": "case", "outcome": "agrees", "operation": "conv", "dtype": "float32"}
    cases = [
        {**case, "word": f"conv_i{size}_k1_same_ones", "error": size / 10, "visible": []}
        for size in (1, 2 + 2 * task.seed + task.shard.number)
    ]
    failure = loss(task.label, message=f"of {task}", word=f"conv_i{3 - task.shard.number}_k1_same_iota")
    options = Options(seed=task.seed, shard=task.shard)
    return compressed([beginning(options, [task.label], profile="dev"), *cases, failure, end(1.0, 1)])


class Kept:
    """A store in memory."""

    def __init__(self, *tasks: Task) -> None:
        self.kept = {task.name: records(task) for task in tasks}
        self.written: list[str] = []

    def done(self) -> set[str]:
        return {*self.kept}

    def keep(self, name: str, data: bytes) -> None:
        self.written.append(name)
        self.kept[name] = data

    def records(self, name: str) -> Any:
        try:
            return records_of(self.kept[name])
        except (OSError, EOFError):
            return None

    def drop(self, name: str) -> None:
        del self.kept[name]


def merging_of(kept: Any) -> Merging:
    return Merging(PLAN, kept, [])


def sums(merging: Merging) -> list[str]:
    """All that is counted."""
    return [tally.to_json() for tally in merging.tallies()]


def whole() -> list[str]:
    merging = merging_of(Kept(*TASKS))
    merging.count()
    return sums(merging)


def test_a_case_of_several_tasks_is_counted_once() -> None:
    merging = merging_of(Kept(*TASKS))
    merging.count()
    assert [tally.agreed for tally in merging.tallies()] == [1 + len(TASKS), 0]


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0), (1, 3, 0, 2)])
def test_counts_do_not_depend_on_which_task_came_first(order: tuple[int, ...]) -> None:
    merging = merging_of(Kept())
    for number in order:
        merging.add(TASKS[number].name, records(TASKS[number]))
        merging.count()
    assert sums(merging) == whole()


def test_a_task_that_comes_twice_is_kept_and_counted_once() -> None:
    kept = Kept()
    merging = merging_of(kept)
    for task in (*TASKS, *TASKS):
        merging.add(task.name, records(task))
    merging.count()
    assert (sums(merging), len(kept.written)) == (whole(), len(TASKS))


def test_what_was_done_before_is_counted_and_not_asked_again() -> None:
    merging = merging_of(Kept(TASKS[0], TASKS[2]))
    merging.count()
    left = [*merging.left(seeds=2)]
    assert left == [TASKS[1], TASKS[3]]
    for task in left:
        merging.add(task.name, records(task))
    merging.count_the_rest()
    assert sums(merging) == whole()


def test_what_is_beyond_a_task_that_is_not_done_is_counted_at_the_end() -> None:
    merging = merging_of(Kept(*TASKS[1:]))
    merging.count()
    assert merging.cases == 0
    merging.count_the_rest()
    assert merging.names == sorted(task.name for task in TASKS[1:])
    assert merging.lacks() == ["1 of the 2 tasks of the first seed were not done"]


def test_what_is_not_whole_is_dropped_and_done_again() -> None:
    kept = Kept(*TASKS)
    kept.kept[TASKS[1].name] = kept.kept[TASKS[1].name][:-20]
    merging = merging_of(kept)
    merging.count()
    assert [*merging.left(seeds=2)] == [TASKS[1]]
    merging.add(TASKS[1].name, records(TASKS[1]))
    merging.count_the_rest()
    assert (sums(merging), merging.dropped) == (whole(), [])


def test_what_is_seen_to_be_damaged_when_its_turn_has_passed_is_done_again() -> None:
    kept = Kept(*TASKS[1:])
    kept.kept[TASKS[2].name] = records(TASKS[2])[:-20]
    merging = merging_of(kept)
    merging.count()
    left = merging.left(seeds=2)
    merging.add(next(left).name, records(TASKS[0]))
    merging.count()
    assert merging.dropped == [TASKS[2].name]
    assert [*left] == [TASKS[2]]
    merging.add(TASKS[2].name, records(TASKS[2]))
    merging.count()
    assert (sums(merging), merging.dropped) == (whole(), [])


def test_versions_that_differ_between_tasks_are_named() -> None:
    merging = merging_of(Kept())
    for task, number in zip(TASKS, ("2.20", "2.21", "2.20", "2.20"), strict=True):
        versions = {"python": "3.12", "tensorflow": number}
        subject = {"type": "subject", "subject": task.label, "versions": versions, "switches": {}, "ways": {}}
        merging.add(task.name, compressed([*records_of(records(task))[:-1], subject, end(1.0, 0)]))
    merging.count()
    assert merging.mixed == {"tensorflow": ["2.20", "2.21"]}


def test_a_task_of_the_first_seed_whose_time_was_up_is_lacking() -> None:
    maps = ("seconds", "visible", "hidden", "declined_regions", "draws")
    nothing: dict[str, Any] = {**{key: {} for key in maps}, "regions": [], "remarks": []}
    head = {"type": "property", "subject": PLAN.labels[0], "property": "values", "name": "values"}
    late = {**head, **nothing, "elapsed": 1.0, "absent": False, "examples": 2, "note": TIME_UP}
    merging = merging_of(Kept())
    for task in TASKS:
        cut = [late] if task in (TASKS[1], TASKS[2]) else []
        merging.add(task.name, compressed([*records_of(records(task))[:-1], *cut, end(1.0, 0)]))
    merging.count()
    assert merging.cut == [TASKS[1].name, TASKS[2].name]
    assert merging.lacks() == [f"the time of 1 task was up first, as of {TASKS[1].name}"]
