"""The page of a picture: what it holds, and what cannot be drawn."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.reports.explanation.explained import LECTURE
from tests.reports.explanation.test_explain import LECTURE_ANSWERS
from verify import Case
from verify.checks.subject import describe
from verify.faults import fault_named
from verify.reports.explanation.answered import Answered, answered_array, answered_by
from verify.reports.explanation.picture import write_picture

WRONG = "conv_i2x3_k2x2_same_iota"


def data_of(file: Path) -> Any:
    """The numbers of a page."""
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', file.read_text("utf-8"))
    assert found
    return json.loads(found[1])


def drawn(tmp_path: Path, word: str, answered: Answered | None = None) -> Any:
    write_picture(tmp_path / "picture.html", Case.parse(word), answered=answered)
    return data_of(tmp_path / "picture.html")


def test_answers_of_the_lecture_are_drawn(tmp_path: Path) -> None:
    data = drawn(tmp_path, LECTURE)
    assert data["due"] == LECTURE_ANSWERS.tolist()
    assert data["cells"][0][0]["sums"] == [3, 1, 1]
    assert data["start"] == [0, 0]


def test_wrong_cells_of_a_subject_are_marked(tmp_path: Path) -> None:
    case = Case.parse(WRONG)
    answered = answered_by(describe(fault_named("odd-cell-before")), case)
    data = drawn(tmp_path, WRONG, answered)
    assert data["answered"]["wrong"] == [[0, 1, 2, 3, 4, 5]]
    assert data["answered"]["values"] == [fault_named("odd-cell-before")(case).ravel().tolist()]
    assert [*np.ndindex(2, 3)][data["start"][1]] == answered.verdict.worst.index[1:3]
    assert "looks like  SAME&#39;s odd cell placed before" in (tmp_path / "picture.html").read_text("utf-8")


def test_an_answer_of_another_shape_is_told_and_not_drawn(tmp_path: Path) -> None:
    answered = answered_array("y.npy", np.zeros((1, 2)), Case.parse(WRONG))
    assert drawn(tmp_path, WRONG, answered)["answered"] is None
    assert "has shape (1, 2), not (1, 2, 3, 1)" in (tmp_path / "picture.html").read_text("utf-8")


def test_what_does_not_fit_a_double_is_a_text(tmp_path: Path) -> None:
    data = drawn(tmp_path, "conv_i4_k2_valid_nonfinite3")
    assert {"nan", "inf", "-inf"} & {str(number) for number in data["left"]["planes"][0][0]}
    assert data["due"][0].count("nan") > 0


def test_names_run_nothing(tmp_path: Path) -> None:
    hostile = "</script><script>alert(1)</script>"
    answered = answered_array(hostile, np.zeros((1, 2, 3, 1)), Case.parse(WRONG))
    drawn(tmp_path, WRONG, answered)
    assert hostile not in (tmp_path / "picture.html").read_text("utf-8")


@pytest.mark.parametrize("name", ["##vso[task]", "##[error]", "::error::", '"\\\n\t\x1b\u2028'])
def test_names_of_any_signs_are_numbers_that_the_script_reads(name: str, tmp_path: Path) -> None:
    data = drawn(tmp_path, WRONG, answered_array(name, np.zeros((1, 2, 3, 1)), Case.parse(WRONG)))
    assert data["answered"]["name"] == name


def test_signs_that_turn_the_direction_of_reading_are_written_by_their_codes(tmp_path: Path) -> None:
    answered = answered_array("\u202ey.npy", np.zeros((1, 2, 3, 1)), Case.parse(WRONG))
    drawn(tmp_path, WRONG, answered)
    text = (tmp_path / "picture.html").read_text("utf-8")
    assert "\\u202ey.npy" in text
    assert "\u202e" not in text


@pytest.mark.parametrize(
    ("word", "sentence"),
    [
        ("conv_i1x1x1_k1x1x1_same_ones", "has one or two spatial axes, and .* has 3: explain it without"),
        ("conv_i200x200_k1x1_same_ones", "has 80,001 numbers, and a picture takes 20,000: explain one cell"),
        ("conv_i0_k1_same_ones", "has no cell to explain"),
    ],
)
def test_what_cannot_be_drawn_is_refused_in_one_sentence(tmp_path: Path, word: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        write_picture(tmp_path / "picture.html", Case.parse(word))
    assert not (tmp_path / "picture.html").exists()


def test_a_difference_that_the_dtype_would_hide_is_marked(tmp_path: Path) -> None:
    answer = fault_named("odd-cell-before")(Case.parse("conv_i2x3_k1x1_same_iota")).astype(np.float64)
    answer[0, 1, 1, 0] += 1e-9
    answered = answered_array("y.npy", answer, Case.parse("conv_i2x3_k1x1_same_iota"))
    data = drawn(tmp_path, "conv_i2x3_k1x1_same_iota", answered)
    assert (data["answered"]["wrong"], data["start"]) == ([[4]], [0, 4])


def test_a_quantised_case_is_drawn_as_it_is_explained(tmp_path: Path) -> None:
    data = drawn(tmp_path, "conv_i1x2_k1x2_same_int8_qx0.5z-3_qw0.25_qy0.0625z100_bias_relu6_iota")
    assert data["due"] == [[112, 106]]
    assert [cell["sums"] for cell in data["cells"][0]] == [[5], [2]]


def test_of_two_right_steps_the_nearest_is_drawn(tmp_path: Path) -> None:
    assert drawn(tmp_path, "conv_i1_k1_same_int8_qy2_ones")["due"] == [[0]]
