"""The guide's tutorial, followed from its first function to its pin, and the outputs that the guide shows."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.places import ROOT
from tests.progress import settled
from tests.shown import block_of, blocks_of, is_shown
from verify.__main__ import main
from verify.commands.guide import TOPICS, text_of
from verify.faults import FAULTS

CODE, SHOWN = (blocks_of(text_of("start"), language) for language in ("python", "text"))

FEW = ("--seed", "1", "--examples", "40")


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "120"}
    done = subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, check=False, cwd=folder, env=environment
    )
    return settled(done)


def command(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return run(folder, "-m", "verify", *arguments)


def test_the_tutorial_leads_where_it_says(tmp_path: Path) -> None:
    function, repair, suite = CODE
    word = "conv_i1x1_k1x2_same_iota"
    (tmp_path / "mine.py").write_text(function, encoding="utf-8")
    red = command(tmp_path, "run", "mine:conv", *FEW)
    assert (red.returncode, red.stderr) == (1, "")
    assert is_shown(SHOWN[0], red.stdout), red.stdout
    (wrong,) = (line.strip() for line in function.splitlines() if "np.pad" in line)
    (tmp_path / "mine.py").write_text(function.replace(wrong, repair.strip()), encoding="utf-8")
    assert command(tmp_path, "replay", "mine:conv", word).stdout.startswith(f"FIXED     {word}")
    green = command(tmp_path, "run", "mine:conv", *FEW)
    assert green.returncode == 0, green.stdout
    assert is_shown(SHOWN[1], green.stdout)
    assert command(tmp_path, "pin", word, "--reason", "SAME's odd cell went before").returncode == 0
    assert (tmp_path / "conv-verify-pins" / "pins.txt").is_file()
    (tmp_path / "test_conv.py").write_text(suite, encoding="utf-8")
    tested = run(
        tmp_path, "-m", "pytest", "-q", "-p", "verify.pytest_plugin", "--conv-examples", "10", "test_conv.py"
    )
    assert tested.returncode == 0, tested.stdout


@pytest.mark.parametrize("topic", TOPICS)
def test_a_topic_is_printed_as_it_is_off_a_terminal(topic: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["guide", topic]) == 0
    assert capsys.readouterr().out == text_of(topic)


def test_topics_are_listed_with_their_titles(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["guide"]) == 0
    out = capsys.readouterr().out
    assert [line.split()[0] for line in out.splitlines()[: len(TOPICS)]] == list(TOPICS)


def test_another_topic_is_refused_with_those_that_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["guide", "word"]) == 2
    assert "words" in capsys.readouterr().err


def test_the_explanation_that_the_guide_shows_is_the_one_that_is_printed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    block = block_of("failures", "text", "\nanswer ")
    assert main(["explain", block.splitlines()[0]]) == 0
    assert is_shown(block, capsys.readouterr().out)


def test_the_failure_that_the_guide_draws_is_the_one_that_is_printed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    block = block_of("failures", "text", "  wrong    ")
    (line,) = (line for line in block.splitlines() if line.startswith("  replay   conv-verify "))
    assert main(line.split()[2:]) == 1
    assert capsys.readouterr().out == block


def test_the_sweep_that_the_guide_shows_is_the_one_that_is_printed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    block = block_of("sweeps", "text", "\ngraded ")
    asked, _, shown = block.removeprefix("$ conv-verify ").partition("\n")
    assert main(asked.split()) == 0
    assert is_shown(shown, capsys.readouterr().out)


README = (ROOT / "README.md").read_text("utf-8")

MY_CONVOLUTION = """\
from mylib.conv import convolve


def my_convolution(images, filters, strides, padding):
    return convolve(images, filters, strides, padding, (1, 1))


"""
"""What the README's function calls, by the convolution of the example project."""


def digits_as(replacement: str, text: str) -> str:
    """A text with the counts of its table and of its conclusion replaced."""
    counted = [line for line in text.splitlines() if re.search(r" (holds|disagrees)$|^Holds: ", line)]
    return "\n".join(re.sub(r" +[\d,]+", replacement, line) for line in counted)


def test_the_green_run_of_the_readme_is_that_of_its_function(tmp_path: Path) -> None:
    function = next(text for text in blocks_of(README, "python") if text.startswith("# mine.py"))
    (tmp_path / "mine.py").write_text(MY_CONVOLUTION + function, encoding="utf-8")
    (tmp_path / "mylib").symlink_to(ROOT / "tests" / "example_project" / "mylib")
    green = command(tmp_path, "run", "mine:conv", *FEW)
    assert green.returncode == 0, green.stdout
    assert len(green.stdout.splitlines()) <= 25
    printed = "\n".join(line.rstrip() for line in green.stdout.splitlines())
    (block,) = (text for text in blocks_of(README, "text") if "\nfaults " in text)
    assert digits_as(" N", block) == digits_as(" N", printed)
    said = re.findall(r"(?m)^(?:faults|regions) .*", block)
    assert said == re.findall(r"(?m)^(?:faults|regions) .*", printed)
    (faults,) = re.findall(r"^faults +(\d+) of \1 visible$", said[0])
    assert f": {faults} of them are such as this function could have had" in README


def test_the_readme_shows_a_failure_as_it_is_printed() -> None:
    (block,) = (text for text in blocks_of(README, "text") if "looks like" in text)
    assert is_shown(block.strip(), SHOWN[0])
    sentences = [fault.sentence for fault in FAULTS]
    assert any(f"looks like  {sentence}\n" in block for sentence in sentences)
