"""Illegal quantised calls of TensorFlow Lite's operators: refused, or known to be answered."""

from __future__ import annotations

import pytest

from strategies.illegal import illegal_cases_by_way
from strategies.sample import sample
from tests.subjects.litert.test_operators import WAYS, every_subject
from verify import Case
from verify.checks.examination import Examination
from verify.checks.path import Examiner
from verify.subjects.registry import load

RELEASES = {"tensorflow:lite": "lite", "litert": "litert"}


def examined(subject: str, name: str, word: str) -> Examination:
    described = load(subject)
    return Examiner(subject=described.ways[name], known=described.known).examine(Case.parse(word))


def met(subject: str, name: str, word: str) -> str:
    """What became of a call: `refused`, or the deviation that explains its answer."""
    seen = examined(subject, name, word)
    said = {"agrees": "refused"}.get(seen.outcome, seen.outcome)
    return seen.deviation.name if seen.deviation else said


def unexplained(subject: str, count: int, seed: int) -> dict[str, str]:
    """What of some calls of the ways is neither refused nor explained, and why."""
    described = load(subject)
    pairs = illegal_cases_by_way(
        {name: described.ways[name].domain for name in WAYS},
        operations=("conv", "depthwise", "transpose"),
        dtypes=("int8", "uint8", "int16"),
    )
    examiners = {name: Examiner(subject=described.ways[name], known=described.known) for name in WAYS}
    seen = {f"{name} {case}": examiners[name].examine(case) for name, case in sample(count, seed, pairs)}
    assert len(seen) >= count / 2
    return {word: each.verdict.sentence for word, each in seen.items() if each.fails}


@every_subject
class TestCalls:
    def test_every_drawn_one_is_refused_or_explained(self, subject):
        assert unexplained(subject, 60, seed=0) == {}

    @pytest.mark.long
    def test_every_one_of_many_is_refused_or_explained(self, subject):
        assert unexplained(subject, 5000, seed=1) == {}

    @pytest.mark.parametrize("way", ["CONV_2D", "DEPTHWISE_CONV_2D", "TRANSPOSE_CONV"])
    @pytest.mark.parametrize("scale", ["0", "nan", "inf", "-1", "1e-40"])
    def test_scale_of_the_answer_is_refused_by_xnnpack_alone(self, subject, way, scale):
        operation = {"CONV_2D": "conv", "DEPTHWISE_CONV_2D": "depthwise", "TRANSPOSE_CONV": "transpose"}[way]
        word = f"{operation}_i1_k1_same_int8_qy{scale}_ones_illegal"
        known = f"{RELEASES[subject]}-scales-of-answers-are-not-checked"
        assert {kernels: met(subject, f"{way}+int8{kernels}", word) for kernels in ("", "+builtin")} == {
            "": "refused",
            "+builtin": known,
        }

    @pytest.mark.parametrize("letter", ["x", "w"])
    @pytest.mark.parametrize("scale", ["0", "nan", "inf", "1e-40"])
    def test_a_scale_that_makes_no_multiplier_makes_the_zero_point(self, subject, letter, scale):
        case = Case.parse(f"conv_i1_k1_same_int8_q{letter}{scale}_qy1z7_ones_illegal")
        ways = load(subject).ways
        names = ("CONV_2D+int8", "CONV_2D+int8+builtin", "CONV_2D+int8+reference")
        assert {ways[name].call(case).item() for name in names} == {7}

    @pytest.mark.parametrize("tokens", ["qw1x2", "bias_ones_biasint16", "bias_ones_biasfloat32"])
    def test_too_many_scales_and_a_bias_of_another_dtype_are_refused(self, subject, tokens):
        fill = "" if "ones" in tokens else "_ones"
        assert {
            met(subject, name, f"conv_i1_k1_same_{name.split('+')[1]}_{tokens}{fill}_illegal")
            for name in WAYS
            if name.startswith("CONV_2D")
        } == {"refused"}

    def test_a_bias_of_32_bits_is_taken_for_64(self, subject):
        word = "conv_i1_k1_f2_same_int16_bias_ones_biasint32_illegal"
        seen = examined(subject, "CONV_2D+int16+reference", word)
        assert seen.deviation.name == f"{RELEASES[subject]}-int16-takes-biases-of-32-bits-for-64"
        assert seen.answer.reshape(-1).tolist() == [2, 32767]

    def test_a_transposed_one_has_the_sizes_of_the_legal_call_beside_it(self, subject):
        seen = examined(subject, "TRANSPOSE_CONV+int8", "transpose_i3x4_k2x2_same_int8_qx0_ones_illegal")
        assert seen.deviation.name == f"{RELEASES[subject]}-scales-of-products-are-not-checked"
        assert seen.answer.shape == (1, 3, 4, 1)

    def test_other_illegal_calls_are_not_asked(self, subject):
        reason = "of illegal calls it is asked those that are so by scales, zero points and dtypes alone"
        domain = load(subject).ways["CONV_2D+int8"].domain
        assert domain.why_not(Case.parse("conv_i1_k1_s0_same_int8_ones_illegal")) == reason
        assert domain.why_not(Case.parse("conv_i1_k1_s0_same_int8_qx0_ones_illegal")) == reason
