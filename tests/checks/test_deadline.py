"""Time that is up: what stops then, and what a run says of it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from tests.places import ROOT
from tests.progress import settled
from verify import Case, reference
from verify.cases.operands import Array
from verify.checks.clock import AGAIN_S, GRACE_S, TimeUp, stopping_at
from verify.gate.properties import ELSEWHERE, MET, PROPERTIES, WITNESSED
from verify.reports.conclusion import exit_code
from verify.reports.tally import TIME_UP, Tally


def right(case: Case) -> Array:
    return reference(case).astype(case.dtype)


def sleeps(case: Case) -> Array:
    time.sleep(60)
    return right(case)


def is_slow_and_wrong(case: Case) -> Array:
    """Shrinks for longer than there is time."""
    time.sleep(0.05)
    return right(case) + (case.channels > 1)


def is_slow(case: Case) -> Array:
    time.sleep(0.05)
    return right(case)


def spin() -> None:
    while True:
        pass


def swallow() -> None:
    with suppress(Exception):
        time.sleep(60)


ALARM = {signal.SIGALRM}


class Drops:
    """What is raised while one is collected is dropped, as the first alarm is, which comes then."""

    def __del__(self) -> None:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, ALARM)
        time.sleep(60)


def collect() -> None:
    Drops()
    time.sleep(60)


@pytest.fixture
def alarms(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """When each alarm came. What a slow machine makes late is one alarm nevertheless."""
    came: list[float] = []

    def alarm(number: int, frame: object) -> None:
        came.append(time.monotonic())
        raise TimeUp

    monkeypatch.setattr("verify.checks.clock._raise", alarm)
    return came


@pytest.mark.parametrize("runs", [lambda: time.sleep(60), spin, swallow], ids=["sleep", "spin", "swallow"])
def test_what_runs_is_stopped_in_time(runs, alarms: list[float]):
    end = time.monotonic() + 0.1
    with pytest.raises(TimeUp), stopping_at(end):
        runs()
    (came,) = alarms
    assert came >= end


def test_alarms_are_set_to_the_end_and_to_a_little_later():
    with stopping_at(time.monotonic() + 60):
        first_s, again_s = signal.getitimer(signal.ITIMER_REAL)
    assert 0 < first_s <= 60
    assert again_s == AGAIN_S


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_what_swallows_the_first_timeout_is_stopped_again(alarms: list[float]):
    signal.pthread_sigmask(signal.SIG_BLOCK, ALARM)
    with pytest.raises(TimeUp), stopping_at(time.monotonic() + 0.1):
        collect()
    assert len(alarms) == 2


def test_time_that_was_up_before_stops_at_once():
    with pytest.raises(TimeUp), stopping_at(time.monotonic() - 5):
        time.sleep(60)


def test_block_that_is_left_in_time_is_not_stopped():
    with stopping_at(time.monotonic() + 60):
        pass
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)


def test_handler_of_before_is_back_after_the_block():
    before = signal.getsignal(signal.SIGALRM)
    with stopping_at(time.monotonic() + 60):
        assert signal.getsignal(signal.SIGALRM) != before
    assert signal.getsignal(signal.SIGALRM) == before


def test_no_end_sets_no_timer():
    with stopping_at(float("inf")):
        assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)


FEW = ("--operations", "conv", "--ranks", "1,2", "--dtypes", "float32")
"""Narrowings that leave something of every property, and little that is found before the first case."""


def run(*arguments: str, examples: int = 100_000) -> subprocess.CompletedProcess[str]:
    """A run of a subject of this file."""
    subject, *options = arguments
    command = [sys.executable, "-m", "verify", "run", f"tests.checks.test_deadline:{subject}", *options]
    done = subprocess.run(
        [*command, "--examples", str(examples), *FEW],
        capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "500"},
    )  # fmt: skip
    return settled(done)


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def usual_s() -> float:
    """Seconds from first to last of a run with next to nothing to do, on this machine at this moment."""
    start = time.monotonic()
    assert run("right", "--isolate", examples=1).returncode in (0, 3)
    return time.monotonic() - start


def timed(usual_s: float, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A run with a little more time than it takes to begin and to end, to which it keeps."""
    max_s = usual_s + 2
    start = time.monotonic()
    done = run(*arguments, "--max-time", str(max_s))
    assert time.monotonic() - start < max_s + GRACE_S + 2 * usual_s
    return done


@pytest.mark.parametrize("where", [[], ["--isolate", "--timeout", "600"]], ids=["here", "in a worker"])
def test_run_whose_cases_take_too_long_keeps_to_its_time_and_proves_too_little(
    where: list[str], usual_s: float
):
    done = timed(usual_s, "sleeps", *where)
    assert done.returncode == 3
    titles = ", ".join(judged.title for judged in PROPERTIES)
    cut = f"pinned words, {ELSEWHERE.title}, {WITNESSED.title}, {MET.title}, {titles}"
    assert f"\ncut short  tests.checks.test_deadline:sleeps, {cut}: its time was up" in done.stdout
    assert f"\nProves too little: nothing was graded for {titles}; the time was up too soon for pinned" in (
        done.stdout
    )


def test_run_that_shrinks_keeps_to_its_time(usual_s: float):
    done = timed(usual_s, "is_slow_and_wrong")
    assert done.returncode == 1
    assert "\ncut short  tests.checks.test_deadline:is_slow_and_wrong, " in done.stdout


def test_property_that_is_cut_short_reports_the_smallest_case_so_far(
    pytester: pytest.Pytester, run_gates: Callable[..., pytest.RunResult]
):
    pytester.makepyfile(
        test_mine="""
        from verify import reference
        from verify.gate import conformance

        words = []

        def wrong(case):
            if case.channels > 1 and 0 not in case.output_shape:
                words.append(str(case))
                if len(words) == 4:
                    TestMine.gate.session.until = 0
            return reference(case).astype(case.dtype) + (case.channels > 1)

        class TestMine(conformance(lambda case: wrong(case), fills=("ints",))):
            def test_it_is_the_smallest(self):
                (failure,) = self.gate.judges["test_values"].tallier.tally.failures.values()
                assert len(words) == 4
                assert len(failure.word) == min(map(len, words))
        """
    )
    common = ("--hypothesis-seed=1", "-k", "values or smallest")
    result = run_gates(*common)
    result.assert_outcomes(failed=1, passed=1)
    result.stdout.fnmatch_lines(["test_mine:<lambda> disagrees with the reference: *"])


def test_run_that_grades_too_little_in_its_time_says_so(usual_s: float):
    done = timed(usual_s, "is_slow")
    assert done.returncode == 3
    assert re.search(r"too little *\n", done.stdout)
    assert "\nProves too little: " in done.stdout
    assert "the time was up too soon for " in done.stdout


@pytest.mark.parametrize(
    ("tally", "verdict"),
    [
        (Tally(subject="", name="values", title="", note=TIME_UP, agreed=20), "holds"),
        (Tally(subject="", name="values", title="", note=TIME_UP, agreed=1), "holds"),
        (Tally(subject="", name="values", title="", examples=200, agreed=19, vacuous=21), "too little"),
        (Tally(subject="", name="values", title="", examples=20, agreed=10, vacuous=10), "holds"),
        (Tally(subject="", name="values", title="", examples=200, agreed=12, vacuous=4), "holds"),
        (Tally(subject="", name="values", title="", examples=5, agreed=1, vacuous=4), "holds"),
        (Tally(subject="", name="values", title="", agreed=1), "holds"),
        (Tally(subject="", name="values", title="", note=TIME_UP), "nothing graded"),
        (Tally(subject="", name="pinned", title="", note=TIME_UP, agreed=20), "too little"),
        (Tally(subject="", name="pinned", title=""), "declined"),
    ],
)
def test_what_is_too_little(tally: Tally, verdict: str):
    assert tally.verdict == verdict
    assert exit_code([tally]) == (0 if verdict == "holds" else 3)


def test_time_that_is_up_before_the_subject_is_loaded_is_said(usual_s: float):
    Path("slow_to_import.py").write_text("import time\ntime.sleep(60)\n")
    command = [sys.executable, "-m", "verify", "run", "slow_to_import:f", "--max-time", "0.1"]
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:."}
    start = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert time.monotonic() - start < GRACE_S + 2 * usual_s
    assert (done.returncode, done.stdout) == (
        3,
        "Proves too little: the time was up before slow_to_import:f was loaded.\n",
    )
