"""Dealing: what is lost is dealt out again, a few times, and nothing is begun after the time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.runs.campaign.asking import cases_of, plan_of
from verify.runs.campaign.dealing import TRIES, Dealing, Unfit
from verify.runs.campaign.link import Unreachable
from verify.runs.campaign.tasks import Task

DONE = {"records": b"", "failures": [], "seconds": 1.0}


class KilledWorker(Exception):
    """What Dask raises for a task whose workers were lost."""


class CancelledError(Exception):
    """What Dask raises for a task whose scheduler was lost."""


class Future:
    """A future that has its answer at once."""

    def __init__(self, answer: Any) -> None:
        self._answer = answer

    def add_done_callback(self, told: Callable[[Any], None]) -> None:
        told(self)

    def result(self, timeout: float) -> Any:
        if isinstance(self._answer, BaseException):
            raise self._answer
        return self._answer

    def release(self) -> None:
        pass


class Cluster:
    """A cluster of two workers that answers by a function of the task and of how often it was asked that."""

    seen = (2, 2)

    def __init__(self, answer: Callable[[str, int], Any]) -> None:
        self._answer, self.asked, self.told = answer, list[str](), list[str]()
        self.is_there, self.lost = True, 0

    def count(self) -> tuple[int, int]:
        return self.seen

    def submit(self, task: dict[str, Any], *, key: str) -> Future:
        name = task["name"]
        self.asked.append(name)
        return Future(self._answer(name, self.asked.count(name)))

    def tell(self, function: str, campaign: str) -> None:
        self.told.append(function)

    def come_back(self, say: Callable[[str], None]) -> None:
        self.lost += 1
        self.is_there = True


def dealing_of(cluster: Any, *, seeds: int = 2, until: float = float("inf")) -> Dealing:
    plan = plan_of()
    tasks: Iterator[Task] = (task for seed in range(seeds) for task in plan.of_seed(seed))
    return Dealing(cluster, "c", tasks, plan.message, until, 60.0, lambda text: None)


def answered(dealing: Dealing) -> list[str]:
    return sorted(task.name for task, _ in dealing.answers())


NAMES = sorted(task.name for seed in range(2) for task in plan_of().of_seed(seed))


def test_every_task_is_answered_once() -> None:
    cluster = Cluster(lambda name, time: DONE)
    assert answered(dealing_of(cluster)) == sorted(cluster.asked) == NAMES


@pytest.mark.parametrize(
    "loss", [KilledWorker(), CancelledError(), TimeoutError(), {"lost": "it was killed"}]
)
def test_a_task_that_was_lost_is_dealt_out_again_and_answered_once(loss: Any) -> None:
    cluster = Cluster(lambda name, time: loss if (name, time) == (NAMES[1], 1) else DONE)
    dealing = dealing_of(cluster)
    assert answered(dealing) == NAMES
    assert (cluster.asked.count(NAMES[1]), dealing.again) == (2, 1)


@pytest.mark.parametrize(
    ("loss", "kind"),
    [
        (KilledWorker(), "crashed"),
        ({"lost": "it was killed by SIGSEGV", "word": "conv_i1_k1_same_ones"}, "crashed"),
        ({"lost": "it takes longer than 60 s", "is_late": True}, "timed out"),
    ],
)
def test_a_task_that_is_lost_each_time_is_a_finding_and_others_go_on(loss: Any, kind: str) -> None:
    cluster = Cluster(lambda name, time: loss if name == NAMES[0] else DONE)
    answers = {task.name: answer for task, answer in dealing_of(cluster).answers()}
    assert sorted(answers) == NAMES
    assert cluster.asked.count(NAMES[0]) == TRIES
    _, failure, end = cases_of(answers[NAMES[0]]["records"])
    assert (failure["type"], failure["kind"], end["exit"]) == ("failure", kind, 1)
    assert f"in each of {TRIES} tries" in failure["message"]
    assert ("does not end" in failure["message"]) == (kind == "timed out")


def test_a_scheduler_that_was_lost_is_waited_for_and_its_tasks_dealt_out_again() -> None:
    cluster = Cluster(lambda name, time: CancelledError() if not cluster.lost else DONE)

    def submit(task: dict[str, Any], *, key: str) -> Future:
        cluster.is_there = bool(cluster.lost)
        return Cluster.submit(cluster, task, key=key)

    cluster.submit = submit  # type: ignore[method-assign]
    assert answered(dealing_of(cluster)) == NAMES
    assert cluster.lost == 1


def test_a_scheduler_that_does_not_return_ends_the_campaign() -> None:
    cluster = Cluster(lambda name, time: DONE)
    cluster.is_there = False

    def come_back(say: Callable[[str], None]) -> None:
        raise Unreachable("it was lost")

    cluster.come_back = come_back  # type: ignore[method-assign]
    with pytest.raises(Unreachable):
        answered(dealing_of(cluster))


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ({"unfit": "grammar is 3 there and 2 here", "worker": "tcp://w"}, "the worker tcp://w cannot do the"),
        ({"broken": "an error of ours"}, "an error of ours"),
        (RuntimeError("another\nerror"), "Dask says RuntimeError: another error"),
    ],
)
def test_what_no_try_mends_ends_the_campaign_in_one_sentence(answer: Any, why: str) -> None:
    with pytest.raises(Unfit) as raised:
        answered(dealing_of(Cluster(lambda name, time: answer)))
    assert why in str(raised.value)
    assert "\n" not in str(raised.value)


def test_when_the_time_is_up_nothing_is_dealt_out_and_workers_are_told() -> None:
    cluster = Cluster(lambda name, time: {"late": True})
    assert answered(dealing_of(cluster, until=time.monotonic() - 1)) == []
    assert (cluster.asked, cluster.told) == ([], ["rest"])


def test_a_task_that_was_not_begun_in_time_is_no_answer() -> None:
    cluster = Cluster(lambda name, time: {"late": True} if name == NAMES[0] else DONE)
    assert answered(dealing_of(cluster)) == NAMES[1:]


def test_a_campaign_ends_where_no_worker_is_left_when_its_time_is_up() -> None:
    cluster = Cluster(lambda name, time: DONE)
    dealing = dealing_of(cluster)
    dealing._out["key"] = (next(dealing.tasks), Future(None))
    cluster.seen, dealing.until = (0, 0), time.monotonic() - 1
    assert answered(dealing) == []
