"""The words of a model: written by `words`, asked by `run --words` and its baseline."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

import pytest

from tests.commands.commanding import Command
from verify.__main__ import main
from verify.subjects.tensorflow.models.nodes import EXPORT

WORD = "conv_i6x6_c4_k3x3_f2_valid_bias_relu_dyadic"

WORDS = f"""\
# grammar 2
# 2 layers
# first
# second
{WORD}
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
        f"# timed/each: it is called inside timed, TimeDistributed: {EXPORT}",
    ]
    assert done.returncode == 3


@pytest.mark.parametrize("size", ["2x2x2x2", "0x3", "ax3", "²x3"])
def test_what_is_no_size_is_one_sentence(size: str, capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["words", "ResNet50", "--size", size])
    output, errors = capsys.readouterr()
    assert (code, output) == (2, "")
    assert f"{size!r} is no size such as 224x224: 1 to 3 numbers above 0" in errors


def test_known_takes_no_place_to_write(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["words", "ResNet50", "--known", "--output", "words.txt"]) == 2
    said = (
        "conv-verify words: --known writes no words, and takes no --output (see conv-verify words --help)\n"
    )
    assert capsys.readouterr().err == said


def test_a_file_of_words_that_is_not_there_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "subjects_to_gate:right", "--words", "nothing.txt"]) == 2
    assert capsys.readouterr().err == "conv-verify: there is no file or folder 'nothing.txt'\n"


def test_a_run_asks_the_words_of_a_file_and_keeps_them_in_its_baseline(
    command: Command, words: str, tmp_path: Path
) -> None:
    files = ("--words", words, "--baseline", "behaviour.json")
    done = command("run", "subjects_to_gate:truncates", "--examples", "1", "--fills", "iota", *files)
    assert done.returncode == 1
    assert f"  case     {WORD}\n" in done.stdout
    assert WORD in (tmp_path / "behaviour.json").read_text("utf-8")
