"""`replay`: what it prints of words, files and crashes, and its exit codes."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.places import PLANTED
from verify.__main__ import main

LECTURE = "conv_i7x7_c3_k3x3_f2_s2x2_valid_bias_cs231n"


def test_the_replay_line_shows_the_failure_again(command) -> None:
    done = command("replay", "subjects_to_gate:writes", "conv_i1_k1_same_ones")
    assert done.returncode == 1
    assert done.stdout.startswith(
        "subjects_to_gate:writes disagrees with the reference: it wrote to the input"
    )


def test_replay_reads_words_files_folders_and_standard_input(command, tmp_path: Path) -> None:
    (tmp_path / "pins").mkdir()
    (tmp_path / "pins" / "a.txt").write_text(
        "# grammar 2\n# why\nconv_i1_k1_same_ones\n\nconv_i2_k1_same_ones # so\n"
    )
    words = ["conv_i3_k1_same_ones", "pins", "pins/a.txt", "-"]
    done = command("replay", "subjects_to_gate:right", *words, words="conv_i4_k1_same_ones\n")
    numbers = [line.split("_")[1] for line in done.stdout.splitlines()]
    assert (done.returncode, numbers) == (0, ["i3", "i1", "i2", "i1", "i2", "i4"])


def test_words_may_stand_on_both_sides_of_an_option(capsys: pytest.CaptureFixture[str]) -> None:
    sys.path.insert(0, str(PLANTED))
    words = ["conv_i1_k1_same_ones", "--isolate", "conv_i2_k1_same_ones", "conv_i3_k1_same_ones"]
    assert main(["replay", "subjects_to_gate:right", *words]) == 0
    assert capsys.readouterr().out == "".join(f"holds     conv_i{size}_k1_same_ones\n" for size in (1, 2, 3))


def test_replay_names_what_is_declined_and_what_is_vacuous(capsys: pytest.CaptureFixture[str]) -> None:
    sys.path.insert(0, str(PLANTED))
    assert main(["replay", "subjects_to_gate:declines", LECTURE]) == 3
    assert main(["replay", "subjects_to_gate:right", "conv_n0_i1_k1_same_ones"]) == 3
    assert capsys.readouterr().out == (
        f"declined  {LECTURE}  (not today, with 2 axes)\n"
        "Proves too little: no case was judged on values that could have failed.\n"
        "vacuous   conv_n0_i1_k1_same_ones  (the answer is empty)\n"
        "Proves too little: no case was judged on values that could have failed.\n"
    )


def test_ctrl_c_while_loading_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(name: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("verify.subjects.isolated.isolated", interrupted)
    assert main(["replay", "tensorflow", LECTURE]) == 3


@pytest.mark.parametrize("token", ["z1.0", "leaky0.25", "p1.0"])
def test_a_word_with_a_point_is_no_file(
    capsys: pytest.CaptureFixture[str], token: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # a replay that fails is recorded there
    padding = "" if token.startswith("p") else "_same"
    assert main(["explain", f"conv_i3_k2{padding}_{token}_ones"]) == 0
    assert main(["replay", "verify:reference", f"conv_i3_k2{padding}_{token}_ones"]) in (0, 1)
    assert "no file" not in capsys.readouterr().err


def test_a_replay_line_of_a_crash_shows_it_again(command) -> None:
    done = command("replay", "--isolate", "tests.planted.fragile:exits", "conv_i1_k1_same_ones")
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.startswith(
        "CRASHED   conv_i1_k1_same_ones  (it exited with code 7)\n"
        "tests.planted.fragile:exits crashed: it exited with code 7\n"
    )


def test_a_time_limit_isolates(command) -> None:
    done = command("replay", "tests.planted.fragile:hangs", "conv_i1_k1_same_ones", "--timeout", "0.2")
    assert done.returncode == 1
    assert done.stdout.startswith("tests.planted.fragile:hangs timed out: it gave no answer in 0.2 s\n")
