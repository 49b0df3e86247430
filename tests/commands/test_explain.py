"""`explain`: the first cell, and colours."""

from __future__ import annotations

import pytest

from verify.__main__ import main

LECTURE = "conv_i7x7_c3_k3x3_f2_s2x2_valid_bias_cs231n"


def test_explain_shows_the_first_cell(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", LECTURE]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "answer   6"


def test_explain_is_coloured_when_asked(capsys: pytest.CaptureFixture[str]) -> None:
    main(["explain", LECTURE, "--color", "always"])
    assert "\x1b[" in capsys.readouterr().out
