"""Examples that a scheduler keeps: seen by the next task, asked for once, and no loss where it is silent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.runs.campaign.asking import WRONG, cases_of, plan_of, told
from verify.config.options import SCHEDULER
from verify.runs.campaign import on_scheduler
from verify.runs.campaign.examples import Asked, Examples, asked_of_the_scheduler
from verify.runs.campaign.hand import answer_to
from verify.runs.campaign.hands import Hand

distributed = pytest.importorskip("distributed")

KEY, FIRST, SECOND = b"a property", b"an example", b"another"


class Scheduler:
    """A scheduler in this process, and what was asked of it."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []

    def ask(self, asked: Asked) -> list[str]:
        self.asked.append(asked)
        return on_scheduler.examples({name: [*values] for name, values in asked.items()})


@pytest.fixture
def scheduler() -> Iterator[Scheduler]:
    yield Scheduler()
    distributed.__dict__.pop("_conv_verify_examples", None)


def kept(scheduler: Scheduler) -> list[bytes]:
    return [*Examples(scheduler.ask).fetch(KEY)]


def test_what_one_task_saves_the_next_has(scheduler: Scheduler) -> None:
    task = Examples(scheduler.ask)
    task.save(KEY, FIRST)
    task.save(KEY, SECOND)
    assert kept(scheduler) == []
    task.tell()
    assert kept(scheduler) == [FIRST, SECOND]


def test_what_one_task_deletes_the_next_has_not(scheduler: Scheduler) -> None:
    for change in ("save", "delete"):
        task = Examples(scheduler.ask)
        getattr(task, change)(KEY, FIRST)
        task.save(KEY, SECOND)
        task.tell()
    assert kept(scheduler) == [SECOND]


def test_tasks_at_the_same_time_keep_the_examples_of_each_other(scheduler: Scheduler) -> None:
    tasks = [Examples(scheduler.ask), Examples(scheduler.ask)]
    for task, value in zip(tasks, (FIRST, SECOND), strict=True):
        task.save(KEY, value)
    for task in tasks:
        task.tell()
    assert kept(scheduler) == [FIRST, SECOND]


def test_a_task_asks_once_for_a_key_and_tells_once(scheduler: Scheduler) -> None:
    task = Examples(scheduler.ask)
    for number in range(20):
        task.save(KEY, bytes([number]))
        task.move(KEY, b"a property.secondary", bytes([number]))
        assert [*task.fetch(KEY)] == []
    task.tell()
    assert len(scheduler.asked) == 3


def test_of_many_examples_the_latest_are_kept(scheduler: Scheduler) -> None:
    values = [f"{number:08x}" for number in range(1500)]
    scheduler.ask({KEY.hex(): values})
    assert scheduler.ask({KEY.hex(): ()}) == values[-1000:]


def test_where_no_scheduler_answers_nothing_is_kept_and_nothing_is_lost() -> None:
    task = Examples(asked_of_the_scheduler)  # as no worker runs here
    task.save(KEY, FIRST)
    task.tell()
    assert [*task.fetch(KEY)] == [FIRST]


def words_of(records: bytes) -> list[str]:
    """The words that a task drew for values, in their order."""
    cases = [record for record in cases_of(records) if record["type"] == "case"]
    return [record["word"] for record in cases if record["name"] == "values"]


def test_what_a_task_found_is_asked_first_by_the_same_share_of_the_next_seed(scheduler: Scheduler) -> None:
    plan = plan_of(WRONG, examples=30, database=SCHEDULER)
    (first, *_), (next_, *_) = plan.of_seed(0), plan.of_seed(1)
    _, found = answer_to(told(plan, first), scheduler.ask)
    (failing,) = {
        each["word"]
        for each in cases_of(found)
        if each["type"] == "failure" and each["name"] == "values" and each["fault"]
    }
    _, alone = answer_to(told(plan, next_))
    _, shared = answer_to(told(plan, next_), scheduler.ask)
    assert words_of(shared)[0] == failing != words_of(alone)[0]


def test_a_process_is_given_examples_while_it_is_at_its_task(scheduler: Scheduler) -> None:
    plan = plan_of(WRONG, examples=30, database=SCHEDULER)
    process = Hand("c")
    answer: dict[str, Any] = process.do(told(plan, plan.of_seed(0)[0]), scheduler.ask)
    process.close()
    assert {*answer} == {"failures", "seconds", "records", "whole"}
    assert max(map(len, scheduler.asked)) > 1  # what it tells at the end
