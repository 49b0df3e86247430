"""A quantised cell explained: distances from zero points, and every step from the sum to the answer."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.reports.explanation.explained import answer_of, explained, tail_of, text_of
from verify import Case, reference
from verify.cases.dtypes import QUANTISED
from verify.checks.subject import describe
from verify.oracle.schemes import SCHEMES
from verify.reports.explanation.answered import answered_by
from verify.reports.explanation.explain import explain
from verify.reports.explanation.lines import plain_text
from verify.reports.explanation.picture import drawing_of

WORD = "conv_i1x2_k1x2_same_int8_qx0.5z-3_qw0.25_qy0.0625z100_bias_relu6_iota"


@given(
    drawn=explained(
        operations=("conv", "depthwise"), dtypes=tuple(QUANTISED), around=("bias", "relu", "relu6")
    )
)
@settings(deadline=None, max_examples=30)
def test_last_number_is_the_nearest_step(drawn):
    case, at = drawn
    assert answer_of(explain(case, at)) == reference(case)[at]


def test_every_step_is_shown():
    # (1, 2) lie 1 and 2 above the zero point: 1*1 + 2*2 + 1, by 0.5 * 0.25 / 0.0625 = 2
    assert tail_of(WORD, label="sum") == [
        "sum      5",
        "bias     5 + 1 = 6",
        "scale    0.5 * 0.25 / 0.0625 = 2",
        "real     6 * 2 = 12 steps of the answer",
        "relu6    min(max(12, 0), 6/0.0625) = 12",
        "rounded  12",
        "zero     12 + 100 = 112",
        "answer   112",
    ]


def test_numbers_are_distances_and_padding_says_what_it_holds():
    text = text_of(WORD, "0,0,1,0")
    assert "numbers are distances from a zero point: the input of -3" in text
    assert "a cell of padding, which holds the zero point -3: counts as 0" in text


@pytest.mark.parametrize(
    ("word", "line"),
    [
        ("conv_i1_k1_same_int8_qx200_ones", "clamped  int8 goes from -128 to 127: 127"),
        ("conv_i1_k1_same_int8_qy2_ones", "rounded  0 or 1: so near a half step both are right"),
        ("conv_i1_k1_same_int8_qy1z-5_ones", "zero     1 - 5 = -4"),
    ],
)
def test_clamp_tie_and_negative_zero_point_are_said(word, line):
    assert line in text_of(word).splitlines()


@given(
    drawn=explained(
        operations=("conv", "depthwise"), dtypes=tuple(QUANTISED), around=("bias", "relu", "relu6")
    ),
    scheme=st.sampled_from(tuple(SCHEMES)),
)
@settings(deadline=None, max_examples=20)
def test_last_number_is_that_of_the_scheme_that_the_case_is_held_to(drawn, scheme):
    case, at = drawn
    held = case.held_to(scheme)
    assert answer_of(explain(held, at)) == reference(held)[at]


def test_scheme_is_said_in_place_of_two_answers():
    case = Case.parse("conv_i1_k1_same_int8_qy2_ones").held_to("fixed-once")
    lines = plain_text(explain(case, (0, 0, 0))).splitlines()
    assert "rounded  1 by fixed-once: a multiplier of 31 bits; rounded once, halves up" in lines


def test_what_a_subject_answered_is_marked_by_the_scheme_that_it_declares():
    case = Case.parse("conv_i1_k1_same_int8_qy2_ones")

    def up(case: Case) -> np.ndarray:
        return np.ones((1, 1, 1), np.int8)

    up.dtypes, up.scheme = ("int8",), "float32"
    answered = answered_by(describe(up), case)
    assert (answered.scheme, answered.verdict.outcome) == ("float32", "disagrees")
    drawn = drawing_of(case.held_to(answered.scheme), at=None, name="up", answer=answered.answer)
    assert json.loads(drawn.numbers)["answered"]["wrong"] == [[0]]
    assert json.loads(drawing_of(case, at=None, name="up", answer=answered.answer).numbers)["answered"][
        "wrong"
    ] == [[]]
