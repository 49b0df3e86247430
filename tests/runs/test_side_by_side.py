"""A run by several jobs: what one job says, and what becomes of it when one of them ends."""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.commands.commanding import command_in, interrupted_at
from tests.places import PLANTED
from verify.__main__ import main
from verify.runs import jobs, sharing
from verify.runs.sharing import SHARES

SUBJECTS = ("subjects_to_gate:right", "subjects_to_gate:widens", "subjects_to_gate:writes")

NARROWED = (
    *("--operations", "conv", "--ranks", "1", "--dtypes", "float32", "--fills", "ones", "--steps", "plain"),
    *("--max-side", "2", "--max-kernel", "2", "--max-channels", "1", "--no-pin"),
)
"""So few cases that a run takes a second."""

VARIES = re.compile(r"^(python|time|…)| \d+\.\d s | %")
"""A line of what is printed that has a time, or the number of jobs."""

TIMES = ("seconds", "elapsed", "time")
"""What differs between two runs of the same cases."""


@pytest.fixture
def in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Runs in this process, in a folder of their own, where the planted subjects can be imported."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(PLANTED)
    monkeypatch.setattr(jobs, "cores", lambda: 4)


def records_in(file: Path) -> list[dict[str, Any]]:
    records = map(json.loads, file.read_text().splitlines())
    return [{name: value for name, value in record.items() if name not in TIMES} for record in records]


@pytest.mark.usefixtures("in_folder")
def test_the_records_are_those_of_one_job(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    codes, records, printed = [], [], []
    for number in (1, 2, 4):
        file = tmp_path / f"{number}.jsonl"
        options = ("--examples", "5", "--seed", "3", "--jobs", str(number), "--report", str(file))
        codes.append(main(["run", *SUBJECTS, *options, "-v", *NARROWED]))
        records.append(records_in(file))
        printed.append([line for line in capsys.readouterr().out.splitlines() if not VARIES.search(line)])
    assert codes == [1, 1, 1]
    assert records[0] == records[1] == records[2]
    assert printed[0] == printed[1] == printed[2]


@pytest.mark.usefixtures("in_folder")
@pytest.mark.parametrize("way", ["wrong", "wr*", "*"])
def test_a_way_is_shared_out_as_a_subject_is(
    way: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    records = []
    for number in (1, 2):
        file = tmp_path / f"{number}.jsonl"
        options = ("--examples", "2", "--seed", "3", "--jobs", str(number), "--report", str(file))
        assert main(["run", f"tests.planted.with_ways:one_wrong/{way}", *options, *NARROWED]) == 1
        records.append(records_in(file))
    assert records[0] == records[1]


@pytest.mark.usefixtures("in_folder")
def test_the_header_says_how_many_jobs_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    short = ("--examples", "1", "--max-time", "1")
    asked = ["run", "fault:bias-twice", "fault:last-row-lost", *short, "--jobs", "3", *NARROWED]
    main(asked)
    assert capsys.readouterr().out.splitlines()[0].endswith("; 3 jobs")
    main([*asked[: -len(NARROWED) - 1], "9", *NARROWED])
    assert capsys.readouterr().out.splitlines()[0].endswith("; 4 jobs, as this process may use 4 cores")
    main([*asked[:2], "--profile", "quick", *asked[3:]])
    assert capsys.readouterr().out.splitlines()[0].endswith("; 1 job, as there is 1 subject")
    main([*asked, "--no-isolate"])
    alone = capsys.readouterr().out.splitlines()[0]
    assert alone.endswith("; 1 job, as a subject in this process is asked by one")


@pytest.mark.usefixtures("in_folder")
def test_a_lost_job_ends_the_run_with_2_and_what_the_others_found(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    gate_all = sharing.gate_all

    def killed(request: Any, *rest: Any, **more: Any) -> Any:
        if (request.subjects, request.only) == ([SUBJECTS[0]], SHARES[0]):
            os.kill(os.getpid(), signal.SIGKILL)
        return gate_all(request, *rest, **more)

    monkeypatch.setattr(sharing, "gate_all", killed)
    assert main(["run", *SUBJECTS, "--examples", "1", "--seed", "3", "--jobs", "2", *NARROWED]) == 2
    said = capsys.readouterr().out
    assert f"{SUBJECTS[2]} disagrees with the reference" in said
    assert "a job of this command was killed by SIGKILL" in said


def test_a_subject_is_imported_once_for_all_jobs(tmp_path: Path) -> None:
    log = tmp_path / "imports"
    lines = ["from verify import reference", f"open({str(log)!r}, 'a').write('imported ')"]
    lines += [f"def {name}(case): return reference(case).astype(case.dtype)" for name in ("first", "second")]
    (tmp_path / "mine.py").write_text("\n".join(lines))
    asked = ("run", "mine:first", "mine:second", "--examples", "2", "--jobs", "2", *NARROWED)
    assert command_in(tmp_path)(*asked).returncode == 0
    assert len(log.read_text().split()) == len(asked[1:3])  # a worker for each, and none for each job


def test_ctrl_c_ends_all_jobs_with_what_was_done(tmp_path: Path) -> None:
    subjects = (SUBJECTS[0], "subjects_to_gate:swallows")
    asked = ("run", *subjects, "--examples", "300", "-v", "--jobs", "2", *NARROWED)
    code, rest = interrupted_at("each way, dtype and region", *asked, folder=tmp_path)
    assert "cases graded so far and none disagrees." in rest
    assert code == 3
