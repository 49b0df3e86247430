"""`diff`: one subject in two interpreters."""

from __future__ import annotations

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


def test_a_diff_names_words_values_and_the_side_that_is_wrong(command, other_python: str) -> None:
    words = ["conv_i3_k2_same_bfloat16_ints2", "conv_i1x1x1_k1x1x1_same_ones"]
    subject = ["--subject", "tests.planted.fragile:differs_by_place"]
    done = command("diff", sys.executable, other_python, *subject, *words)
    assert done.returncode == 1
    assert DIFFERENCES in done.stdout
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

differ in                       values  first at   A         B
conv_i1x1x1_k1x1x1_same_ones                       answered  declined
conv_i3_k2_same_bfloat16_ints2  3 of 3  (0, 0, 0)  -20       -19

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
