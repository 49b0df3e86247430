"""`explain`: the first cell, colours, the whole, a picture, own arrays, and what was answered."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from verify.__main__ import main

LECTURE = "conv_i7x7_c3_k3x3_f2_s2x2_valid_bias_cs231n"


def test_explain_shows_the_first_cell(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", LECTURE]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "answer   6"


def test_explain_is_coloured_when_asked(capsys: pytest.CaptureFixture[str]) -> None:
    main(["explain", LECTURE, "--color", "always"])
    assert "\x1b[" in capsys.readouterr().out


WRONG = "conv_i2x3_k2x2_same_iota"


def test_explain_shows_a_small_input_whole_and_every_sum(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", LECTURE, "--all"]) == 0
    out = capsys.readouterr().out
    assert "\ninput    3 planes\n  channel 0       channel 1       channel 2\n  0 0 0 0 0 0 0   0 0" in out
    assert out.splitlines()[-1] == "(0, 2, 2, 1)  sum 4 + 6 + 2 = 12, bias 12 + 0 = 12, answer 12"


def test_explain_puts_a_subject_beside_what_is_due(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", WRONG, "--subject", "fault:odd-cell-before"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert "cell     (0, 1, 2, 0): batch 0, row 1, column 2, filter 0" in lines
    assert [line for line in lines if line.startswith(("answer  ", "answered"))][-2:] == [
        "answer   6",
        "answered 47.0 by fault:odd-cell-before",
    ]
    assert "  looks like  SAME's odd cell placed before instead of after" in lines


def test_explain_writes_a_picture_of_own_arrays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    np.save("x.npy", np.ones((1, 3, 3, 1), np.float32))
    np.save("w.npy", np.ones((2, 2, 1, 1), np.float32))
    np.save("y.npy", np.full((1, 2, 2, 1), 4, np.float32))
    call = ["explain", "--x", "x.npy", "--w", "w.npy", "--html", "picture.html"]
    assert main([*call, "--answer", "y.npy"]) == 0
    assert capsys.readouterr().out == "wrote picture.html\ny.npy agrees\n"
    assert main([*call, "--answer", "y.npy", "--padding", "0.1x0.1", "--strides", "2"]) == 1
    assert "worst    at (0, 1, 1, 0): got 4.0, want 1.0" in capsys.readouterr().out
    assert "conv of x.npy (1, 3, 3, 1) and w.npy (2, 2, 1, 1)" in Path("picture.html").read_text("utf-8")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--x", "x.npy"], "Missing argument 'WORD', or your own arrays: --x x.npy --w w.npy"),
        (
            [LECTURE, "--x", "x.npy"],
            f"--x is for your own arrays, and '{LECTURE}' is a case, which has its own",
        ),
        (["--x", "x.npy", "--w", "w.npy"], "there is no file 'x.npy': name another"),
        (["--strides", "two"], "'two' is neither a number nor one for each axis, such as 2 or 2,1"),
        (["--padding", "sam"], "'sam' is none of same, valid, cells such as 1 or 1,2, and before.after"),
        (
            [LECTURE, "--subject", "tensorflow", "--answer", "y.npy"],
            "--subject and --answer both say what was answered; give one",
        ),
        (["conv_i1x1x1_k1x1x1_same_ones", "--html", "a.html"], "has 3: explain it without --html"),
        ([LECTURE, "--html", "none/a.html"], "there is no folder 'none': make it, or name another"),
    ],
)
def test_explain_refuses_in_one_sentence(
    arguments: list[str],
    sentence: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["explain", *arguments]) == 2
    assert sentence in capsys.readouterr().err


def test_the_page_of_a_run_is_not_replaced_by_a_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("pyproject.toml").write_text('[tool.conv-verify]\nhtml = "run.html"\n')
    assert main(["explain", LECTURE]) == 0
    assert not Path("run.html").exists()


def test_an_answer_that_was_declined_proves_too_little(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    source = "from verify import Declined\n\ndef conv(case):\n    raise Declined('no <b>kernel</b>')\n"
    Path("declining_conv.py").write_text(source)
    assert main(["explain", WRONG, "--subject", "declining_conv:conv", "--html", "picture.html"]) == 3
    assert capsys.readouterr().out == ("wrote picture.html\ndeclining_conv:conv declined: no <b>kernel</b>\n")
    assert "<b>" not in Path("picture.html").read_text("utf-8")
