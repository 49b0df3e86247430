"""Plans of campaigns, and records of their tasks made in this process, for the tests of campaigns."""

from __future__ import annotations

import gzip
import json
from typing import Any

from verify.runs.campaign.hand import answer_to
from verify.runs.campaign.tasks import Plan, Task

RIGHT, WRONG = "tests.planted.subjects_to_gate:right", "fault:odd-cell-before"

ASKED: dict[str, Any] = {
    "narrowings": {"operations": ["conv"], "ranks": [1], "dtypes": ["float32"], "max_side": 2},
    "excuse": True,
    "deviations": "[]",
    "isolation": [None, None, None],
    "database": "",
    "large": False,
}


def plan_of(*labels: str, shares: int = 2, examples: int = 3, **asked: Any) -> Plan:
    return Plan(labels or (RIGHT,), 0, shares, examples, {**ASKED, **asked})


def told(plan: Plan, task: Task) -> dict[str, Any]:
    """A task as a process on a worker is told it."""
    return {**plan.message(task), "campaign": "c", "limit": 60.0, "journal": "", "until": float("inf")}


def records_here(plan: Plan, task: Task) -> list[dict[str, Any]]:
    """The records of a task that one process makes, which is this one."""
    answer, records = answer_to(told(plan, task))
    assert {*answer} == {"failures", "seconds"}, answer
    return cases_of(records)


def cases_of(data: bytes) -> list[dict[str, Any]]:
    """The records of a task without their times."""
    return [without_times(json.loads(line)) for line in gzip.decompress(data).splitlines()]


def without_times(record: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name not in ("seconds", "elapsed", "time")}
