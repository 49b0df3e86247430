"""The stream of records: what a run writes, whatever ends it, and what is read back."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests import forked
from tests.places import PLANTED, ROOT
from tests.planted import subjects_to_gate as subjects
from verify.__main__ import main
from verify.checks.examination import Mismatch
from verify.checks.subject import Subject
from verify.config.session import Options, Session
from verify.gate import conformance
from verify.reports.records import RECORDS_FORMAT, Record, Stream, begin, end, numbered_records
from verify.reports.schema import records_in
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


def records_of(file: Path) -> list[Record]:
    return [record for _, record in numbered_records(file)]


def test_records_are_read_as_they_were_written():
    case = {"type": "case", "word": "conv_i1_k1_same_ones", "sentence": "„{\n}“", "rank": 1}
    assert records_of(written(RUN, case)) == [RUN, case]


def test_run_begins_a_file_anew():
    written(RUN, end(1.0, 0))
    assert [record["type"] for record in records_of(written(RUN))] == ["run"]


def test_numbers_that_json_lacks_are_strings():
    file = written(RUN, {"type": "case", "error": float("inf"), "worst": {"got": float("nan")}})
    assert '"error": "inf", "worst": {"got": "nan"}' in file.read_text()


def test_line_that_was_cut_off_is_passed_over():
    file = written(RUN, end(1.0, 0))
    file.write_bytes(file.read_bytes()[:-5])
    assert [record["type"] for record in records_of(file)] == ["run"]


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


WRITER = """
import sys
from pathlib import Path
from verify.reports.records import Stream

stream = Stream(Path("a.jsonl"))
print("ready", flush=True)
sys.stdin.readline()
for number in range(2000):
    stream.write({"type": "case", "name": sys.argv[1], "number": number, "filler": "x" * (number * 10)})
"""


def test_processes_that_share_a_file_lose_and_mix_nothing():
    file = written(RUN)
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, name],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=ENVIRONMENT,
        )
        for name in "ab"
    ]  # fmt: skip
    assert [writer.stdout.readline() for writer in writers] == ["ready\n", "ready\n"]
    for writer in writers:
        writer.stdin.write("go\n")
        writer.stdin.flush()
    assert [writer.communicate()[0] for writer in writers] == ["", ""]
    cases = [(case["name"], case["number"]) for case in records_of(file) if case["type"] == "case"]
    assert sorted(cases) == [(name, number) for name in "ab" for number in range(2000)]


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
        read_back = records_of(written(RUN, *records))
        return read_back, [judge.tallier.tally for judge in held.gate.judges.values()]

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
    assert [vars(Tally.from_json(tally.to_json())) for tally in tallies] == [
        {**vars(tally), "words": set()} for tally in tallies
    ]


def test_record_of_a_case_says_what_became_of_it(gated: Gated):
    records, _ = gated(subjects.shifts_values, "pinned", "values", fills=("ints",), ranks=(2,))
    case, *_ = [record for record in records if record["type"] == "case"]
    assert (case["name"], case["outcome"], case["operation"], case["dtype"]) == (
        "pinned", "agrees", "conv", "float32",
    )  # fmt: skip
    assert "stride-ignored" in case["visible"]
    assert {"subject", "reference", "comparison", "faults"} <= set(case["seconds"])


def test_record_of_a_failure_has_its_place_and_its_replay_line(gated: Gated):
    records, _ = gated(subjects.shifts_values, "values", fills=("ints",), ranks=(1,))
    (failure,) = [record for record in records if record["type"] == "failure"]
    assert failure["word"] == "conv_i1_k1_same_ones"
    assert failure["replay"].endswith(f":shifts_values {failure['word']}")
    assert failure["message"].endswith(failure["replay"])
    assert failure["worst"]["index"] == [0, 0, 0]
    assert (failure["shape"], failure["differs"]) == ([1, 1, 1], [[0, 0, 0]])
    got, due = failure["worst"]["got"], failure["worst"]["want"]
    assert (failure["values"], failure["answer"]) == ([[got, due]], [got])


@pytest.mark.parametrize("cut", ["values", "answer"])
def test_a_failure_whose_numbers_are_not_those_of_its_answer_is_refused(cut: str, gated: Gated):
    records, _ = gated(subjects.shifts_values, "values", fills=("ints",), ranks=(1,))
    wrong = [{**record, cut: record[cut] * 2} if cut in record else record for record in records[1:]]
    with pytest.raises(ValueError, match="its values are not as many as the elements of its answer"):
        list(records_in(written(RUN, *wrong)))


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return forked.run("verify", *arguments, environment=ENVIRONMENT)


Reporting = Callable[[], tuple[int, str]]


@pytest.fixture
def report(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Reporting:
    """The exit code of `report` for the records, and what it prints."""
    monkeypatch.setenv("COLUMNS", ENVIRONMENT["COLUMNS"])
    return lambda: (main(["report", "a.jsonl"]), capfd.readouterr().out)


def test_report_prints_the_summary_of_the_run_again(report: Reporting):
    done = run("run", "subjects_to_gate:writes", "--examples", "9", "--report", "a.jsonl", "--seed", "1")
    code, text = report()
    summary = done.stdout.split("\n\n", 1)[1].split("\nrecorded")[0]
    assert text.split("\n\n", 1)[1].rstrip("\n") == summary.rstrip("\n")
    assert done.returncode == code == 1
    first, *_, last = map(json.loads, Path("a.jsonl").read_text().splitlines())
    assert (first["format"], first["seed"], first["subjects"]) == (
        RECORDS_FORMAT,
        1,
        ["subjects_to_gate:writes"],
    )
    assert (last["type"], last["exit"]) == ("end", 1)


def test_run_that_is_killed_leaves_whole_records(report: Reporting):
    running = subprocess.Popen(
        [sys.executable, "-m", "verify", "run", "subjects_to_gate:writes", "--report", "a.jsonl"],
        stdout=subprocess.PIPE, text=True, env={**ENVIRONMENT, "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    with running:
        assert running.stdout is not None
        next(line for line in iter(running.stdout.readline, "") if "values on exact fills" in line)
        running.send_signal(signal.SIGKILL)
    outcomes = {record.get("outcome") for record in records_of(Path("a.jsonl"))}
    code, text = report()
    assert {"agrees", "disagrees"} <= outcomes
    assert code == 1
    assert "it wrote to the input that it was given" in text


def test_run_that_was_cut_off_proves_too_little(report: Reporting):
    case = {
        "type": "case", "subject": "mine", "property": "values on exact fills", "name": "values",
        "word": "conv_i1_k1_same_ones", "outcome": "agrees", "error": 0.0, "visible": [],
        "operation": "conv", "rank": 1, "dtype": "float32", "padding": "same",
    }  # fmt: skip
    written(RUN, case)
    code, text = report()
    assert code == 3
    assert text.endswith("\nProves too little: the run of a.jsonl was cut off.\n")


def test_run_that_could_not_run_is_reported_so(report: Reporting):
    written(RUN, end(1.0, 2, broken="it has no disk"))
    code, text = report()
    assert (code, text.splitlines()[-1]) == (2, "Could not run: it has no disk")


def test_report_that_cannot_be_written_is_one_sentence_and_exit_2():
    Path("a").write_text("")
    done = run("run", "subjects_to_gate:right", "--report", "a/b.jsonl")
    assert (done.returncode, done.stdout.count("\n")) == (2, 0)
    assert done.stderr == (
        "conv-verify: 'a' is a file where a folder is needed: move it away, or name another by --report\n"
    )
