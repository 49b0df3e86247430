"""Blocks count in order: a sweep comes to the same however many jobs there are, and whichever is faster."""

from __future__ import annotations

import io
import re
import signal
import time
from collections.abc import Callable, Iterator
from functools import cached_property
from itertools import count
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from rich.console import Console

from tests.planted import convolutions
from verify import Case, Declined
from verify.cases.enumeration import Enumeration, enumeration_upto
from verify.cases.operands import Array
from verify.checks.bulk import Swept, examine_in_bulk
from verify.checks.subject import Subject
from verify.checks.versions import versions
from verify.runs.sweep import jobs
from verify.runs.sweep.jobs import Plan, in_order
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
    """A subject whose worker is a thread of this process, and takes longer for a block."""

    def __init__(self, subject: Subject, delay_s: float, fails_from: int = 10**6) -> None:
        super().__init__("near")
        self._subject, self._delay_s, self._fails_from = subject, delay_s, fails_from

    @cached_property
    def _declared(self) -> dict[str, Any]:
        return {"operations": ["conv"], "around": [], "versions": versions()}

    def __call__(self, case: Case) -> Array:
        return self._subject(case)  # type: ignore[no-any-return]

    def sweep(self, enumeration: str, *, start: int, stop: int, known: str) -> Swept:
        time.sleep(self._delay_s)
        if start >= self._fails_from:
            raise OSError(f"nobody answers from {start} on")
        return examine_in_bulk(self._subject, Enumeration.from_text(enumeration), places=range(start, stop))


def zeros_without_same(case: Case) -> Array:
    """Wrong only in the second half of the enumeration."""
    return convolutions.zeros(case) if case.padding == "VALID" else convolutions.right(case)


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
        makers = iter(delays)
        printed = io.StringIO()
        plan = Plan(
            enumeration=ENUMERATION, make=lambda: Near(subject, next(makers), fails_from), jobs=len(delays),
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
def test_a_sweep_that_was_interrupted_comes_to_the_same(run: Run, delays: tuple[float, ...]) -> None:
    calls, interrupted = count(), Event()

    def interrupts_once(case: Case) -> Array:
        if next(calls) == 0:
            interrupt()
            interrupted.set()
        assert interrupted.wait(60)  # so that each job has one block at hand, and goes on to no other
        return zeros_at_the_end(case)

    first, _ = run(interrupts_once, delays, keep_going=True)
    code, printed = run(zeros_at_the_end, delays, keep_going=True, resume=True)
    without = re.sub(r"^resumed .*\n", "", printed, flags=re.MULTILINE)
    assert (code, without) == run(zeros_at_the_end, (0.0,), keep_going=True)
    assert (first, code, "resumed " in printed) == (3, 1, True)


def interrupt() -> None:
    """Ctrl-C, which is handled when this returns."""
    handler = signal.getsignal(signal.SIGINT)
    assert callable(handler)
    handler(signal.SIGINT, None)


@pytest.mark.parametrize("delays", JOBS)
def test_an_error_beyond_the_end_of_a_sweep_is_none(run: Run, delays: tuple[float, ...]) -> None:
    assert run(convolutions.zeros, delays, fails_from=BLOCK) == run(convolutions.zeros, (0.0,))


@pytest.mark.parametrize("delays", JOBS)
def test_the_first_error_of_a_sweep_ends_it(run: Run, tmp_path: Path, delays: tuple[float, ...]) -> None:
    with pytest.raises(OSError, match=f"^nobody answers from {BLOCK} on$"):
        run(convolutions.zeros, delays, fails_from=BLOCK, keep_going=True)


def numbered(*numbers: int) -> Iterator[tuple[int, str]]:
    return ((number, f"result {number}") for number in numbers)


def test_results_are_put_in_order() -> None:
    assert list(in_order(numbered(4, 3, 6, 5, 7), 3)) == list(numbered(3, 4, 5, 6, 7))


def test_a_result_waits_for_those_before_it() -> None:
    assert list(in_order(numbered(2, 3), 1)) == []
