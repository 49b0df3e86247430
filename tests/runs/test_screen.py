"""What is shown of a run while it goes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, get_args

import pytest

from verify.checks.journal import journal
from verify.config.session import Options
from verify.reports import heartbeat
from verify.reports.overview import Detail
from verify.reports.records import nowhere
from verify.reports.terminal import Terminal
from verify.runs.gating import Begun, Judged, Request
from verify.runs.jobs import CAN_CONTAIN, Crew, Line
from verify.runs.screen import Screen

HERE = "in /bin/python3: numpy 2.4.6; A="


def screen_of(*subjects: str, detail: Detail = "overview") -> Screen:
    request = Request(
        subjects=subjects, options=Options(), profile="dev", until=time.monotonic() + 60, detail=detail
    )
    return Screen(Terminal(), request, nowhere)


def introduced(capsys: pytest.CaptureFixture[str], detail: Detail, *lines: tuple[str, str]) -> list[str]:
    """What is printed when these subjects, with these lines, have ended a property."""
    screen = screen_of(*(subject for subject, _ in lines), detail=detail)
    for subject, line in lines:
        screen.take(Judged(subject, "values", line))
    return capsys.readouterr().out.splitlines()


def test_versions_that_subjects_share_are_said_once_for_each_setting(
    capsys: pytest.CaptureFixture[str],
) -> None:
    lines = [
        (f"{name} A={value}", f"{name} {HERE}{value}")
        for value in (0, 1)
        for name in ("tensorflow", "tensorflow:raw")
    ]
    assert introduced(capsys, "overview", *lines) == [f"  tensorflow {HERE}{value}" for value in (0, 1)]


@pytest.mark.parametrize(
    ("detail", "said"),
    [("overview", ["  mine:f: version 2.1"]), ("all", ["mine:f", "  version 2.1"]), ("result", [])],
)
def test_a_version_is_said_of_a_named_subject(
    detail: Detail, said: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert introduced(capsys, detail, ("mine:f", "version 2.1"))[: len(said) or None] == said


def test_every_detail_is_tried() -> None:
    assert {*get_args(Detail)} == {"overview", "all", "result"}


class BothWait(Exception):
    """Raised once both jobs are at a case."""


@contextmanager
def crew_at_work(screen: Screen) -> Iterator[Crew[int]]:
    """Two jobs, each at a case, of which the second has judged two before."""

    def work(part: int, left: int, line: Line) -> None:
        line(Begun(f"mine:{part}", "values", "values on exact fills"))
        for _ in range(part * 2):
            line({"type": "case"})
        journal.note(f"mine:{part}/eager", f"conv_i{part + 1}_k1_same_ones")
        line("waits")
        time.sleep(60)

    crew = Crew([0, 1, 2], work, arrive=screen.arrive)
    assert crew.start(2) == 2
    try:
        yield crew
    finally:
        for job in crew._jobs:
            job.process.kill()
        crew.close()


@pytest.mark.skipif(not CAN_CONTAIN, reason="jobs are forked on Linux alone")
def test_each_job_is_named_with_its_property_and_its_case(monkeypatch: pytest.MonkeyPatch) -> None:
    """And the cases are counted that have been judged, not those of the parts that are shown."""
    screen = screen_of("mine:0", "mine:1", "mine:2")
    waiting: list[int] = []
    arrive = screen.arrive

    def noted(part: int, message: Any) -> None:
        if message != "waits":
            arrive(part, message)
        elif waiting:
            raise BothWait
        else:
            waiting.append(part)

    monkeypatch.setattr(screen, "arrive", noted)
    with crew_at_work(screen) as crew, screen.live_of(crew):
        with pytest.raises(BothWait):
            [*crew.said()]
        current = heartbeat._doing[-1]
        line = heartbeat.line_of(current.phrase(), dict.fromkeys(current.at(), 0.0))
    assert line == (
        "… 0 of 3 parts done, 2 cases, mine:0/eager values on exact fills at conv_i1_k1_same_ones; "
        "mine:1/eager values on exact fills at conv_i2_k1_same_ones"
    )
