"""TensorFlow's settings, before it is imported: what the environment says, and oneDNN off without a word."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.places import ROOT
from verify.subjects.tensorflow.switches import kernel_threads, switches


def test_onednn_is_set_off_where_the_environment_says_nothing(monkeypatch):
    monkeypatch.delenv("TF_ENABLE_ONEDNN_OPTS", raising=False)
    monkeypatch.delenv("TF_NUM_INTRAOP_THREADS", raising=False)
    assert switches() == {"TF_ENABLE_ONEDNN_OPTS": "0"}


def test_asking_for_switches_changes_nothing(monkeypatch):
    monkeypatch.delenv("TF_ENABLE_ONEDNN_OPTS", raising=False)
    switches()
    assert "TF_ENABLE_ONEDNN_OPTS" not in os.environ


@pytest.mark.parametrize(("value", "means"), [("true", "1"), ("True", "1"), ("false", "0"), ("", "0")])
def test_onednn_is_read_as_tensorflow_reads_it(value, means, monkeypatch):
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", value)
    assert switches()["TF_ENABLE_ONEDNN_OPTS"] == means


@pytest.mark.parametrize("value", ["0", "1"])
def test_onednn_is_left_as_the_environment_has_it(value, monkeypatch):
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", value)
    assert switches()["TF_ENABLE_ONEDNN_OPTS"] == value


def test_threads_are_a_switch_where_they_are_set(monkeypatch):
    monkeypatch.setenv("TF_NUM_INTRAOP_THREADS", "3")
    assert switches()["TF_NUM_INTRAOP_THREADS"] == "3"


def test_threads_are_those_of_the_environment(monkeypatch):
    monkeypatch.setenv("TF_NUM_INTRAOP_THREADS", "3")
    assert kernel_threads() == "3"


def test_threads_are_the_cores_where_nothing_is_set(monkeypatch):
    monkeypatch.delenv("TF_NUM_INTRAOP_THREADS", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 12)
    assert kernel_threads() == "12"


def test_switches_are_known_without_tensorflow() -> None:
    code = "import sys, verify.subjects.tensorflow.switches; print('tensorflow' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout == "False\n"
