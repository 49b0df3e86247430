"""The words of a model: written by `words`, asked by `run --words` and its baseline."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

import pytest

from tests.commands.commanding import Command

WORDS = """\
# grammar 2
# 2 layers
# first
# second
conv_i6x6_c4_k3x3_f2_valid_bias_relu_dyadic
"""


@pytest.fixture
def words(tmp_path: Path) -> str:
    (tmp_path / "layers.txt").write_text(WORDS, "utf-8")
    return "layers.txt"


@pytest.mark.needs_tensorflow
def test_a_model_is_written_as_words(command: Command, tmp_path: Path) -> None:
    done = command("words", "models:unread", "--output", "words.txt")
    assert done.stdout == (
        f"wrote words.txt: sequential (keras {version('keras')}), of 2x6x6x4: 2 convolutions in 0 words; "
        "2 of them have no word\n"
    )
    assert (tmp_path / "words.txt").read_text("utf-8").splitlines()[3:] == [
        "# no word",
        "# recurrent: a ConvLSTM2D convolves at every step of a sequence, with a state",
        "# timed/each: it is called inside timed, TimeDistributed, and only a run shows with what",
    ]
    assert done.returncode == 3


@pytest.mark.parametrize("size", ["2x2x2x2", "0x3", "ax3", "²x3"])
def test_what_is_no_size_is_one_sentence(command: Command, size: str) -> None:
    done = command("words", "ResNet50", "--size", size)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"{size!r} is no size such as 224x224: 1 to 3 numbers above 0" in done.stderr


def test_a_run_asks_the_words_of_a_file(command: Command, words: str) -> None:
    arguments = ("--examples", "1", "--fills", "iota", "--words", words)
    done = command("run", "subjects_to_gate:truncates", *arguments)
    assert "conv_i6x6_c4_k3x3_f2_valid_bias_relu_dyadic" in done.stdout
    assert done.returncode == 1


def test_a_baseline_has_the_words_of_a_run(command: Command, words: str, tmp_path: Path) -> None:
    arguments = ("--examples", "1", "--words", words, "--baseline", "behaviour.json")
    assert command("run", "subjects_to_gate:right", *arguments).returncode == 0
    assert "conv_i6x6_c4_k3x3_f2_valid_bias_relu_dyadic" in (tmp_path / "behaviour.json").read_text("utf-8")


def test_a_file_of_words_that_is_not_there_is_one_sentence(command: Command) -> None:
    done = command("run", "subjects_to_gate:right", "--words", "nothing.txt")
    assert (done.returncode, done.stderr) == (2, "conv-verify: there is no file or folder 'nothing.txt'\n")
