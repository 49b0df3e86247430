"""Blocks count in order: a sweep comes to the same however many jobs there are, and whichever is faster."""

from __future__ import annotations

import io
import os
import re
import signal
import time
from collections.abc import Callable
from functools import cached_property
from multiprocessing import get_context
from multiprocessing.context import ForkProcess
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from tests.planted import convolutions
from tests.waiting import comes
from verify import Case, Declined
from verify.cases.enumeration import Enumeration, enumeration_upto
from verify.cases.operands import Array
from verify.checks.broken import Broken
from verify.checks.bulk import Swept, examine_in_bulk
from verify.checks.subject import Subject
from verify.checks.versions import versions
from verify.runs.sweep import jobs
from verify.runs.sweep.jobs import Plan
from verify.runs.sweep.progress import BLOCK, Progress
from verify.runs.sweep.sweep import sweep
from verify.subjects.isolated import Isolated

ENUMERATION = enumeration_upto(3)
SLOW_S = 0.06
"""Seconds that a slow job takes longer for a block: the others do several meanwhile."""

JOBS = [
    pytest.param((0.0,), id="one"),
    pytest.param((0.0, 0.0), id="two"),
    pytest.param((SLOW_S, 0.0), id="two, the first slow"),
    pytest.param((0.0, SLOW_S), id="two, the second slow"),
    pytest.param((SLOW_S, 0.0, 0.0, 0.0), id="four, the first slow"),
    pytest.param((0.0, SLOW_S, SLOW_S, SLOW_S), id="four, all others slow"),
]


class Near(Isolated):
    """A subject that each job asks in its own process, of which some take longer for a block."""

    def __init__(self, subject: Subject, delays: tuple[float, ...], fails_from: int = 10**6) -> None:
        super().__init__("near")
        self._subject, self._delays, self._fails_from = subject, delays, fails_from
        self._begun, self._delay_s = get_context("fork").Value("i", 0), -1.0

    @cached_property
    def _declared(self) -> dict[str, Any]:
        return {"operations": ["conv"], "around": [], "versions": versions()}

    def __call__(self, case: Case) -> Array:
        return self._subject(case)  # type: ignore[no-any-return]

    def sweep(self, enumeration: str, *, start: int, stop: int, known: str) -> Swept:
        if self._delay_s < 0:
            with self._begun.get_lock():
                self._delay_s = self._delays[self._begun.value]
                self._begun.value += 1
        time.sleep(self._delay_s)
        if start >= self._fails_from:
            raise OSError(f"nobody answers from {start} on")
        return examine_in_bulk(self._subject, Enumeration.from_text(enumeration), places=range(start, stop))


def zeros_without_same(case: Case) -> Array:
    """Wrong only in the second half of the enumeration."""
    return convolutions.zeros(case) if case.padding == "VALID" else convolutions.right(case)


LATE = next(case for _, case in ENUMERATION.cases(2 * BLOCK, ENUMERATION.count))
"""The first case of the third block."""

LAST = frozenset(case for _, case in ENUMERATION.cases(4 * BLOCK, ENUMERATION.count))


def zeros_at_the_end(case: Case) -> Array:
    """Wrong only in the last of the five blocks, which none of four jobs begins with."""
    return convolutions.zeros(case) if case in LAST else convolutions.right(case)


def declines_by_size(case: Case) -> Array:
    """Declines for reasons that are as many each."""
    raise Declined(f"not of size {case.size}")


SUBJECTS = [convolutions.zeros, zeros_without_same, declines_by_size, convolutions.right]


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., tuple[int, str]]:
    """Sweeps with jobs of these delays; the exit code and what is printed, except for the time."""

    def run(
        subject: Subject, delays: tuple[float, ...], *, fails_from: int = 10**6, **options: Any
    ) -> tuple[int, str]:
        printed = io.StringIO()
        plan = Plan(
            enumeration=ENUMERATION, make=lambda: Near(subject, delays, fails_from), jobs=len(delays),
            state=tmp_path / "state.json", again="again", **options,
        )  # fmt: skip
        code = sweep(Console(file=printed, width=200, color_system=None), plan)
        return code, re.sub(r"^time .*\n", "", printed.getvalue(), flags=re.MULTILINE)

    return run


Run = Callable[..., tuple[int, str]]


@pytest.mark.parametrize("subject", SUBJECTS)
@pytest.mark.parametrize("delays", JOBS)
def test_a_sweep_comes_to_the_same_with_any_jobs(
    run: Run, subject: Subject, delays: tuple[float, ...]
) -> None:
    assert run(subject, delays) == run(subject, (0.0,))


def test_a_sweep_ends_with_the_block_in_which_counterexamples_are_enough(run: Run) -> None:
    _, printed = run(zeros_without_same, (SLOW_S, 0.0))
    assert f" counterexamples among {4 * BLOCK:,} of 1,105 cases" in printed


def test_blocks_are_counted_alike_where_counting_is_slow(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def slow_add(progress: Progress, number: int, swept: Swept) -> None:
        time.sleep(SLOW_S)
        add(progress, number, swept)

    add = Progress.add
    monkeypatch.setattr(Progress, "add", slow_add)
    _, printed = run(convolutions.zeros, (0.0,))
    assert f" counterexamples among {BLOCK} of 1,105 cases" in printed


@pytest.fixture
def states(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, str]]:
    """The states that are written, one after each block: how many are done, and what became of them."""
    written: list[tuple[int, str]] = []

    def save_state(path: Path, progress: Progress, what: dict[str, Any]) -> None:
        written.append((progress.done, repr({**progress.swept.to_data(), "seconds": None})))

    monkeypatch.setattr(jobs, "SAVE_S", -1.0)
    monkeypatch.setattr(jobs, "save_state", save_state)
    return written


@pytest.mark.parametrize("delays", JOBS)
def test_the_states_of_a_sweep_are_the_same_with_any_jobs(
    run: Run, states: list[tuple[int, str]], delays: tuple[float, ...]
) -> None:
    run(convolutions.zeros, (0.0,), keep_going=True)
    alone = states.copy()
    states.clear()
    run(convolutions.zeros, delays, keep_going=True)
    assert [done for done, _ in alone] == [1, 2, 3, 4, 5]
    assert states == alone


@pytest.mark.parametrize("delays", JOBS)
def test_a_sweep_that_was_interrupted_comes_to_the_same(
    run: Run, tmp_path: Path, delays: tuple[float, ...]
) -> None:
    sweeping, state = os.getpid(), tmp_path / "state.json"

    def interrupts_once(case: Case) -> Array:
        if case == LATE and comes(state.exists):
            os.kill(sweeping, signal.SIGINT)
            time.sleep(60)  # so that this job has this block at hand, which is abandoned
        return zeros_at_the_end(case)

    first, shown = run(interrupts_once, delays, keep_going=True)
    code, printed = run(zeros_at_the_end, delays, keep_going=True, resume=True)
    without = re.sub(r"^resumed .*\n", "", printed, flags=re.MULTILINE)
    assert (code, without) == run(zeros_at_the_end, (0.0,), keep_going=True)
    has_found = "Disagrees: " in shown  # by the blocks that other jobs had begun
    assert (first, code, "resumed " in printed) == (1 if has_found else 3, 1, True)


@pytest.mark.parametrize("delays", JOBS)
def test_an_error_beyond_the_end_of_a_sweep_is_none(run: Run, delays: tuple[float, ...]) -> None:
    assert run(convolutions.zeros, delays, fails_from=BLOCK) == run(convolutions.zeros, (0.0,))


@pytest.mark.parametrize("delays", JOBS)
def test_the_first_error_of_a_sweep_ends_it(run: Run, tmp_path: Path, delays: tuple[float, ...]) -> None:
    error: type[BaseException] = OSError if len(delays) == 1 else Broken
    with pytest.raises(error, match=f"^nobody answers from {BLOCK} on$"):
        run(convolutions.zeros, delays, fails_from=BLOCK, keep_going=True)


def test_jobs_that_are_not_forked_leave_the_blocks_to_this_process(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(process: ForkProcess) -> None:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    alone = run(convolutions.right, (0.0,))
    monkeypatch.setattr(ForkProcess, "start", refused)
    assert run(convolutions.right, (0.0, 0.0)) == alone


def test_a_job_that_is_lost_ends_the_sweep_in_a_sentence(run: Run) -> None:
    def ends(case: Case) -> Array:
        os.kill(os.getpid(), signal.SIGKILL)
        return convolutions.right(case)

    with pytest.raises(Broken, match=r"^a job of this command was killed by SIGKILL when .* was at conv_"):
        run(ends, (0.0, 0.0))
