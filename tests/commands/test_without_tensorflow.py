"""Where TensorFlow is not installed: what needs it says so and how to install it; the rest works."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.places import ALONE, GATE_PLUGINS, PLANTED, ROOT
from tests.progress import settled
from verify.corpus.failures import Failed, remember
from verify.subjects.processor import ONEDNN

WORD = "conv_i2x2_k1x1_same_ones"

LINE = "pip install 'conv-verify[tensorflow]'"
SENTENCE = f"needs tensorflow, which is not installed: {LINE}"

BLOCKED = """
import sys

sys.modules["tensorflow"] = sys.modules["keras"] = sys.modules["onnxruntime"] = None
"""
"""What Python runs when it starts: an import of these fails as that of a module which is not there.

Where no framework is installed, a run of all says how to install TensorFlow.
"""

MINE = "subjects_to_gate:right"

Python = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def python(tmp_path: Path) -> Python:
    """Runs Python in an empty folder, without a framework in it or in its workers."""
    shim, folder = tmp_path / "shim", tmp_path / "folder"
    for path in (shim, folder):
        path.mkdir()
    (shim / "sitecustomize.py").write_text(BLOCKED, "utf-8")
    outside = {name: value for name, value in os.environ.items() if name != ONEDNN}
    places = {"PYTHONPATH": f"{shim}:{ROOT}:{PLANTED}", "COLUMNS": "100", ALONE: "1"}

    def run(*arguments: str, file: str = "") -> subprocess.CompletedProcess[str]:
        if file:
            (folder / "test_mine.py").write_text(file, "utf-8")
        done = subprocess.run(
            [sys.executable, *arguments],
            capture_output=True, text=True, check=False, cwd=folder, env={**outside, **places},
        )  # fmt: skip
        return settled(done)

    return run


NEEDED = {
    "run": ("run",),
    "run of it": ("run", "tensorflow"),
    "run of another": ("run", "tensorflow:keras"),
    "run of a way": ("run", "tensorflow/tf.nn.conv2d"),
    "run of a pattern": ("run", "tensorflow:*"),
    "run in this process": ("run", "tensorflow:xla", "--no-isolate"),
    "run beside one's own": ("run", MINE, "tensorflow"),
    "replay": ("replay", "tensorflow", WORD),
    "replay of a way": ("replay", "tensorflow:raw/Conv2D", WORD),
    "diff": ("diff", sys.executable, sys.executable),
    "sweep": ("sweep", "--upto", "2"),
    "sweep in this process": ("sweep", "--upto", "2", "--no-isolate"),
    "export": ("export", WORD, "--as", "script"),
}


@pytest.mark.parametrize("words", NEEDED.values(), ids=NEEDED)
def test_what_needs_it_is_one_sentence_with_the_line_that_installs_it(
    python: Python, words: tuple[str, ...]
) -> None:
    done = python("-m", "verify", *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert SENTENCE in done.stderr
    assert (done.stderr.startswith("conv-verify: 'tensorflow"), done.stderr.count("\n")) == (True, 1)


def test_reading_a_model_needs_it(python: Python) -> None:
    done = python("-m", "verify", "words", "ResNet50")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"conv-verify: 'ResNet50' {SENTENCE}\n"


WORKS = {
    "explain": (("explain", WORD), "answer"),
    "list": (("list",), "tensorflow:keras"),
    "pin": (("pin", WORD, "--reason", "it was wrong"), f"pinned    {WORD}"),
    "replay": (("replay", MINE, WORD), f"holds     {WORD}"),
    "replay in a worker": (("replay", "--isolate", MINE, WORD), f"holds     {WORD}"),
    "sweep": (("sweep", MINE, "--upto", "2"), "No counterexample among all"),
    "diff": (
        ("diff", sys.executable, sys.executable, "--subject", MINE, "--examples", "5"),
        "no bit differs",
    ),
    "export as pytest": (("export", WORD, "--as", "pytest"), 'usual("tensorflow")'),
    "export as npz": (("export", WORD, "--as", "npz"), "wrote "),
}


@pytest.mark.parametrize(("words", "said"), WORKS.values(), ids=WORKS)
def test_everything_else_works(python: Python, words: tuple[str, ...], said: str) -> None:
    done = python("-m", "verify", *words)
    assert (done.returncode in (0, 3), done.stderr) == (True, "")
    assert said in done.stdout


def test_a_model_is_exported(python: Python) -> None:
    pytest.importorskip("onnx")
    assert python("-m", "verify", "export", WORD, "--as", "onnx").stdout == f"wrote {WORD}\n"


def test_the_harness_tests_itself(python: Python) -> None:
    done = python("-m", "verify", "selftest", "--examples", "3")
    assert done.returncode in (0, 3)  # so few need not show every fault
    assert done.stderr == ""
    assert "first: the first case that shows the fault" in done.stdout


def test_a_run_is_recorded_and_reported(python: Python) -> None:
    done = python("-m", "verify", "run", MINE, "--examples", "5", "--seed", "1", "--report", "a.jsonl")
    again = python("-m", "verify", "report", "a.jsonl")
    assert {done.returncode, again.returncode} <= {0, 3}
    assert done.stderr + again.stderr == ""
    assert MINE in done.stdout
    assert MINE in again.stdout


def test_a_recorded_failure_of_it_is_not_replayed_and_says_why(python: Python, tmp_path: Path) -> None:
    failure = Failed(subject="tensorflow", word=WORD, kind="value", first_seen="2026-01-31")
    remember(tmp_path / "folder" / "failures.jsonl", [failure])
    done = python("-m", "verify", "replay", "--failures", "failures.jsonl")
    assert (done.returncode, done.stderr) == (2, "")
    assert SENTENCE in done.stdout
    assert done.stdout.startswith("unloaded ")


GATES = """
from verify.gate import conformance

TestTensorflow = conformance("tensorflow", ranks=(1,))
TestMine = conformance("subjects_to_gate:right", ranks=(1,))
"""


def test_a_gate_of_it_is_one_error_and_the_others_are_run(python: Python) -> None:
    done = python("-m", "pytest", *GATE_PLUGINS, "--conv-examples=5", "-k", "values or bits", file=GATES)
    assert done.returncode == 1
    assert done.stdout.count(f"\n'tensorflow' {SENTENCE}") == 1
    assert " 2 passed, 1 skipped, " in done.stdout
    assert ", 1 error in " in done.stdout
    assert "Holds" not in done.stdout


def test_it_is_an_extra_that_the_base_does_not_need_and_the_tests_do() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert [name for name in project["dependencies"] if name.startswith(("tensorflow", "keras"))] == []
    extras = project["optional-dependencies"]
    assert [name.partition(">")[0] for name in extras["tensorflow"]] == ["tensorflow"]
    assert [name for name in extras["test"] if name.startswith("conv-verify[tensorflow]")] != []


def test_both_commands_of_the_readme_install_it() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    installs = [line for line in readme.splitlines() if line.startswith("$ python3 -m venv .venv && ")]
    assert [line.partition("--quiet ")[2].partition(" ")[0] for line in installs] == [
        "'.[tensorflow]'",
        "'.[test]'",
    ]
