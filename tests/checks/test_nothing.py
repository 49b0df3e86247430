"""Illegal calls that add nothing, and what a known deviation says of operands that are given."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.planted import convolutions
from verify import Case, check
from verify.checks.deviations import deviation_of
from verify.checks.examination import Answered

pytestmark = pytest.mark.injected

ZEROS = np.zeros((1, 2, 1), np.float32)


@pytest.mark.parametrize("answer", [ZEROS, ZEROS[:, :0]], ids=["zeros", "no element"])
def test_sum_of_nothing_may_be_answered_by_zeros(answer: np.ndarray[Any, Any]):
    verdict = check(Case.parse("conv_i2_c0_k1_same_ones_illegal"), convolutions.returning(answer))
    assert verdict.outcome == "vacuous"


@pytest.mark.parametrize(
    ("word", "answer"),
    [
        ("conv_i2_c0_k1_same_ones_illegal", ZEROS + 1),
        ("conv_i2_c0_k1_same_ones_illegal", ZEROS[0]),
        ("conv_i2_c0_k1_s0_same_ones_illegal", ZEROS),
        ("conv_i2_k1_same_ones_wfloat16_illegal", ZEROS),
    ],
    ids=["other numbers", "another shape", "a stride of 0, too", "no count of 0"],
)
def test_anything_else_is_answered(word: str, answer: np.ndarray[Any, Any]):
    with pytest.raises(Answered, match="must be refused"):
        check(Case.parse(word), convolutions.returning(answer))


@pytest.mark.parametrize(
    ("recorded", "excuses"),
    [("conv_i1_k1_s0_same_ones_illegal", []), ("conv_i1_k1_same_ones_w1_illegal", ["planted"])],
    ids=["as the numbers make them", "given"],
)
def test_entry_says_of_given_operands_what_its_own_word_has(recorded: str, excuses: list[str]):
    fields = {"name": "planted", "subjects": ["*"], "kinds": ["answered"], "answered": True, "sentence": "x"}
    entry = deviation_of({**fields, "when": "illegal", "word": recorded})
    case = Case.parse("conv_i3_k2_same_ones_wfloat16_illegal")
    assert [each.name for each in (entry,) if each.explains(case, "answered", {})] == excuses


def test_entry_predicts_the_error_of_memory_that_ran_out():
    fields = {"name": "planted", "subjects": ["*"], "kinds": ["out of memory"], "sentence": "x"}
    entry = deviation_of(
        {**fields, "when": "illegal", "error": "^X", "word": "conv_i1_k1_s0_same_ones_illegal"}
    )
    assert not entry.broad
