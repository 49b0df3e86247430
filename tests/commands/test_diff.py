"""`diff`: one subject in two interpreters."""

from __future__ import annotations

import html
import json
import sys
from pathlib import Path

import pytest


@pytest.fixture
def other_python(tmp_path: Path) -> str:
    """This interpreter under another name, with a variable of its own."""
    other = tmp_path / "other" / "python"
    other.parent.mkdir()
    other.write_text(f'#!/bin/sh\nFRAGILE=1 exec {sys.executable} "$@"\n')
    other.chmod(0o755)
    return str(other)


def test_a_diff_of_one_interpreter_with_itself_finds_nothing(command, other_python: str) -> None:
    done = command(
        "diff", sys.executable, other_python, "--subject", "subjects_to_gate:right", "--examples", "9"
    )
    assert done.returncode == 0
    assert done.stdout.startswith(f"A  subjects_to_gate:right in {sys.executable}: python ")
    assert "\nB  subjects_to_gate:right in " in done.stdout
    assert "no bit differs and neither disagrees with the reference.\n" in done.stdout


def test_both_sides_are_asked_at_a_time_and_what_is_printed_is_the_same(command, other_python: str) -> None:
    arguments = ["diff", sys.executable, other_python, "--subject", "tests.planted.fragile:differs_by_place"]
    one, two = (command(*arguments, "--examples", "30", "--jobs", jobs) for jobs in "12")
    assert one.returncode == two.returncode == 1
    assert "\n2 jobs\n" in two.stdout
    assert two.stdout.replace("\n2 jobs\n", "\n") == one.stdout


def test_there_are_no_more_jobs_than_sides(command, other_python: str) -> None:
    arguments = ["diff", sys.executable, other_python, "--subject", "subjects_to_gate:right", "--jobs", "9"]
    done = command(*arguments, "conv_i1_k1_same_ones")
    assert done.returncode == 0
    assert "\n2 jobs, as " in done.stdout


@pytest.mark.parametrize("onednn", [None, "0"])
def test_a_diff_names_words_values_and_the_side_that_is_wrong(
    command, other_python: str, onednn: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TF_ENABLE_ONEDNN_OPTS", raising=False)
    if onednn is not None:  # which is none of this subject's
        monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", onednn)
    words = ["conv_i3_k2_same_bfloat16_ints2", "conv_i1x1x1_k1x1x1_same_ones"]
    subject = ["--subject", "tests.planted.fragile:differs_by_place"]
    done = command("diff", sys.executable, other_python, *subject, *words)
    assert done.returncode == 1
    again = f"conv-verify diff {sys.executable} {other_python} {' '.join(subject)}"
    assert DIFFERENCES.replace("AGAIN", again) in done.stdout
    assert (
        "\nB: tests.planted.fragile:differs_by_place disagrees with the reference: 3 of 3 values"
        in done.stdout
    )
    replay = f"conv-verify replay --python {other_python} tests.planted.fragile:differs_by_place {words[0]}\n"
    assert f"  replay   {replay}" in done.stdout
    assert "disagrees with the reference in 0 and B in 1.\n" in done.stdout


DIFFERENCES = """\
   agrees  declined  vacuous  known  disagrees
A       2         0        0      0          0
B       0         1        0      0          1

conv_i1x1x1_k1x1x1_same_ones
  differ   A answered, B declined
  replay   AGAIN conv_i1x1x1_k1x1x1_same_ones

conv_i3_k2_same_bfloat16_ints2
  differ   3 of 3 values, by at most 8 ulps; first at (0, 0, 0): A -20, B -19
  bound    A 0 of the bound, B beyond a bound of 0: A is nearer
  replay   AGAIN conv_i3_k2_same_bfloat16_ints2

conv bfloat16        3 of 3 values have other bits, in 1 of 1 case
                     nearer in 0, farther in 1; the largest error 0 → inf of the bound
turned               1 case: answered → declined
versions             the same
machine              the same
"""


def test_a_diff_without_a_graded_case_exits_3(command, other_python: str) -> None:
    word = "conv_n0_i1_k1_same_ones"
    done = command("diff", sys.executable, other_python, "--subject", "subjects_to_gate:right", word)
    assert done.returncode == 3


def test_a_diff_with_what_is_no_interpreter_is_one_sentence(command) -> None:
    done = command("diff", sys.executable, "/nowhere/python", "--subject", "subjects_to_gate:right")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "conv-verify: '/nowhere/python' cannot be run: No such file or directory\n"


def test_a_diff_asks_the_words_of_a_file(command, other_python: str, tmp_path: Path) -> None:
    (tmp_path / "layers.txt").write_text("# grammar 2\nconv_i3_k2_same_bfloat16_ints2\n", "utf-8")
    subject = ("--subject", "tests.planted.fragile:differs_by_place")
    done = command("diff", sys.executable, other_python, *subject, "--words", "layers.txt")
    assert "\nOf 1 case 1 differs between A and B, A is nearer in 1; " in done.stdout
    done = command("diff", sys.executable, other_python, *subject, "--words", "layers.txt", "--ranks", "2")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "conv-verify: the narrowings leave none of the cases that are named\n"


def test_a_diff_is_recorded_and_shown_on_a_page(command, other_python: str, tmp_path: Path) -> None:
    words = ("conv_i3_k2_same_bfloat16_ints2", "conv_i1x1x1_k1x1x1_same_ones")
    subject = ("--subject", "tests.planted.fragile:differs_by_place")
    files = ("--report", "diff.jsonl", "--html", "diff.html")
    done = command("diff", sys.executable, other_python, *subject, *words, *files)
    first, turned, differing, end = map(json.loads, (tmp_path / "diff.jsonl").read_text("utf-8").splitlines())
    assert (first["type"], first["cases"], end["exit_code"]) == ("diff", 2, 1)
    assert (turned["shown"], turned["nearer"], turned["ulps"]) == (
        {"A": "answered", "B": "declined"},
        None,
        None,
    )
    assert (differing["ulps"], differing["nearer"], differing["errors"]) == (8, "A", {"A": 0.0, "B": None})
    assert differing["replay"] in done.stdout
    page = (tmp_path / "diff.html").read_text("utf-8")
    assert "by at most 8 ulps" in page
    assert html.unescape(end["conclusion"]) in html.unescape(page)
