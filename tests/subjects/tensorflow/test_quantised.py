"""TensorFlow Lite's int8 kernels: their models, their schemes, and the one thing that XNNPACK does wrong."""

from __future__ import annotations

import numpy as np
import pytest

from strategies.cases import cases_by_way
from strategies.sample import sample
from verify import Case
from verify.checks.path import Examiner
from verify.checks.subject import Description, describe
from verify.oracle.bounds import judgement
from verify.subjects.tensorflow import subject
from verify.subjects.tensorflow.quantised import WAYS

LITE = describe(subject("tensorflow:lite"))
INT8 = [way.name for way in WAYS]
AROUND = ("bias", "relu", "relu6")

every_way = pytest.mark.parametrize("name", INT8)


def drawn(way: Description, count: int, seed: int = 0) -> list[Case]:
    return [case for _, case in sample(count, seed, cases_by_way({"": way.domain}, around=AROUND))]


@every_way
class TestEachWay:
    def test_answer_is_what_is_worked_by_hand(self, name):
        operation = LITE.ways[name].operations[0]
        # (−4 + 3)·2 and (5 + 3)·2, by 0.5 · 0.25 / 0.125 = 1 and the zero point 7
        case = Case.parse(f"{operation}_i1x1_k1x1_valid_int8_qx0.5z-3_qw0.25_qy0.125z7_ones")
        assert case.input.item() == -2
        assert LITE.ways[name](case).tolist() == [[[[8]]]]

    def test_every_answer_is_that_of_its_scheme(self, name):
        way = LITE.ways[name]
        examiner = Examiner(subject=way, known=LITE.known)
        outcomes = {str(case): examiner.examine(case).outcome for case in drawn(way, 60)}
        assert {word for word, outcome in outcomes.items() if outcome == "disagrees"} == set()
        assert sum(outcome == "agrees" for outcome in outcomes.values()) >= 30

    @pytest.mark.long
    def test_every_answer_of_many_is_that_of_its_scheme(self, name):
        way = LITE.ways[name]
        examiner = Examiner(subject=way, known=LITE.known)
        wrong = [str(case) for case in drawn(way, 3000, seed=1) if examiner.examine(case).fails]
        assert wrong == []

    def test_ties_are_rounded_as_declared(self, name):
        way = LITE.ways[name]
        word = f"{way.operations[0]}_i9x9_k2x2_valid_int8_qx1z-1_qy16z-100_levels3"
        case, real = Case.parse(word), judgement(Case.parse(word))
        assert (np.asarray(real.allowed) > 0).sum() >= 3
        assert np.array_equal(way(case), judgement(case, scheme=way.scheme).wanted)

    @pytest.mark.parametrize(
        ("tokens", "reason"),
        [
            ("qw1z1_ones", "int8 filters have the zero point 0, by the quantization specification"),
            ("qx2_qy1_ones", "its product with a multiplier of 1 or more may overflow"),
            ("qx1e-10_ones", "its default kernels are others where a multiplier is below 2**-32"),
            ("qx1e-9_qy2e-9_relu6_ones", "the end of relu6 is a step of 32 bits"),
            ("cf_ones", "it answers data formats channels_last, not channels_first"),
        ],
    )
    def test_what_it_does_not_support_is_declined(self, name, tokens, reason):
        case = Case.parse(f"{LITE.ways[name].operations[0]}_i3x3_k1x1_valid_int8_{tokens}")
        assert LITE.ways[name].domain.why_not(case) == reason


DEFECT = "depthwise_i4_k2_s4_same_int8_iota"


@pytest.mark.parametrize(
    "word", [DEFECT, "conv_i5x4_c3_k2x2_f2_s4x4_same_int8_qx0.5z-3_qw0.25x0.1_qy2z5_bias_levels0"]
)
def test_xnnpack_does_not_clamp_the_padding_of_same_and_the_others_do(word):
    case = Case.parse(word)
    outcomes = {}
    for name in INT8:
        way = LITE.ways[name]
        if case.operation in way.operations:
            examination = Examiner(subject=way, known=LITE.known).examine(case)
            outcomes[name] = examination.deviation.name if examination.deviation else examination.outcome
    operator = {"conv": "CONV_2D", "depthwise": "DEPTHWISE_CONV_2D"}[case.operation]
    assert outcomes == {
        f"{operator}+int8": "lite-int8-same-without-clamp",
        f"{operator}+int8+builtin": "agrees",
        f"{operator}+int8+reference": "agrees",
    }


def test_no_other_way_is_asked_quantised_cases():
    case = Case.parse("conv_i3x3_k1x1_valid_int8_ones")
    having = [name for name, way in LITE.ways.items() if way.domain.holds(case)]
    assert having == [name for name in INT8 if not name.startswith("DEPTHWISE")]
    assert not describe(subject("tensorflow")).domain.holds(case)
