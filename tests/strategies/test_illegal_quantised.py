"""Quantised calls that must be refused: what is drawn, and that a subject which answers one is found."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import pytest

from strategies.illegal import illegal_cases_by_way
from strategies.sample import sample
from verify import Case
from verify.cases.domain import Domain, Space
from verify.cases.dtypes import QUANTISED
from verify.cases.operands import Array
from verify.checks.path import Examiner
from verify.checks.subject import describe

DOMAIN = Domain(spaces=dict.fromkeys(("conv", "depthwise"), Space(dtypes=tuple(QUANTISED), ranks=(1, 2))))
WRONG = {
    "scale is 0.0": "x_scale is 0.0, and must be a normal float32 number above 0",
    "scale is nan": "_scale is nan",
    "scale is inf": "_scale is inf",
    "scale is -1.0": "_scale is -1.0",
    "a denormal scale": "e-41, and must be a normal float32 number above 0",
    "an input's zero point": "x_zero_point is ",
    "filters' zero point": "w_zero_point is ",
    "an answer's zero point": "y_zero_point is ",
    "too many scales": " channels of the answer",
    "a bias of another dtype": "its bias has dtype ",
    "filters of another dtype": "its filters have dtype ",
    "a stride": "has a number below 1",
}


@cache
def drawn() -> list[Case]:
    pairs = illegal_cases_by_way({"": DOMAIN}, operations=("conv", "depthwise"), dtypes=tuple(QUANTISED))
    return [case for _, case in sample(500, 0, pairs)]


def careful(case: Case) -> Array:
    """A kernel that looks at what it is given, by rules of its own, and says nothing of shapes."""
    scales, form = case.quantised, np.iinfo(case.input.dtype)
    tiny = np.finfo(np.float32).tiny
    numbers = (scales.x_scale, *scales.w_scale, scales.y_scale)
    if not all(math.isfinite(number) and number >= tiny for number in numbers):
        raise ValueError("a scale is no normal number above 0")
    if len(scales.w_scale) > case.output_channels:
        raise ValueError("there are more scales than channels")
    ends = {"x_zero_point": form, "y_zero_point": form, "w_zero_point": np.iinfo(np.int8)}
    if case.input.dtype == np.uint8:
        ends["w_zero_point"] = form
    if not all(end.min <= getattr(scales, name) <= end.max for name, end in ends.items()):
        raise ValueError("a zero point lies outside its dtype")
    dtypes = {"uint8": ("uint8", "int32"), "int8": ("int8", "int32"), "int16": ("int8", "int64")}
    filters, bias = dtypes[case.input.dtype.name]
    if case.filters.dtype != filters or (case.bias is not None and case.bias.dtype != bias):
        raise ValueError("an operand has another dtype")
    return np.zeros(1, case.input.dtype)


def is_of_shapes(case: Case) -> bool:
    return (
        "scale" not in case.why_illegal
        and "dtype" not in case.why_illegal
        and "_zero" not in case.why_illegal
    )


def outcome(subject: object, case: Case) -> str:
    return Examiner(subject=describe(subject)).examine(case).outcome  # type: ignore[arg-type]


careful.dtypes, careful.operations = tuple(QUANTISED), ("conv", "depthwise")  # type: ignore[attr-defined]


@pytest.mark.parametrize("part", WRONG.values(), ids=WRONG)
def test_each_way_of_being_wrong_is_drawn(part: str) -> None:
    assert any(part in (case.why_illegal or "") for case in drawn())


def test_every_call_is_its_word_and_has_its_arrays() -> None:
    for case in drawn():
        again = Case.parse(str(case))
        assert (again, hash(again)) == (case, hash(case))
        assert case.input.shape == case.input_shape


def test_a_subject_that_looks_refuses_every_one_that_is_wrong_in_these_ways() -> None:
    asked = [case for case in drawn() if not is_of_shapes(case)]
    assert len(asked) >= 100
    assert {outcome(careful, case) for case in asked} == {"agrees"}


def test_a_subject_that_answers_one_is_found() -> None:
    case = Case.parse("conv_i1_k1_same_int8_qxnan_ones_illegal")

    def careless(case: Case) -> Array:
        return np.zeros((1, 1, 1), np.int8)

    careless.dtypes = ("int8",)  # type: ignore[attr-defined]
    seen = Examiner(subject=describe(careless)).examine(case)
    assert seen.verdict.sentence == (
        "it answered a call that must be refused, with int8 of shape (1, 1, 1): x_scale is nan, and must be "
        "a normal float32 number above 0"
    )


def test_more_scales_than_channels_reach_the_subject() -> None:
    case = Case.parse("conv_i1_k1_f2_same_int8_qw1x2x3_ones_illegal")
    assert case.quantised.w_scales(case.output_channels) == (1.0, 2.0, 3.0)
    assert case.why_illegal == "w_scale has 3 scales for 2 channels of the answer"


def test_bias_of_another_dtype_is_given_in_it() -> None:
    case = Case.parse("conv_i1_k1_f2_same_int8_bias_ones_biasint16_illegal")
    assert case.bias is not None
    assert (case.bias.dtype, case.bias.tolist()) == (np.int16, [1, 1])
    assert case.why_illegal == "its bias has dtype int16, which is int32 in a convolution of int8"
