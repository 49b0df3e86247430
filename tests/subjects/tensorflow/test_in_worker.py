"""TensorFlow in a worker: one process for all of its subjects, and none of it in this one."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.places import ROOT
from tests.progress import settled
from tests.subjects.asked import CASE, verdict_of
from verify import Case
from verify.subjects.isolated import Isolated
from verify.subjects.tensorflow.imported import tf
from verify.subjects.tensorflow.ways import known_deviations


def test_tensorflow_answers_from_a_worker() -> None:
    subject = Isolated("tensorflow")
    assert (verdict_of(subject, CASE).outcome, subject.options) == ("agrees", "")


def test_known_deviations_come_with_the_version_of_the_worker() -> None:
    subject = Isolated("tensorflow")
    assert [deviation.name for deviation in subject.known] == [
        entry.name for entry in known_deviations("tensorflow")
    ]
    assert subject.versions["tensorflow"] == tf.__version__


def test_subjects_of_one_framework_share_a_process() -> None:
    first, second = (Isolated(name) for name in ("tensorflow", "tensorflow:convolution"))
    case = Case.parse("conv_i3_k2_same_iota")
    assert first(case).tolist() == second(case).tolist()
    assert first._server is second._server
    assert first._server is not None
    life = first._server.life
    assert first(case).tolist() == second(case).tolist()
    assert first._server.life is life


LECTURE = "conv_i7x7_c3_k3x3_f2_s2x2_valid_bias_cs231n"
REPLAY = f"""
import runpy, sys
sys.argv = ["verify", "replay", "tensorflow", "{CASE}", "{LECTURE}"]
try:
    runpy.run_module("verify", run_name="__main__", alter_sys=True)
finally:
    print("tensorflow" in sys.modules)
"""


@pytest.fixture(scope="module")
def replayed() -> subprocess.CompletedProcess[str]:
    """`python -m verify replay` in a fresh process, which then says whether it has TensorFlow."""
    command = [sys.executable, "-c", REPLAY]
    return settled(subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT))


def test_running_tensorflow_leaves_standard_error_alone(replayed: subprocess.CompletedProcess[str]) -> None:
    assert replayed.stderr == ""
    assert replayed.stdout.splitlines()[:-1] == [
        f"holds     {word}  (tensorflow/{way})"
        for word in (CASE, LECTURE)
        for way in ("tf.nn.conv2d", "tf.nn.convolution", "tf.pad+tf.nn.conv2d")
        if word == CASE or "pad" not in way  # VALID has no cells to pad
    ]


def test_tensorflow_is_never_imported_where_it_is_asked(replayed: subprocess.CompletedProcess[str]) -> None:
    assert replayed.stdout.splitlines()[-1:] == ["False"]
