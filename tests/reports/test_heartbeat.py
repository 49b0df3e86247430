"""The lines that say what goes on where there is no terminal."""

from __future__ import annotations

import io
import sys
from queue import SimpleQueue

import pytest

import verify.reports.heartbeat
from verify.reports.heartbeat import doing, heartbeat, line_of, spoken

pytestmark = pytest.mark.injected

AT = ("mylib.conv:conv2d", "conv_i1_k1_same_ones")


def test_lines_are_said_while_cases_hang_and_say_how_long() -> None:
    said: SimpleQueue[str] = SimpleQueue()
    lasting = ("mine:other", "conv_i2_k1_same_ones")
    turns = iter([[AT, lasting], [("mine:f", "conv_i3_k1_same_ones"), lasting]])
    with doing(lambda: "3 cases", lambda: next(turns)), heartbeat(said.put, every_s=0.01):
        first, second = said.get(timeout=60), said.get(timeout=60)
    assert first == "… 3 cases, mylib.conv:conv2d at conv_i1_k1_same_ones; mine:other at conv_i2_k1_same_ones"
    assert second == (
        "… 3 cases, mine:f at conv_i3_k1_same_ones; mine:other at conv_i2_k1_same_ones, for more than 0 s"
    )


def test_the_case_is_that_of_the_journal_where_none_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    said: SimpleQueue[str] = SimpleQueue()
    monkeypatch.setattr(verify.reports.heartbeat.journal, "noted", lambda: AT)
    with doing(lambda: "mylib.conv:conv2d values: 3 cases"), heartbeat(said.put, every_s=0.01):
        assert said.get(timeout=60) == "… mylib.conv:conv2d values: 3 cases, at conv_i1_k1_same_ones"


def test_what_cannot_be_said_once_is_said_later() -> None:
    said: SimpleQueue[str] = SimpleQueue()
    lines = iter([lambda: 1 / 0, lambda: "loading"])
    with doing(lambda: str(next(lines)()), lambda: [("", "")]), heartbeat(said.put, every_s=0.01):
        assert said.get(timeout=60) == "… loading"


def test_a_line_has_no_case_where_there_is_none() -> None:
    assert line_of("loading …", {("", ""): 20}) == "… loading …"
    assert line_of("sweeping", {AT: 20}).endswith("conv_i1_k1_same_ones, for more than 20 s")


class Heard(io.StringIO):
    """A standard stream, of which each line that is written can be waited for."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: SimpleQueue[str] = SimpleQueue()

    def write(self, text: str, /) -> int:
        self.lines.put(text)
        return len(text)


def test_a_line_is_on_standard_error_as_the_other_is_a_report_or_data(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    streams = {name: Heard() for name in ("stdout", "stderr")}
    for name, stream in streams.items():
        monkeypatch.setattr(sys, name, stream)
    with spoken("words", every_s=0.01):
        line = streams["stderr"].lines.get(timeout=60)
    assert line.startswith("… words")  # and the case that another test was at
    assert streams["stdout"].lines.empty()


@pytest.mark.parametrize(
    ("phrase", "subject", "line"),
    [
        ("mine:f values", "mine:f/eager A=1", "… mine:f values, at W"),
        ("mine:f: 3 of 9 cases", "mine:f", "… mine:f: 3 of 9 cases, at W"),
        ("tests/mine.py:f values", "tests/mine.py:f", "… tests/mine.py:f values, at W"),
        ("values", "mine:f", "… values, mine:f at W"),
    ],
)
def test_a_subject_is_named_once(phrase: str, subject: str, line: str) -> None:
    assert line_of(phrase, {(subject, "W"): 0}) == line
