"""The process that does tasks: its records are those of a run of the same seed and shard."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.runs.campaign.asking import RIGHT, WRONG, cases_of, plan_of, records_here, told, without_times
from verify.__main__ import main
from verify.reports.tally import TIME_UP
from verify.runs.campaign.hand import answer_to
from verify.runs.campaign.tasks import Task

NARROW = ("--operations", "conv", "--ranks", "1", "--dtypes", "float32", "--max-side", "2")


def cases_and_failures(records: list[dict[str, object]]) -> list[dict[str, object]]:
    return [record for record in records if record["type"] not in ("run", "end")]


def test_a_task_has_the_records_of_a_run_of_its_seed_and_shard(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    plan = plan_of(WRONG, examples=2)
    task = plan.of_seed(5)[1]
    of_task = records_here(plan, task)
    file = tmp_path / "records.jsonl"
    drawn = ("--seed", "5", "--shard", "2/2", "--examples", "4")
    assert main(["run", WRONG, *drawn, *NARROW, "--report", str(file)]) == 1
    of_run = [without_times(json.loads(line)) for line in file.read_text("utf-8").splitlines()]
    assert cases_and_failures(of_task) == cases_and_failures(of_run)
    assert {"case", "failure", "property", "finding"} <= {record["type"] for record in of_task}


def test_pins_are_asked_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    word = "conv_i3_k2_same_ones"
    records = records_here(plan_of(), Task(RIGHT, words=(word,)))
    asked = [(record["name"], record["word"]) for record in records if record["type"] == "case"]
    assert ("pinned", word) in asked
    assert {name for name, _ in asked} == {"pinned"}


def notes(task: dict[str, object]) -> set[str]:
    answer, records = answer_to(task)
    assert {*answer} == {"failures", "seconds"}, answer
    return {record["note"] for record in cases_of(records) if record["type"] == "property"}


def test_a_task_whose_time_is_up_has_the_records_of_what_it_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    plan = plan_of()
    task = {**told(plan, plan.of_seed(0)[0]), "until": 0.0}
    assert notes(task) == {TIME_UP}
    assert TIME_UP not in notes({**task, "isolation": [False, None, None]})  # whose limit is its end


@pytest.mark.parametrize(
    ("label", "why"),
    [
        ("no_such_module:conv", "importing no_such_module raised ModuleNotFoundError"),
        ("tensorfow", "did you mean"),
        (f"{RIGHT}s", "has no 'rights'"),
    ],
)
def test_a_subject_that_cannot_be_loaded_is_one_sentence(label: str, why: str) -> None:
    plan = plan_of(label)
    answer, records = answer_to(told(plan, next(plan.drawn())))
    assert records == b""
    assert why in answer["unfit"]
    assert "\n" not in answer["unfit"]
