"""The settings that a run gates its subjects under."""

from __future__ import annotations

from typing import Any

import pytest

from verify.cases.case import Case
from verify.commands import campaign, run
from verify.config.flags import Isolation
from verify.config.session import Options
from verify.gate.search import drawing_of
from verify.runs.settings import under_both_settings
from verify.subjects.keras.switches import BACKEND
from verify.subjects.processor import ONEDNN
from verify.subjects.registry import load

NAMES = ["tensorflow", "mine:conv", "tensorflow:raw"]


@pytest.fixture(autouse=True)
def nothing_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(ONEDNN, raising=False)


def test_tensorflow_is_gated_under_both_settings_and_others_once() -> None:
    assert under_both_settings(NAMES, is_one=False) == [
        f"tensorflow {ONEDNN}=0",
        "mine:conv",
        f"tensorflow:raw {ONEDNN}=0",
        f"tensorflow {ONEDNN}=1",
        f"tensorflow:raw {ONEDNN}=1",
    ]


@pytest.mark.parametrize("value", ["0", "1"])
def test_the_environment_chooses_one(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv(ONEDNN, value)
    assert under_both_settings(NAMES, is_one=False) == []


def test_one_job_has_one_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    assert under_both_settings(NAMES, is_one=True) == []
    both = [f"tensorflow {ONEDNN}={value}" for value in "01"]
    for number, jobs, labels in ((2, None, both), (2, 1, ["tensorflow"]), (1, None, ["tensorflow"])):
        monkeypatch.setattr("verify.runs.jobs.cores", lambda number=number: number)
        assert run._labels(["tensorflow"], load, matrix=False, jobs=jobs)[0] == labels


@pytest.mark.parametrize(
    ("isolation", "labels"),
    [
        (Isolation(), (f"tensorflow {ONEDNN}=0", f"tensorflow {ONEDNN}=1")),
        (Isolation(isolate=False), ("tensorflow",)),  # which no setting reaches
    ],
)
def test_a_campaign_has_both_settings_whatever_its_machine_has(
    monkeypatch: pytest.MonkeyPatch, isolation: Isolation, labels: tuple[str, ...]
) -> None:
    monkeypatch.setattr("verify.runs.jobs.cores", lambda: 1)
    assert campaign._labels(("tensorflow",), isolation, matrix=False) == labels


def test_a_campaign_has_each_backend_of_keras(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(BACKEND, raising=False)

    class Keras:
        version, matrix = "3", {BACKEND: ("torch", "jax")}

        def __call__(self, case: Case) -> Any:
            raise NotImplementedError

    monkeypatch.setattr("verify.config.flags.loader_of", lambda _: lambda _: Keras())
    each = (f"keras {BACKEND}=torch", f"keras {BACKEND}=jax")
    assert campaign._labels(("keras",), Isolation(), matrix=False) == each
    assert campaign._labels(("keras",), Isolation(isolate=False), matrix=False) == ("keras",)


def test_none_is_chosen_for_what_reads_none() -> None:
    assert under_both_settings(["mine:conv", "fault:bias-twice"], is_one=False) == []


@pytest.mark.parametrize(("examples", "fewer", "drawn"), [(200, 1, 100), (7, 1, 4), (200, 2, 50)])
def test_each_of_both_draws_half(examples: int, fewer: int, drawn: int) -> None:
    options = Options(examples=examples, seed=1, halved=frozenset({f"tensorflow {ONEDNN}=0"}))
    halved = drawing_of(options, f"tensorflow {ONEDNN}=0", "test_values", fewer=fewer)
    whole = drawing_of(options, "tensorflow", "test_values", fewer=fewer)
    assert halved.used.max_examples == drawn
    assert whole.used.max_examples == -(-examples // fewer)
