"""Illegal quantised calls of ONNX Runtime's operators: refused, or known to be answered."""

from __future__ import annotations

import pytest

from strategies.illegal import illegal_cases_by_way
from strategies.sample import sample
from verify import Case
from verify.checks.path import Examiner
from verify.checks.subject import describe
from verify.subjects.onnxruntime import subject
from verify.subjects.onnxruntime.quantised import WAYS

HERE = describe(subject("onnxruntime"))
NAMES = [way.name for way in WAYS]
KNOWN = "onnxruntime-scales-are-not-checked"


def met(name: str, case: Case) -> str:
    """What became of a call: `refused`, or the deviation that explains its answer."""
    seen = Examiner(subject=HERE.ways[name], known=HERE.known).examine(case)
    return seen.deviation.name if seen.deviation else {"agrees": "refused"}.get(seen.outcome, seen.outcome)


def outcomes(count: int, seed: int) -> dict[str, str]:
    pairs = illegal_cases_by_way(
        {name: HERE.ways[name].domain for name in NAMES},
        operations=("conv", "depthwise"),
        dtypes=("int8", "uint8"),
    )
    return {f"{name} {case}": met(name, case) for name, case in sample(count, seed, pairs)}


def test_every_drawn_call_is_refused_or_explained():
    assert set(outcomes(60, seed=0).values()) == {"refused", KNOWN}


@pytest.mark.long
def test_every_one_of_many_is_refused_or_explained():
    assert set(outcomes(3000, seed=1).values()) == {"refused", KNOWN}


@pytest.mark.parametrize(
    ("scale", "answer"), [("0", 0), ("nan", -128), ("inf", 127), ("-1", -1), ("1e-40", 0)]
)
def test_a_scale_of_the_input_is_computed_with_whatever_it_is(scale, answer):
    case = Case.parse(f"conv_i1_k1_same_int8_qx{scale}_cf_ones_illegal")
    assert met("QLinearConv", case) == KNOWN
    assert HERE.ways["QLinearConv"].call(case).item() == answer


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("int8_qx1z128_cf", "its zero points are tensors of a dtype, which hold no number outside it"),
        ("uint8_cf_ones_wint8", "its operators are defined for filters of other integers, too"),
    ],
)
def test_what_a_graph_cannot_say_is_not_asked(word, reason):
    case = Case.parse(f"conv_i1_k1_same_{word}{'' if 'ones' in word else '_ones'}_illegal")
    assert HERE.ways["QLinearConv"].domain.why_not(case) == reason


def test_scales_of_the_operands_are_none_of_conv_integer():
    reason = "the scales of its operands are no operands of ConvInteger, and Mul takes any numbers"
    ways = {
        scale: Case.parse(f"conv_i1_k1_same_int8_q{scale}_cf_ones_illegal") for scale in ("x0", "w1x1", "y0")
    }
    why = {scale: HERE.ways["ConvInteger"].domain.why_not(case) for scale, case in ways.items()}
    assert why == {"x0": reason, "w1x1": reason, "y0": ""}
    assert met("ConvInteger", ways["y0"]) == KNOWN


def test_float_ways_are_asked_no_illegal_call():
    assert {name for name, way in HERE.ways.items() if not way.refuses} == {*HERE.ways} - {*NAMES}
