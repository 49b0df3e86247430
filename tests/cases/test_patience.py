"""How long a search goes on."""

from __future__ import annotations

import time

import pytest

from verify.cases.patience import CONTENTION, patience


@pytest.fixture
def clocks(monkeypatch: pytest.MonkeyPatch) -> dict[str, float]:
    """What the clocks say: the seconds that this process has worked, and those that have passed."""
    said = {"worked": 5.0, "passed": 100.0}
    monkeypatch.setattr(time, "process_time", lambda: said["worked"])
    monkeypatch.setattr(time, "monotonic", lambda: said["passed"])
    return said


@pytest.mark.parametrize(
    ("worked", "passed", "over"),
    [(0, 0, False), (1.9, 5.9, False), (2, 2, True), (0.5, 2 * CONTENTION, True), (0, 3, False)],
)
def test_a_search_ends_by_work_or_much_later(
    clocks: dict[str, float], worked: float, passed: float, *, over: bool
) -> None:
    is_over = patience(2)
    clocks["worked"] += worked
    clocks["passed"] += passed
    assert is_over() == over


def test_none_has_no_time() -> None:
    assert patience(0)()
