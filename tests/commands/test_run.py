"""`run`: what it prints, and its exit codes."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.commands.commanding import command_in, interrupted_at
from tests.places import ALONE, PLANTED, ROOT
from tests.progress import without_progress
from tests.shown import block_of, is_shown
from verify.checks.clock import GRACE_S

FEW = ("--operations", "conv", "--ranks", "1", "--dtypes", "float32")
"""Narrowings for a run of which it does not matter what it asks."""


def test_a_run_that_disagrees_exits_1_with_a_line_to_replay(command) -> None:
    done = command("run", "subjects_to_gate:writes", "--examples", "5", "--seed", "1", *FEW)
    assert done.returncode == 1
    assert "it wrote to the input that it was given" in done.stdout
    assert "  replay   conv-verify replay subjects_to_gate:writes conv_i1_k1_same_ones\n" in done.stdout


def test_a_run_that_grades_nothing_exits_3(command) -> None:
    done = command("run", "subjects_to_gate:declines", "--examples", "5", *FEW, "--fills", "ones")
    assert done.returncode == 3
    assert "Proves too little: nothing was graded for values on exact fills" in done.stdout


def test_a_run_of_a_domain_of_which_no_case_is_found_exits_3_and_says_what_to_declare(command) -> None:
    done = command("run", "subjects_to_gate:of_one_shape", "--examples", "40", *FEW)
    assert done.returncode == 3
    said = " ".join(done.stdout.split())
    assert "not drawn subjects_to_gate:of_one_shape, values on exact fills, " in said
    assert ": the domain's condition holds of no case that was tried: say what it can by lists and " in said
    assert "absent" not in said
    assert "Proves too little: nothing was graded for values on exact fills, " in said


def test_a_run_of_a_domain_that_leaves_no_cell_unread_holds(command) -> None:
    done = command("run", "subjects_to_gate:pointwise", "--examples", "40", "--seed", "1", *FEW)
    assert done.returncode == 0
    assert (
        "\nabsent     subjects_to_gate:pointwise, unread cells: the domain has no case for it\n"
        in done.stdout
    )


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("mended", " for its deviations: 0 of 1 deviations happen, 1 are gone; "),
        ("widened", " for its limits: 1 of 1 limits are lifted, 0 speak in other words; "),
    ],
)
def test_a_run_of_another_release_says_what_became_of_all_that_is_recorded(
    command, name: str, said: str
) -> None:
    done = command("run", f"subjects_to_gate:{name}", "--examples", "20", "--seed", "1", *FEW)
    assert done.returncode == 0
    what_to_do = "add the release to the `versions` of what happens, and remove what is gone"
    line = f"release subjects_to_gate:{name} 2.0, not in the data{said}{what_to_do}"
    assert line in " ".join(done.stdout.split())


def test_a_run_keeps_to_its_time(command) -> None:
    start = time.monotonic()
    command("run", "subjects_to_gate:right", "--examples", "1", *FEW)
    usual_s = time.monotonic() - start  # on this machine at this moment, from first to last
    max_s = usual_s + 1
    start = time.monotonic()
    asked = ("--examples", "1000000", "--max-time", str(max_s), *FEW)
    done = command("run", "subjects_to_gate:right", *asked)
    assert time.monotonic() - start < max_s + GRACE_S + 2 * usual_s
    assert done.returncode != 1
    assert re.search(r"\ncut short +subjects_to_gate:right, [^:]*: +its time was up", done.stdout)


SEEDED = ("run", "subjects_to_gate:right", "--examples", "15", "--seed", "7", "-v")


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> subprocess.CompletedProcess[str]:
    """A run with a seed in a folder where nothing else was run, in a process of its own."""
    return command_in(tmp_path_factory.mktemp("seeded"), anew=True)(*SEEDED)


def test_a_run_that_holds_exits_0_and_says_what_was_proved(
    seeded: subprocess.CompletedProcess[str],
) -> None:
    assert seeded.returncode == 0
    assert "values on exact fills" in seeded.stdout
    assert "\noperations conv " in seeded.stdout
    assert "\ntime " in seeded.stdout
    assert seeded.stdout.rstrip().endswith("cases graded and none disagrees.")


def test_the_faults_that_the_guide_shows_are_those_of_such_a_run(
    seeded: subprocess.CompletedProcess[str],
) -> None:
    block = block_of("verdicts", "text", "faults ")
    assert is_shown(block, seeded.stdout.replace("\N{NO-BREAK SPACE}", " "))


def counts(printed: str) -> list[str]:
    """The last lines before the time."""
    return printed.split("\ntime", maxsplit=1)[0].splitlines()[-4:]


def test_one_seed_draws_the_same_cases(command, seeded: subprocess.CompletedProcess[str]) -> None:
    assert counts(command(*SEEDED).stdout) == counts(seeded.stdout)


def test_ctrl_c_ends_a_run_with_what_was_done(tmp_path: Path) -> None:
    asked = ("run", "subjects_to_gate:right", "--examples", "300", "-v")
    code, rest = interrupted_at("precision on dyadic", *asked, folder=tmp_path)
    assert "cases graded so far and none disagrees." in rest
    assert "values on exact fills" in rest
    assert code == 3


def test_a_seed_draws_the_same_cases_after_another_subject_has_failed(
    command, seeded: subprocess.CompletedProcess[str]
) -> None:
    command("run", "subjects_to_gate:writes", "--examples", "5", *FEW)
    assert coverage(command(*SEEDED).stdout) == coverage(seeded.stdout)


def coverage(printed: str) -> list[str]:
    """The lines that count what was graded."""
    return [line for line in printed.splitlines() if line.startswith(("ranks", "dtypes", "paddings"))]


def test_the_environment_of_other_test_runs_is_left_out(command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_ADDOPTS", "--no-such-option")
    monkeypatch.setenv(ALONE, "1")
    assert command("run", "subjects_to_gate:right", "--examples", "5", *FEW).returncode == 0


def test_a_reader_that_leaves_a_run_early_is_no_error(tmp_path: Path) -> None:
    gate = f"{sys.executable} -m verify run subjects_to_gate:right --examples 5 {' '.join(FEW)}"
    run = f"{gate} | head -1; exit ${{PIPESTATUS[0]}}"
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{PLANTED}"}
    done = subprocess.run(
        ["bash", "-c", run], capture_output=True, text=True, check=False, cwd=tmp_path, env=environment
    )
    assert (done.returncode, without_progress(done.stderr)) == (0, "")


def test_the_time_of_a_run_is_that_which_its_user_waited(command, tmp_path: Path) -> None:
    """And not that of its jobs together, of which two wait at a time."""
    run = ("run", "subjects_to_gate:right", "--examples", "5", *FEW, "--jobs", "2", "--report", "r.jsonl")
    printed = (command(*run).stdout, command("report", "r.jsonl").stdout)
    end = json.loads((tmp_path / "r.jsonl").read_text("utf-8").splitlines()[-1])
    said = [line for text in printed for line in text.splitlines() if line.startswith("time ")]
    assert said == 2 * [f"time       {end['elapsed']:.1f} s; -v shows every count"]


def test_narrowings_that_leave_no_case_are_one_sentence(command) -> None:
    done = command("run", "subjects_to_gate:right", "--ranks", "3", "--operations", "depthwise")
    sentence = "no case has any of these operations, ranks, dtypes and fills together"
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"conv-verify: {sentence}\n")


def test_operations_are_a_list_before_the_subjects(command) -> None:
    done = command("run", *FEW, "subjects_to_gate:right", "--examples", "5")
    assert done.returncode == 0
    wrong = command("run", "--operations", "conv,sing")
    assert wrong.stderr.startswith("conv-verify run: Invalid value for '--operations': 'sing' is none of")


def test_a_run_in_workers_that_crash_goes_on_to_the_end(command) -> None:
    asked = (*FEW, "--fills", "ones", "--examples", "5", "--seed", "1")
    done = command("run", "tests.planted.fragile:aborts_on_stride", *asked)
    assert done.returncode == 1
    assert f"\n  tests.planted.fragile:aborts_on_stride in {sys.executable}: python " in done.stdout
    assert "\ntests.planted.fragile:aborts_on_stride crashed: it was killed by SIGABRT\n" in done.stdout
    assert "  replay   conv-verify replay tests.planted.fragile:aborts_on_stride conv_" in done.stdout


_KILLED = """
import os, signal
from verify.checks.journal import journal
journal.note("tests.planted.fragile:aborts", "conv_i1_k1_same_ones")
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_run_says_what_a_killed_one_was_at(command, tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", _KILLED], cwd=tmp_path, env={"PYTHONPATH": str(ROOT)}, check=False)
    done = command("run", "subjects_to_gate:right", "--examples", "5", *FEW)
    assert done.stdout.startswith(
        "An earlier process was killed when tests.planted.fragile:aborts was at conv_i1_k1_same_ones; replay "
        "it by: conv-verify replay tests.planted.fragile:aborts conv_i1_k1_same_ones\n"
    )
    assert "killed" not in command("run", "subjects_to_gate:right", "--examples", "5", *FEW).stdout
