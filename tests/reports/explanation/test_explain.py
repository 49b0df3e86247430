"""Explanations as a whole: their texts, the lecture's answers, cells that cannot be explained."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.reports.explanation.explained import LECTURE, answer_of, text_of
from verify import Case
from verify.reports.explanation.explain import explain, parse_index

TRANSCRIPT = (Path(__file__).parent / "transcript.txt").read_text("utf-8")
TEXTS = dict(entry.split("\n", 1) for entry in TRANSCRIPT.split("$ explain ")[1:])
"""What the command is given → what it prints."""

LECTURE_ANSWERS = np.array([[6, 4, 3, 13, 7, 4, 10, 9, 5], [-1, -3, 1, 0, 6, 2, 1, -3, 12]])


@pytest.mark.parametrize("command", TEXTS)
def test_the_whole_text_is_pinned(command: str) -> None:
    word, _, at = command.partition(" --at ")
    assert text_of(word, at or None) == TEXTS[command].rstrip("\n")


@pytest.mark.parametrize("row", range(3))
@pytest.mark.parametrize("column", range(3))
@pytest.mark.parametrize("number", range(2))
def test_every_answer_of_the_lecture_is_reached(row: int, column: int, number: int) -> None:
    lines = explain(Case.parse(LECTURE), (0, row, column, number))
    assert answer_of(lines) == LECTURE_ANSWERS[number, 3 * row + column]


def test_nan_is_explained_where_it_comes_up() -> None:
    text = text_of("conv_i4_k2_valid_relu6_nonfinite1")
    assert "nan is not a number: 0*inf, inf - inf and every sum with a nan give it\n" in text
    assert text.endswith("sum      nan\nrelu6    min(max(nan, 0), 6) = nan\nanswer   nan")


@pytest.mark.parametrize(
    ("word", "at", "sentence"),
    [
        (LECTURE, (0, 1), "(0, 1) is no index of 4 numbers into the answer, whose shape is (1, 3, 3, 2)"),
        (LECTURE, (0, 3, 0, 0), "(0, 3, 0, 0) lies outside the answer, whose shape is (1, 3, 3, 2)"),
        (LECTURE, (0, 0, 0, -1), "(0, 0, 0, -1) lies outside the answer, whose shape is (1, 3, 3, 2)"),
        (
            "conv_i3_f2_k3_valid_cf_ones",
            (0, 0, 1),
            "(0, 0, 1) lies outside the answer, whose shape is (1, 2, 1)",
        ),
        (
            "conv_i5_k3_s0_same_ones_illegal",
            None,
            (
                "'conv_i5_k3_s0_same_ones_illegal' has no answer: "
                "the call must be refused, as 's0' has a number below 1"
            ),
        ),
        (
            "transpose_i5_k3_same_ones_o4_illegal",
            (0, 0, 0),
            (
                "'transpose_i5_k3_same_ones_o4_illegal' has no answer: the call must be refused, "
                "as its input has o4, where the forward convolution answers 5"
            ),
        ),
        (
            "conv_n0_i3_k3_valid_ones",
            None,
            "'conv_n0_i3_k3_valid_ones' has no cell to explain: its answer has the shape (0, 1, 1)",
        ),
    ],
)
def test_case_without_that_cell_is_refused(word: str, at: tuple[int, ...] | None, sentence: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        explain(Case.parse(word), at)


@given(st.lists(st.integers(0, 999_999_999), min_size=1, max_size=5), st.sampled_from([",", "x", ", "]))
def test_index_is_read_back(numbers: list[int], joint: str) -> None:
    assert parse_index(joint.join(map(str, numbers))) == tuple(numbers)


@pytest.mark.parametrize("index", [(0, 1, 2, 0), (7,)])
def test_index_is_read_as_a_failure_prints_it(index: tuple[int, ...]) -> None:
    assert parse_index(str(index)) == index


@pytest.mark.parametrize("text", ["", "0,", "-1,0", "0;1", "a", "1.5", "0,,1", "٣", "1\n", "1234567890"])
def test_text_that_is_no_index_is_refused(text: str) -> None:
    sentence = f"{text!r} is not an index such as 0,1,2,0 (whole numbers joined by commas or x)"
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        parse_index(text)
