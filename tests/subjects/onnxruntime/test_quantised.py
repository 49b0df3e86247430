"""ONNX Runtime's quantised convolutions: what is written, and how each operator rounds."""

from __future__ import annotations

import numpy as np
import pytest

from tests.subjects.asked import drawn
from verify import Case
from verify.checks.path import Examiner
from verify.checks.subject import describe
from verify.oracle.bounds import judgement
from verify.subjects.onnxruntime import subject
from verify.subjects.onnxruntime.quantised import WAYS

HERE = describe(subject("onnxruntime"))
NAMES = [way.name for way in WAYS]

every_way = pytest.mark.parametrize("name", NAMES)


@every_way
class TestEachWay:
    def test_answer_is_what_is_worked_by_hand(self, name):
        # (3 − 2)·(7 − 5) and the zero point 9
        case = Case.parse("conv_i1x1_k1x1_valid_uint8_qx1z2_qw1z5_qy1z9_cf_ones")
        assert (case.input.item() - 2) * (case.filters.item() - 5) == 1
        assert HERE.ways[name](case).tolist() == [[[[10]]]]

    def test_every_answer_is_that_of_its_scheme(self, name):
        examiner = Examiner(subject=HERE.ways[name])
        outcomes = {str(case): examiner.examine(case).outcome for case in drawn(HERE.ways[name], 25)}
        assert {word for word, outcome in outcomes.items() if outcome == "disagrees"} == set()
        assert sum(outcome == "agrees" for outcome in outcomes.values()) >= 12

    @pytest.mark.long
    def test_every_answer_of_many_is_that_of_its_scheme(self, name):
        examiner = Examiner(subject=HERE.ways[name])
        cases = drawn(HERE.ways[name], 4000, seed=1)
        assert [str(case) for case in cases if examiner.examine(case).fails] == []


@pytest.mark.parametrize(
    ("names", "scheme"),
    [
        (["QLinearConv", "QLinearConv+unoptimized", "QDQ"], "float32"),
        (["ConvInteger", "ConvInteger+unoptimized"], "float32-divided"),
    ],
)
def test_a_product_that_rounds_otherwise_shows_which_scheme_it_is(names, scheme):
    case = Case.parse("depthwise_i20x4_k1x1_same_int8_qx1e-5_qw0.5_qy0.00016z-128_cf_levels4182")
    due = {each: judgement(case, scheme=each).wanted for each in ("float32", "float32-divided")}
    assert not np.array_equal(*due.values())
    for name in names:
        assert HERE.ways[name].scheme == scheme
        assert np.array_equal(HERE.ways[name](case), due[scheme])


def test_conv_between_the_inverses_declares_no_scheme_and_is_asked_few_products():
    way = HERE.ways["QDQ+unoptimized"]
    assert way.scheme == ""
    few, many = (f"conv_i1_c{channels}_k1_valid_int8_cf_ones" for channels in (20, 21))
    assert way.domain.why_not(Case.parse(few)) == ""
    assert way.domain.why_not(Case.parse(many)).startswith("its sums in float32 are within half a unit")


def test_filters_are_signed_of_uint8_alone():
    way = HERE.ways["QLinearConv+signed-filters"]
    assert (
        way.domain.why_not(Case.parse("conv_i1_k1_valid_int8_cf_ones")) == "it answers dtypes uint8, not int8"
    )
