"""Keras's layers and functions on PyTorch, and what is written down of them; others with `--long`."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.places import ROOT
from tests.subjects.asked import drawn
from verify import Case
from verify.checks.path import Examiner
from verify.checks.subject import describe
from verify.gate.survey import judgeable, refusal, words_of_limits
from verify.runs.settings import on_each_backend
from verify.subjects.isolated import isolated
from verify.subjects.keras.switches import BACKEND, BACKENDS, installed, switches
from verify.subjects.registry import UnknownSubject, load

HERE = isolated(f"keras {BACKEND}=torch")


@pytest.mark.parametrize("name", HERE.ways)
def test_every_answer_is_right_or_predicted(name):
    way = judgeable(HERE.ways[name], HERE.known)
    examiner = Examiner(subject=way, known=HERE.known)
    examined = [examiner.examine(case) for case in drawn(way, 8, seed=3)]
    assert [str(each.case) for each in examined if each.fails] == []


@pytest.mark.parametrize("asked", words_of_limits(HERE.routes), ids=lambda asked: asked[2])
def test_every_limit_is_refused_in_its_words(asked):
    assert refusal(*asked) == ""


@pytest.mark.parametrize(
    "entry", [entry for entry in HERE.known if not entry.sporadic], ids=lambda entry: entry.name
)
def test_every_deviation_happens(entry):
    case = Case.parse(entry.word)
    way = next(way for way in HERE.having(case) if entry.is_of_way(way.name))
    assert Examiner(subject=way, known=(entry,)).examine(case).deviation == entry


def test_deviations_of_another_backend_are_not_known():
    assert {entry.name.split("-")[1] for entry in HERE.known} <= {"normalises", "torch"}


@pytest.mark.long
@pytest.mark.parametrize("backend", ["jax", "numpy"])
def test_other_backends_are_right_or_predicted(backend):
    subject = isolated(f"keras {BACKEND}={backend}")
    for name in ("layers.Conv", "ops.conv_transpose"):
        way = judgeable(subject.ways[name], subject.known)
        examiner = Examiner(subject=way, known=subject.known)
        examined = [examiner.examine(case) for case in drawn(way, 4, seed=3)]
        assert [str(each.case) for each in examined if each.fails] == []


def test_backend_is_that_of_the_environment_or_the_first_that_is_installed(monkeypatch):
    monkeypatch.setenv(BACKEND, "numpy")
    assert switches() == {BACKEND: "numpy"}
    monkeypatch.delenv(BACKEND)
    assert switches() == {BACKEND: installed()[0]}
    assert set(installed()) <= set(BACKENDS)


def test_run_gates_each_backend_unless_the_environment_chooses(monkeypatch):
    monkeypatch.delenv(BACKEND, raising=False)
    labels = on_each_backend(["mine:conv", "keras/ops.conv"], lambda name: HERE, is_one=False)
    assert labels == ["mine:conv", *(f"keras/ops.conv {BACKEND}={name}" for name in HERE.matrix[BACKEND])]
    assert on_each_backend(["keras"], load, is_one=True) == ["keras"]
    monkeypatch.setenv(BACKEND, "torch")
    assert on_each_backend(["keras"], load, is_one=False) == ["keras"]


def test_another_backend_that_was_imported_before_is_one_sentence():
    script = f"""import os
os.environ["{BACKEND}"] = "torch"
import keras
os.environ["{BACKEND}"] = "numpy"
from verify.subjects.registry import load
try:
    load("keras")
except ValueError as refused:
    print(refused)"""
    said = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "Keras was imported before on the backend torch" in said.stdout


def test_backend_of_another_subject_is_one_sentence(monkeypatch):
    monkeypatch.setenv(BACKEND, "tensorflow")
    with pytest.raises(UnknownSubject, match=r"not tensorflow, which is tensorflow:keras$"):
        load("keras")


def test_subject_is_described_by_its_backend():
    assert describe(HERE).switches == {BACKEND: "torch"}
