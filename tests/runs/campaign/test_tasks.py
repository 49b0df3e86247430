"""Tasks: each has a name of its own, which holds for ever, and JSON can hold what a worker is told."""

from __future__ import annotations

import json
import re
from itertools import islice

from tests.runs.campaign.asking import RIGHT, WRONG, plan_of
from verify.cases.shards import Shard
from verify.runs.campaign.tasks import Task, ours, required

LABELS = ("mine:conv", "mine_conv", "mine:conv OMP_NUM_THREADS=1", "path/mine.py:conv")


def test_every_task_has_a_name_of_its_own() -> None:
    plan = plan_of(*LABELS, shares=3)
    tasks = [*plan.first(["a"]), *plan.first(["b"]), *islice(plan.drawn(), 100)]
    assert len({task.name for task in tasks}) == len(tasks)


def test_a_name_is_that_of_a_file_and_stays() -> None:
    task = Task("path/mine.py:conv A=1", 7, Shard(3, 8))
    assert task.name == "seed-7_share-3-of-8_path-mine.py-conv-A-1-911485e7"


def test_all_shares_of_a_seed_come_before_the_next_seed() -> None:
    tasks = [*islice(plan_of(RIGHT, WRONG, shares=2).drawn(), 8)]
    assert [(task.seed, task.shard.number) for task in tasks] == [
        *((0, 1), (0, 1), (0, 2), (0, 2)),
        *((1, 1), (1, 1), (1, 2), (1, 2)),
    ]


def test_a_worker_is_told_what_json_holds() -> None:
    plan = plan_of(shares=4, examples=10)
    told = plan.message(next(plan.drawn()))
    assert json.loads(json.dumps(told)) == told
    assert (told["shard"], told["examples"]) == ("1/4", 40)  # of which a share draws one in four


def test_what_a_worker_must_have_names_the_source_of_this_package() -> None:
    has = required()
    assert re.fullmatch("[0-9a-f]{8}", has["the source of conv-verify"])
    assert ours().items() < has.items()
