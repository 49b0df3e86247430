"""The whole input and answer in a terminal, and the sums of all cells."""

from __future__ import annotations

import pytest
from hypothesis import given

from tests.reports.explanation.explained import LECTURE, answer_of, explained, spans
from verify import Case
from verify.reports.explanation.cell import cell_of
from verify.reports.explanation.explain import explain
from verify.reports.explanation.lines import WIDTH, number_text, plain_text
from verify.reports.explanation.whole import all_sums, steps_of, whole_lines


def whole_of(word: str, index: tuple[int, ...]) -> str:
    return plain_text(whole_lines(Case.parse(word), index))


def test_input_and_answer_are_shown_whole() -> None:
    assert whole_of("conv_i2x3_k2x2_f2_same_iota", (0, 0, 0, 1)).split("\n") == [
        "",
        "input    1 plane",
        "  channel 0",
        "  1 2 3 ·",
        "  4 5 6 ·",
        "  · · · ·",
        "",
        "answer   2 planes",
        "  filter 0   filter 1",
        "  62 78 33   74 94 42",
        "  19 23  6   28 34 12",
    ]


def test_window_and_cell_are_marked() -> None:
    lines = [*whole_lines(Case.parse("conv_i5_k3_s2_same_iota"), (0, 1, 0))]
    assert [text.strip() for text in spans(lines, "window")] == ["2", "3", "4"]
    assert [text.strip() for text in spans(lines, "result")] == ["20"]


@given(explained(ranks=(1, 2)))
def test_no_line_is_wider_than_a_terminal(pair: tuple[Case, tuple[int, ...]]) -> None:
    case, index = pair
    assert all(len(line) <= WIDTH for line in plain_text(whole_lines(case, index)).split("\n"))


@pytest.mark.parametrize("word", ["conv_i1x1x1_k1x1x1_same_ones", "conv_i99x99_k1x1_same_ones"])
def test_what_is_large_or_of_three_axes_is_not_shown(word: str) -> None:
    assert whole_of(word, (0,) * len(Case.parse(word).output_shape)) == ""


def test_every_sum_of_the_lecture_is_listed() -> None:
    listed = [*all_sums(Case.parse(LECTURE))]
    assert listed[0] == "(0, 0, 0, 0)  sum 3 + 1 + 1 = 5, bias 5 + 1 = 6, answer 6"
    assert [int(line.rpartition(" ")[2]) for line in listed[::2]] == [6, 4, 3, 13, 7, 4, 10, 9, 5]


@given(explained())
def test_steps_of_a_cell_end_in_its_answer(pair: tuple[Case, tuple[int, ...]]) -> None:
    case, index = pair
    answer = answer_of(explain(case, index))
    name, text = steps_of(case, cell_of(case, index), index=index)[-1]
    assert name == "answer"
    assert number_text(float(text.split(",")[0])) == number_text(answer)
