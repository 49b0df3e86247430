"""The settings that a run gates its subjects under."""

from __future__ import annotations

import pytest

from verify.config.session import Options
from verify.gate.search import drawing_of
from verify.runs import jobs
from verify.runs.settings import under_both_settings
from verify.subjects.processor import ONEDNN

NAMES = ["tensorflow", "mine:conv", "tensorflow:raw"]


@pytest.fixture(autouse=True)
def two_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "cores", lambda: 2)
    monkeypatch.delenv(ONEDNN, raising=False)


def test_tensorflow_is_gated_under_both_settings_and_others_once() -> None:
    assert under_both_settings(NAMES, None) == [
        f"tensorflow {ONEDNN}=0",
        "mine:conv",
        f"tensorflow:raw {ONEDNN}=0",
        f"tensorflow {ONEDNN}=1",
        f"tensorflow:raw {ONEDNN}=1",
    ]


@pytest.mark.parametrize("value", ["0", "1"])
def test_the_environment_chooses_one(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv(ONEDNN, value)
    assert under_both_settings(NAMES, None) == []


def test_one_job_has_one_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    assert under_both_settings(NAMES, 1) == []
    monkeypatch.setattr(jobs, "cores", lambda: 1)
    assert under_both_settings(NAMES, None) == []


def test_none_is_chosen_for_what_reads_none() -> None:
    assert under_both_settings(["mine:conv", "fault:bias-twice"], None) == []


@pytest.mark.parametrize(("examples", "fewer", "drawn"), [(200, 1, 100), (7, 1, 4), (200, 2, 50)])
def test_each_of_both_draws_half(examples: int, fewer: int, drawn: int) -> None:
    options = Options(examples=examples, seed=1, halved=frozenset({f"tensorflow {ONEDNN}=0"}))
    halved = drawing_of(options, f"tensorflow {ONEDNN}=0", "test_values", fewer=fewer)
    whole = drawing_of(options, "tensorflow", "test_values", fewer=fewer)
    assert halved.used.max_examples == drawn
    assert whole.used.max_examples == -(-examples // fewer)
