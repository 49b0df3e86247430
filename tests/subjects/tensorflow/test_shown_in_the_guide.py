"""What the guide shows of TensorFlow is what it prints."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import tensorflow as tf

from tests.shown import block_of, is_shown
from verify.__main__ import main
from verify.subjects.processor import ONEDNN

NEWEST = "2.21"


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(ONEDNN, raising=False)


@pytest.mark.parametrize(
    ("topic", "part"), [("failures", "replay tensorflow/"), ("subjects", "killed by SIGFPE")]
)
def test_a_failure_is_what_its_own_line_prints(
    topic: str, part: str, capsys: pytest.CaptureFixture[str]
) -> None:
    block = block_of(topic, "text", part)
    (line,) = (line for line in block.splitlines() if "conv-verify replay" in line)
    assert main(line.partition("conv-verify ")[2].split()) == 1
    assert is_shown(block, capsys.readouterr().out)


@pytest.mark.skipif(not tf.__version__.startswith(NEWEST), reason="another release prints another version")
def test_a_script_prints_what_the_guide_shows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    typed, *shown = block_of("words", "console", "--as script").splitlines()
    exported, _, _ = typed.partition(" > ")
    assert main(exported.split()[2:]) == 0
    (tmp_path / "issue.py").write_text(capsys.readouterr().out, "utf-8")
    done = subprocess.run([sys.executable, "issue.py"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert [*done.stdout.splitlines(), done.stderr.splitlines()[-1]] == shown


def test_the_layers_of_a_model_are_those_that_the_guide_counts(capsys: pytest.CaptureFixture[str]) -> None:
    typed, shown, *_ = block_of("layers", "console", "words ").splitlines()
    assert main(typed.split()[2:]) == 0
    before, _, after = shown.partition(" (keras ")
    printed = capsys.readouterr().out.strip()
    assert printed.startswith(before)
    assert printed.endswith(after.partition(")")[2])
