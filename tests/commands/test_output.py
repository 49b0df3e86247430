"""What a command prints where its streams fail, and what it prints of text that would act."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.checks.test_escaping import acts
from tests.places import PLANTED, ROOT
from tests.planted import hostile
from tests.progress import settled
from verify.__main__ import main
from verify.cases.case import Case
from verify.checks.subject import describe
from verify.corpus import words
from verify.corpus.failures import failures_in
from verify.reports import github
from verify.reports.terminal import Terminal
from verify.runs.replay import replay

pytestmark = pytest.mark.injected

WORD = "conv_i1_k1_same_ones"
FAILING = f"{sys.executable} -m verify replay tests.planted.hostile:raises {WORD}"
SMALL = ("--examples", "1", "--seed", "1", "--shard", "1/50")
VERDICT = "exit code 1 is the verdict all the same; direct it elsewhere, and run again\n"


def shell(line: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """A line of bash, in a folder where planted subjects can be imported."""
    places = {"PYTHONPATH": f"{ROOT}:{PLANTED}", **environment}
    done = subprocess.run(
        ["bash", "-c", line],
        capture_output=True, check=False, text=True, cwd=folder, env={**os.environ, **places},
    )  # fmt: skip
    return settled(done)


@pytest.mark.parametrize(
    ("to", "why"),
    [
        (">&-", "it is closed"),
        (">/dev/full", "the system says 'no space left on device'"),
        ("| true; exit ${PIPESTATUS[0]}", "its reader has closed it"),
    ],
    ids=["closed", "full", "left"],
)
def test_verdict_and_record_stand_where_output_cannot_be_written(to: str, why: str, tmp_path: Path) -> None:
    done = shell(f"{FAILING} {to}", tmp_path)
    sentence = f"conv-verify: standard output cannot be written, as {why}: {VERDICT}"
    assert (done.returncode, done.stdout, done.stderr) == (1, "", sentence)
    assert [failure.word for failure in failures_in(tmp_path / ".conv-verify/failures.jsonl")] == [WORD]


def test_what_cannot_be_said_on_standard_error_is_said_on_the_other(tmp_path: Path) -> None:
    done = shell(f"{sys.executable} -m verify explain no_case 2>&-", tmp_path)
    assert done.returncode == 2
    assert done.stdout.startswith("conv-verify: standard error cannot be written, as ")
    assert "; what it was to say is: conv-verify: 'no_case' is no case: " in done.stdout


def test_exit_code_stands_where_nothing_can_be_written(tmp_path: Path) -> None:
    assert shell(f"{FAILING} <&- >&- 2>&-", tmp_path).returncode == 1


@pytest.mark.parametrize("closed", ["2>&-", "<&- >&- 2>&-"])
def test_verdict_of_a_run_stands_where_standard_error_is_closed(closed: str, tmp_path: Path) -> None:
    asked = f"{sys.executable} -m verify run tests.planted.hostile:raises {' '.join(SMALL)}"
    assert shell(f"{asked} {closed}", tmp_path).returncode == 1


@pytest.mark.parametrize(
    ("asked", "lines"),
    [
        (f"explain {WORD}", 1),
        ("guide", 1),
        ("guide start", 1),
        ("list", 1),
        pytest.param("words models:block", 2, marks=pytest.mark.needs_tensorflow),  # how many they are
    ],
)
def test_output_that_is_all_that_was_asked_for_is_an_error_where_it_is_lost(
    asked: str, lines: int, tmp_path: Path
) -> None:
    done = shell(f"{sys.executable} -m verify {asked} >/dev/full", tmp_path)
    assert (done.returncode, done.stderr.count("\n")) == (2, lines)


@pytest.mark.parametrize(
    "environment", [{"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C", "PYTHONUTF8": "0"}], ids=["ascii", "C"]
)
def test_character_that_a_terminal_lacks_is_written_by_its_code(
    environment: dict[str, str], tmp_path: Path
) -> None:
    done = shell(FAILING, tmp_path, **environment)
    assert (done.returncode, done.stderr, done.stdout.isascii()) == (1, "", True)
    assert "ValueError: half \\ud800, \\x1b[31mred\\x1b[0m, \\u202eturned\\u202c, accent \\xe9" in done.stdout


def test_nothing_acts_of_what_a_run_prints_and_writes(
    command: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "summary.md")
    raising, declining = (f"tests.planted.hostile:{name}" for name in ("raises", "declines"))
    run = command("run", raising, *SMALL, "--report", "r.jsonl", "--html", "p.html")
    records, begun = tmp_path / "r.jsonl", '"environment": "'
    records.write_text(records.read_text().replace(begun, rf"{begun}[/b] \u001b[31m ##[x] \n::error::"))
    again = (
        command("report", "r.jsonl", "--html", "p.html"),
        command("replay", "--trust"),
        command("sweep", declining, "--upto", "1", "--no-isolate"),
    )
    files = [(tmp_path / name).read_text(encoding="utf-8") for name in ("summary.md", "p.html")]
    assert [run.returncode, *(done.returncode for done in again)] == [1, 1, 1, 3]
    assert [acts(text) for text in (run.stdout, *(done.stdout for done in again), *files)] == [False] * 6


def test_what_a_replay_finds_is_recorded_before_it_is_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    events: list[object] = []
    monkeypatch.setattr(Terminal, "print", lambda *texts, **_: events.append("printed"))
    [*replay(describe(hostile.raises), [Case.parse(WORD)], past=[], keep=events.append)]
    recorded, *rest = events
    assert isinstance(recorded, tuple)
    assert ([failure.word for failure in recorded], rest) == ([WORD], ["printed"])


def test_what_a_run_finds_is_recorded_before_it_is_printed(tmp_path: Path) -> None:
    run = f"{sys.executable} -m verify run tests.planted.hostile:raises {' '.join(SMALL)}"
    at_once = "{ grep --max-count 1 disagrees; test -s .conv-verify/failures.jsonl; }"
    told = shell(f"{run} | {at_once}", tmp_path)
    assert (told.returncode, "disagrees" in told.stdout) == (0, True)


def test_nothing_acts_of_what_pytest_shows_of_a_gate(run_gates: Any, pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        "from verify.gate import conformance\nTestIt = conformance('tests.planted.hostile:raises')"
    )
    done = run_gates("-v", "-k", "test_values", "--conv-examples", "1", "--tb", "native")
    assert (done.ret, acts(done.stdout.str())) == (1, False)


@pytest.mark.parametrize("word", ["\x1b[31m\n::error::x", "a\n ::error::b:c", "##[group]:\u202e"])
@pytest.mark.parametrize("asked", [["replay"], ["run"], ["explain"], ["run", "--failures"]], ids=" ".join)
def test_nothing_acts_of_a_word_that_is_refused(
    asked: list[str], word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*asked, word, WORD]) == 2
    said = capsys.readouterr()
    assert not acts(said.out + said.err)


NO_ROOM = "cannot be used, as the system says 'no space left on device': change that, or name another by"


def test_verdict_of_a_run_stands_on_a_full_disk(
    command: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "/dev/full")
    (tmp_path / "pins.txt").write_text("# grammar 2\n", encoding="utf-8")
    run = ["run", "tests.planted.full_disk:raises", "--no-isolate", *SMALL]
    kept = ["--pin", "--corpus", "pins.txt", "--html", "p.html", "--baseline", "b.json"]
    done = command(*run, *kept)
    assert (done.returncode, done.stderr) == (1, "")
    assert {line for line in done.stdout.splitlines() if line.startswith("un") and "/" in line} == {
        f"unrecorded  {str(tmp_path / '.conv-verify/failures.jsonl')!r} {NO_ROOM} --failures",
        f"unpinned  {str(tmp_path / 'pins.txt')!r} {NO_ROOM} --corpus",
        f"unwritten  '/dev/full' {NO_ROOM} GITHUB_STEP_SUMMARY",
        f"unwritten  {str(tmp_path / 'b.json')!r} {NO_ROOM} --baseline",
    }
    assert f"unwritten  'p.html' {NO_ROOM} --html\n" in done.stdout


def test_verdict_of_a_run_stands_without_its_records(command: Any) -> None:
    done = command("run", "tests.planted.hostile:raises", *SMALL, "--report", "/dev/full")
    sentence = (
        "unwritten  /dev/full: No space left on device: the report is incomplete; name another by --report"
    )
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.splitlines()[-1] == sentence


def test_summary_of_a_job_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tmp_path / "pipe")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "pipe"))
    said: list[str] = []
    github.publish([], "Holds.", holds=True, say=said.append)
    assert said[-1].startswith(f"unwritten  {str(tmp_path / 'pipe')!r} cannot be used, as the system says ")


def test_reason_of_a_pin_is_text_that_can_be_written(tmp_path: Path) -> None:
    words.pin(tmp_path, {Case.parse(WORD): "\udcff\x1b::x"}, today=date(2026, 1, 2))
    assert "# 2026-01-02: \\udcff\\x1b::x\n" in (tmp_path / "pins.txt").read_text(encoding="utf-8")
