"""Calls that must be refused: what is drawn, that each way of being wrong is reached, the smallest."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import Phase, find, given, settings

from strategies import illegal_cases
from verify import Case

searching = settings(max_examples=5_000, deadline=None, database=None, derandomize=True)

unshrunk = settings(searching, phases=[Phase.generate])

ALL = ("conv", "depthwise", "separable", "transpose")
WRONG = {
    "'s": ALL,
    "'d": ALL,
    "'k0": ALL,
    "'p": ALL,
    "does not fit the spatial axes": ALL,
    "the output size would be negative": ALL,
    "does not divide 'c5'": ("conv", "transpose"),
    "does not divide 'f3'": ("conv", "transpose"),
    "where the forward convolution answers": ("transpose",),
}
"""A part of why a call must be refused → the operations that can be wrong so."""


@given(illegal_cases())
def test_everything_drawn_must_be_refused_and_is_its_word(case: Case):
    assert case.why_illegal
    assert Case.parse(str(case)) == case


@pytest.mark.parametrize(
    ("operation", "why"),
    [(operation, why) for why, operations in WRONG.items() for operation in operations],
)
def test_each_way_of_being_wrong_is_drawn(operation: str, why: str):
    found = find(
        illegal_cases(operations=[operation]), lambda case: why in case.why_illegal, settings=unshrunk
    )
    assert found.operation == operation


@pytest.mark.parametrize(
    ("operation", "smallest"),
    [
        ("conv", "conv_i1_k1_s0_same_ones_illegal"),
        ("depthwise", "depthwise_i1_k1_s0_same_ones_illegal"),
        ("separable", "separable_i1_k1_s0_same_ones_illegal"),
        ("transpose", "transpose_i1_k1_s0_same_ones_illegal"),
    ],
)
def test_it_shrinks_to_a_stride_of_0(operation: str, smallest: str):
    assert str(find(illegal_cases(operations=[operation]), lambda case: True, settings=searching)) == smallest


@given(illegal_cases(operations=["separable"]))
def test_separable_call_has_both_filters(case: Case):
    assert case.pointwise.shape == (*(1,) * case.rank, case.channels * case.multiplier, case.filter_count)


@pytest.mark.parametrize(
    ("narrowings", "sentence"),
    [
        (
            {"operations": ["filtergrad"]},
            "no illegal call of 'filtergrad' is drawn; choose from conv, depthwise, separable, transpose",
        ),
        (
            {"operations": ["depthwise"], "ranks": (3,)},
            "no case has any of these operations, ranks, dtypes and fills together",
        ),
    ],
)
def test_choices_that_leave_no_call_are_refused(narrowings: dict[str, Any], sentence: str):
    with pytest.raises(ValueError, match=re.escape(sentence)):
        illegal_cases(**narrowings)
