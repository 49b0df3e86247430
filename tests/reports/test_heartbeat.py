"""The lines that say what goes on where there is no terminal."""

from __future__ import annotations

from queue import SimpleQueue

import pytest

from verify.reports.heartbeat import doing, heartbeat, line_of

pytestmark = pytest.mark.injected

AT = ("mylib.conv:conv2d", "conv_i1_k1_same_ones")


def test_lines_are_said_while_a_case_hangs_and_say_how_long() -> None:
    said: SimpleQueue[str] = SimpleQueue()
    with doing(lambda: "values on exact fills: 3 cases"), heartbeat(said.put, lambda: AT, every_s=0.01):
        first, second = said.get(timeout=60), said.get(timeout=60)
    assert first == "… values on exact fills: 3 cases, mylib.conv:conv2d at conv_i1_k1_same_ones"
    assert second == f"{first}, for more than 0 s"


def test_what_cannot_be_said_once_is_said_later() -> None:
    said: SimpleQueue[str] = SimpleQueue()
    lines = iter([lambda: 1 / 0, lambda: "loading"])
    with doing(lambda: str(next(lines)())), heartbeat(said.put, lambda: ("", ""), every_s=0.01):
        assert said.get(timeout=60) == "… loading"


def test_a_line_has_no_case_where_there_is_none() -> None:
    assert line_of("loading …", "", "", seconds=20) == "… loading …"
    assert line_of("sweeping", *AT, seconds=20).endswith("conv_i1_k1_same_ones, for more than 20 s")
