"""Jobs: what they say comes in the order of the parts, and none of it is lost with a process."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.context import ForkProcess
from pathlib import Path
from typing import Any

import pytest

from tests.waiting import comes
from verify.checks.broken import Broken
from verify.checks.journal import journal
from verify.runs import jobs
from verify.runs.jobs import Crew, Done, Line, Say, all_of, heard_of, jobs_for

pytestmark = pytest.mark.skipif(not jobs.CAN_CONTAIN, reason="jobs are forked on Linux alone")


@contextmanager
def crew_of(
    parts: int, work: Callable[[int, int, Line], Any], *, number: int = 2, keeps: bool = False
) -> Iterator[Crew[int]]:
    crew = Crew([*range(parts)], work, keeps=keeps)
    assert crew.start(number) == number
    try:
        yield crew
    finally:
        crew.close()


def said_by(crew: Crew[int]) -> list[tuple[int, Any]]:
    return [*crew.said()]


@pytest.mark.parametrize("number", [1, 2, 4])
def test_messages_come_in_the_order_of_the_parts(tmp_path: Path, number: int) -> None:
    """The first part ends last, as it waits for the last one where there are several jobs."""
    last = tmp_path / "last"

    def work(part: int, left: int, say: Say) -> int:
        say("begun")
        if part == 3:
            last.touch()
        elif part == 0 and number > 1:
            comes(last.exists)
        say(part * 10)
        return part * 100

    with crew_of(4, work, number=number) as crew:
        said = said_by(crew)
    in_order = [("begun", part * 10, Done(part * 100)) for part in range(4)]
    assert said == [(part, message) for part, messages in enumerate(in_order) for message in messages]


def test_a_part_is_told_how_many_are_left() -> None:
    with crew_of(3, lambda part, left, say: left, number=1) as crew:
        assert [message.result for _, message in crew.said()] == [3, 2, 1]


def test_a_job_takes_the_part_that_is_chosen() -> None:
    taken = []

    def choose(left: Any, last: int | None, others: Any) -> int:
        taken.append((last, list(others)))
        return left[-1]

    crew = Crew([*range(3)], lambda part, left, say: part, choose)
    crew.start(1)
    assert [number for number, message in crew.said() if isinstance(message, Done)] == [0, 1, 2]
    crew.close()
    assert taken == [(None, []), (2, []), (1, [])]


def test_an_error_of_ours_is_a_sentence_and_the_other_parts_are_done() -> None:
    def work(part: int, left: int, say: Say) -> int:
        return 1 // part

    with crew_of(2, work) as crew:
        first, second = (message for _, message in said_by(crew))
    assert first.result is None
    assert "ZeroDivisionError" in first.lost
    assert second == Done(1)


@pytest.mark.parametrize(
    ("end", "how"),
    [
        (lambda: os.kill(os.getpid(), signal.SIGKILL), "was killed by SIGKILL"),
        (lambda: os._exit(0), "exited with code 0"),
        (lambda: os._exit(7), "exited with code 7"),
    ],
)
def test_a_lost_job_says_at_which_case_and_the_others_go_on(end: Callable[[], None], how: str) -> None:
    def work(part: int, left: int, say: Say) -> int:
        say("begun")
        if part == 0:
            journal.note("mine:conv", "conv_i1_k1_same_ones")
            end()
        return part

    with crew_of(4, work) as crew:
        said = said_by(crew)
    (lost,) = [message.lost for _, message in said if isinstance(message, Done) and message.lost]
    assert (
        lost == f"a job of this command {how} when mine:conv was at conv_i1_k1_same_ones, "
        "before it had said what it found"
    )
    assert [message for _, message in said if isinstance(message, Done)][1:] == [Done(1), Done(2), Done(3)]


def test_no_part_is_begun_after_an_interrupt_and_those_that_run_end(tmp_path: Path) -> None:
    def work(part: int, left: int, say: Say) -> str:
        (tmp_path / str(part)).touch()
        try:
            time.sleep(60)
        except KeyboardInterrupt:
            return "interrupted"
        return "slept"

    with crew_of(4, work) as crew:
        said = crew.said()
        crew_begun = lambda: {file.name for file in tmp_path.iterdir()} == {"0", "1"}  # noqa: E731
        ended: list[Any] = []
        signal.signal(signal.SIGALRM, lambda *_: crew_begun() and crew.interrupt())
        signal.setitimer(signal.ITIMER_REAL, 0.05, 0.05)
        try:
            ended = [message for _, message in said]
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
        assert crew.is_left
    assert ended == [Done("interrupted")] * 2


def test_a_part_waits_for_the_results_of_others_and_lost_ones_have_none() -> None:
    def work(part: int, left: int, line: Line) -> Any:
        if part == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return line.results_of(range(part)) if part == 3 else part * 10

    with crew_of(4, work, number=3, keeps=True) as crew:
        results = [message.result for _, message in said_by(crew) if isinstance(message, Done)]
    assert results == [None, 10, 20, [None, 10, 20]]


def test_what_the_jobs_are_at_can_be_read() -> None:
    seen: list[dict[int, tuple[str, str]]] = []

    def work(part: int, left: int, say: Say) -> None:
        journal.note("mine:conv", f"conv_i{part + 1}_k1_same_ones")
        say("noted")

    with crew_of(1, work, number=1) as crew:
        for _, message in crew.said():
            if message == "noted":
                seen.append(crew.at())
    assert seen == [{0: ("mine:conv", "conv_i1_k1_same_ones")}]


def test_a_message_is_told_as_it_arrives_though_it_is_said_in_its_turn(tmp_path: Path) -> None:
    arrived: list[tuple[int, Any]] = []
    last = tmp_path / "last"

    def work(part: int, left: int, line: Line) -> int:
        if part == 0:
            comes(last.exists)
        line(part * 10)
        return part

    def arrive(part: int, message: Any) -> None:
        arrived.append((part, message))
        if isinstance(message, Done):
            last.touch()

    with crew_of(2, work) as crew:
        crew.arrive = arrive
        said = said_by(crew)
    in_turn = [(0, 0), (0, Done(0)), (1, 10), (1, Done(1))]
    assert (arrived, said) == (in_turn[2:] + in_turn[:2], in_turn)


def test_a_process_that_cannot_be_forked_leaves_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    started = []
    start = ForkProcess.start

    def refused(process: ForkProcess) -> None:
        if started:
            raise BlockingIOError(11, "Resource temporarily unavailable")
        started.append(process)
        start(process)

    monkeypatch.setattr(ForkProcess, "start", refused)
    crew = Crew([1, 2], lambda part, left, say: part)
    assert crew.start(2) == 1
    assert [message.result for _, message in crew.said()] == [1, 2]
    crew.close()
    assert all_of([1, 2, 3], lambda part: part + 1, jobs=2) == [2, 3, 4]


def test_all_of_raises_what_broke() -> None:
    assert all_of([1, 2, 3], lambda part: part + 1, jobs=2) == [2, 3, 4]
    with pytest.raises(Broken, match="ZeroDivisionError"):
        all_of([1, 0], lambda part: 1 // part, jobs=2)


@pytest.mark.parametrize(
    ("parts", "asked", "alone", "expected"),
    [
        (8, None, "", (2, "2 jobs")),
        (8, 1, "", (1, "")),
        (8, 2, "", (2, "2 jobs")),
        (8, 3, "", (2, "2 jobs, as this process may use 2 cores")),
        (1, None, "", (1, "")),
        (1, 2, "", (1, "1 job, as there is 1 subject")),
        (0, 2, "", (1, "1 job, as there are 0 subjects")),
        (8, None, "one alone", (1, "")),
        (8, 2, "one alone", (1, "1 job, as one alone")),
        (8, 1, "one alone", (1, "")),
    ],
)
def test_how_many_jobs_there_are_and_why(
    monkeypatch: pytest.MonkeyPatch, parts: int, asked: int | None, alone: str, expected: tuple[int, str]
) -> None:
    monkeypatch.setattr(jobs, "cores", lambda: 2)
    found = jobs_for(parts, asked, "subject", alone=alone)
    assert (found.number, found.phrase) == expected


def test_there_is_one_job_where_none_can_be_forked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "CAN_CONTAIN", False)
    assert jobs_for(8, 2, "subject").phrase == "1 job, as jobs are forked on Linux alone"


def test_what_a_part_says_is_heard_before_those_before_it_have_ended(tmp_path: Path) -> None:
    file = tmp_path / "heard"

    def work(part: int, say: Say) -> bool:
        say(part)
        return part == 1 or comes(file.exists)

    def heard(part: int) -> None:
        if part == 1:
            file.touch()

    assert heard_of([0, 1], work, jobs=2, heard=heard) == [True, True]
