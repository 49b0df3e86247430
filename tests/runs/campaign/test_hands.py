"""The processes of a worker: one that is lost or late is replaced, and says at which case it was."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest

from tests.runs.campaign.asking import RIGHT, cases_of, plan_of, told
from verify.cases.case import Case
from verify.runs.campaign import hands
from verify.runs.campaign.tasks import Task
from verify.subjects.here import CAN_CONTAIN

pytestmark = pytest.mark.skipif(not CAN_CONTAIN, reason="processes are contained on Linux alone")

WORD = "conv_i3_k2_same_ones"
HERE = [False, None, None]
"""A subject in the process itself, which it ends."""


@pytest.fixture(autouse=True)
def none_left() -> Iterator[None]:
    yield
    hands.leave("c")
    assert (hands._idle, hands._busy) == ([], [])
    hands._resting.clear()


def asked(label: str, *, limit: float = 60.0, **changes: Any) -> dict[str, Any]:
    """A pinned word put to a subject in a process."""
    task = Task(label, words=(WORD,))
    return hands.done({**told(plan_of(label, isolation=HERE), task), "limit": limit, **changes})


def test_a_process_is_kept_for_the_next_task() -> None:
    first = asked(RIGHT)
    kept = [*hands._idle]
    again = asked(RIGHT)
    assert hands._idle == kept
    assert cases_of(first["records"]) == cases_of(again["records"])


def test_a_process_that_has_done_many_tasks_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hands, "MOST_TASKS", 2)
    processes = [(asked(RIGHT), hands._idle[0])[1] for _ in range(3)]
    assert processes[0] is processes[1] is not processes[2]
    assert processes[0]._process.returncode is not None


def test_what_a_process_printed_is_kept_until_its_next_task() -> None:
    process = hands.Hand("c")
    os.write(process._output.fileno(), b"printed by a task before")
    process.do(told(plan_of(RIGHT), Task(RIGHT, words=(WORD,))))
    assert os.fstat(process._output.fileno()).st_size == 0
    process.close()


def test_a_process_that_its_subject_ends_says_how_and_at_which_case() -> None:
    answer = asked("tests.planted.fragile:is_killed")
    assert (answer["lost"], answer["is_late"]) == ("it was killed by SIGKILL", False)
    assert Case.parse(answer["word"])
    assert hands._idle == []


def test_a_task_that_takes_too_long_ends_with_its_process() -> None:
    answer = asked(RIGHT, limit=0.01)
    assert (answer["lost"], answer["is_late"]) == ("it takes longer than 0.01 s", True)
    assert hands._idle == []


def test_nothing_is_begun_of_a_campaign_that_rests() -> None:
    hands.rest("c")
    assert asked(RIGHT) == {"late": True}
    assert hands._idle == []


@pytest.mark.parametrize(
    "name", ["conv-verify", "the source of conv-verify", "grammar", "Hypothesis", "Dask"]
)
def test_another_version_is_one_sentence(name: str) -> None:
    wanted = {**hands.required(), name: "0"}
    has = hands.required()[name]
    said = f"{name} is {has} there and 0 here: install the same there"
    assert asked(RIGHT, required=wanted) == {"unfit": said}
