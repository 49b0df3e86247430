"""The stream of records: what a run writes, whatever ends it, and what is read back."""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.places import PLANTED, ROOT
from tests.planted import subjects_to_gate as subjects
from verify.__main__ import main
from verify.checks.check import Mismatch, Subject
from verify.config.session import Options, Session
from verify.gate import conformance
from verify.reports.records import FORMAT, Record, Stream, begin, end, read
from verify.reports.tally import Tally, tallies_of

ENVIRONMENT = {**os.environ, "PYTHONPATH": f"{ROOT}:{PLANTED}", "COLUMNS": "100"}


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def written(*records: Record, file: str = "a.jsonl") -> Path:
    stream = Stream.anew(Path(file))
    for record in records:
        stream.write(record)
    return stream.file


RUN = begin(environment="here", seed=1, profile="dev", subjects=[], properties={}, shard="1/1")


def test_records_are_read_as_they_were_written():
    found = {"type": "case", "word": "conv_i1_k1_same_ones", "sentence": "„{\n}“", "rank": 1}
    assert list(read(written(RUN, found))) == [RUN, found]


def test_run_begins_a_file_anew():
    written(RUN, end(1.0, 0))
    assert [each["type"] for each in read(written(RUN))] == ["run"]


def test_numbers_that_json_lacks_are_strings():
    file = written(RUN, {"type": "case", "error": float("inf"), "worst": {"got": float("nan")}})
    assert '"error": "inf", "worst": {"got": "nan"}' in file.read_text()


def test_line_that_was_cut_off_is_passed_over():
    file = written(RUN, end(1.0, 0))
    file.write_bytes(file.read_bytes()[:-5])
    assert [each["type"] for each in read(file)] == ["run"]


def test_disk_that_is_full_is_said_and_stops_nothing():
    stream = Stream(Path("/dev/full"))
    stream.write(RUN)
    assert stream.broken == "/dev/full: No space left on device"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "a.jsonl is empty: no run has begun to write to it"),
        ("{\n", "a.jsonl, line 1: this is no record: Expecting property name"),
        ("[]\n", "a.jsonl, line 1: this is no record: it has no type"),
        ('{"type": "end"}\n', "a.jsonl, line 1: a stream of records begins with a run, not with 'end'"),
        ('{"type": "run", "format": 9}\n', "a.jsonl, line 1: it has the format 9, and 1 is read here"),
    ],
)
def test_file_that_is_no_stream_is_one_sentence_and_exit_2(
    text: str, sentence: str, capsys: pytest.CaptureFixture[str]
):
    Path("a.jsonl").write_text(text)
    assert main(["report", "a.jsonl"]) == 2
    assert capsys.readouterr().err.startswith(f"conv-verify: {sentence}")


def write_many(file: Path, name: str) -> None:
    stream = Stream(file)
    for number in range(500):
        stream.write({"type": "case", "name": name, "number": number, "filler": "x" * (number * 40)})


def test_processes_that_share_a_file_lose_and_mix_nothing():
    file = written(RUN)
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=write_many, args=(file, name)) for name in "ab"]
    for each in writers:
        each.start()
    for each in writers:
        each.join()
    found = [(each["name"], each["number"]) for each in read(file) if each["type"] == "case"]
    assert sorted(found) == [(name, number) for name in "ab" for number in range(500)]


Gated = Callable[..., tuple[list[Record], list[Tally]]]


@pytest.fixture
def gated() -> Gated:
    """The records of some tests of a gate, as they are read back, and the tallies of its tests."""

    def run(subject: Subject, *names: str, **narrowings: Any) -> tuple[list[Record], list[Tally]]:
        records: list[Record] = []
        held: Any = conformance(subject, **narrowings)
        held.gate.session = Session(options=Options(examples=15, seed=1), record=records.append)
        for name in names:
            with contextlib.suppress(Mismatch, ExceptionGroup):
                getattr(held(), f"test_{name}")()
            held.gate.close(f"test_{name}", 0.5)
        read_back = list(read(written(RUN, *records)))
        return read_back, [tallier.tally for tallier in held.gate.talliers.values()]

    return run


@pytest.mark.parametrize(
    "subject",
    [subjects.right, subjects.declines, subjects.has_two_faults, subjects.widens],
)
def test_tally_is_the_sum_of_its_records(subject: Subject, gated: Gated):
    records, tallies = gated(subject, "pinned", "faults", "values", "form", fills=("ints", "ones"))
    assert tallies_of(records) == tallies


def test_tally_survives_the_way_to_another_process(gated: Gated):
    _, tallies = gated(subjects.shifts_values, "pinned", "values", fills=("ints",), ranks=(1,))
    assert [vars(Tally.from_json(each.to_json())) for each in tallies] == [
        {**vars(each), "words": set()} for each in tallies
    ]


def test_record_of_a_case_says_what_became_of_it(gated: Gated):
    records, _ = gated(subjects.shifts_values, "pinned", "values", fills=("ints",), ranks=(2,))
    case, *_ = [each for each in records if each["type"] == "case"]
    assert (case["name"], case["outcome"], case["operation"], case["dtype"]) == (
        "pinned", "agrees", "conv", "f32",
    )  # fmt: skip
    assert "stride-ignored" in case["visible"]
    assert {"subject", "reference", "comparison", "faults"} <= set(case["seconds"])


def test_record_of_a_failure_has_its_place_and_its_replay_line(gated: Gated):
    records, _ = gated(subjects.shifts_values, "values", fills=("ints",), ranks=(1,))
    (failure,) = [each for each in records if each["type"] == "failure"]
    assert failure["word"] == "conv_i1_k1_same_ones"
    assert failure["replay"].endswith(f":shifts_values {failure['word']}")
    assert failure["message"].endswith(failure["replay"])
    assert failure["worst"]["index"] == [0, 0, 0]
    assert (failure["shape"], failure["differs"]) == ([1, 1, 1], [[0, 0, 0]])


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "verify", *arguments],
        capture_output=True, text=True, check=False, env=ENVIRONMENT,
    )  # fmt: skip


def test_report_prints_the_summary_of_the_run_again(capfd: pytest.CaptureFixture[str]):
    done = run("run", "subjects_to_gate:writes", "--examples", "9", "--report", "a.jsonl", "--seed", "1")
    again = run("report", "a.jsonl")
    summary = done.stdout.split("\n\n", 1)[1].split("\nrecorded")[0]
    assert again.stdout.split("\n\n", 1)[1].rstrip("\n") == summary.rstrip("\n")
    assert done.returncode == again.returncode == 1
    first, *_, last = map(json.loads, Path("a.jsonl").read_text().splitlines())
    assert (first["format"], first["seed"], first["subjects"]) == (FORMAT, 1, ["subjects_to_gate:writes"])
    assert (last["type"], last["exit"]) == ("end", 1)


def test_run_that_is_killed_leaves_whole_records():
    running = subprocess.Popen(
        [sys.executable, "-m", "verify", "run", "subjects_to_gate:writes", "--report", "a.jsonl"],
        stdout=subprocess.PIPE, text=True, env={**ENVIRONMENT, "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    with running:
        assert running.stdout is not None
        next(line for line in iter(running.stdout.readline, "") if "values on exact fills" in line)
        running.send_signal(signal.SIGKILL)
    outcomes = {each.get("outcome") for each in read(Path("a.jsonl"))}
    done = run("report", "a.jsonl")
    assert {"agrees", "disagrees"} <= outcomes
    assert done.returncode == 1
    assert "it wrote to the input that it was given" in done.stdout


def test_run_that_was_cut_off_proves_too_little():
    case = {
        "type": "case", "subject": "mine", "property": "values on exact fills", "name": "values",
        "word": "conv_i1_k1_same_ones", "outcome": "agrees", "error": 0.0, "visible": [],
        "operation": "conv", "rank": 1, "dtype": "f32", "padding": "same",
    }  # fmt: skip
    written(RUN, case)
    done = run("report", "a.jsonl")
    assert done.returncode == 3
    assert done.stdout.endswith("\nProves too little: the run of a.jsonl was cut off.\n")


def test_run_that_could_not_run_is_reported_so():
    written(RUN, end(1.0, 2, broken="it has no disk"))
    done = run("report", "a.jsonl")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (2, "Could not run: it has no disk")


def test_report_that_cannot_be_written_is_one_sentence_and_exit_2():
    Path("a").write_text("")
    done = run("run", "subjects_to_gate:right", "--report", "a/b.jsonl")
    assert (done.returncode, done.stdout.count("\n")) == (2, 0)
    assert done.stderr.startswith("conv-verify: [Errno ")
