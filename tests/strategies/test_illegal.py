"""Calls that must be refused: what is drawn, that each way of being wrong is reached, the smallest."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, assume, find, given, settings

from strategies import illegal_cases
from tests.planted import convolutions
from verify import Case, check
from verify.checks.examination import Answered

searching = settings(max_examples=5_000, deadline=None, database=None, derandomize=True)

unshrunk = settings(searching, phases=[Phase.generate])

ALL = ("conv", "depthwise", "separable", "transpose", "filtergrad")
GROUPED = ("conv", "transpose", "filtergrad")
GRADIENTS = ("transpose", "filtergrad")
WRONG = {
    "'s": ALL,
    "'d": ALL,
    "'p": ALL,
    "does not fit the spatial axes": ALL,
    "the output size would be negative": ALL,
    "does not divide 'c5'": GROUPED,
    "does not divide 'f3'": GROUPED,
    "where the forward convolution answers": GRADIENTS,
    "'c0' has": ALL,
    "'f0' has": ("conv", "separable", *GRADIENTS),
    "'m0' has": ("depthwise", "separable"),
    "'g-2' has": GROUPED,
    "s-4294967296": ("conv", "depthwise"),
    "covers 4294967297 cells": ("conv", "filtergrad"),
    "its input has shape": ("conv", "depthwise", "separable", "filtergrad"),
    "its filters have shape": ("conv", "depthwise", "separable", "transpose"),
    "its second filters have shape": ("separable",),
    "its cotangent has shape": GRADIENTS,
    "the sizes that it is asked for have shape": GRADIENTS,
    ", with a size below 0": GRADIENTS,
    "2147483648": GRADIENTS,
    "its filters have dtype": ("conv", "depthwise", "separable", "transpose"),
    "its second filters have dtype": ("separable",),
    "its cotangent has dtype": ("filtergrad",),
}
"""A part of why a call must be refused → the operations that can be wrong so."""


@given(illegal_cases())
def test_everything_drawn_must_be_refused_and_is_its_word(case: Case):
    assert case.why_illegal
    assert Case.parse(str(case)) == case


@given(illegal_cases())
def test_nothing_that_adds_nothing_must_be_refused(case: Case):
    assert 0 not in case.kernel
    assert case.traits.answer == "result" or 0 not in (case.batch, *case.size, *case.given_out)


@pytest.mark.parametrize(
    ("operation", "why"),
    [(operation, why) for why, operations in WRONG.items() for operation in operations],
)
def test_each_way_of_being_wrong_is_drawn(operation: str, why: str):
    drawn = find(
        illegal_cases(operations=[operation]), lambda case: why in case.why_illegal, settings=unshrunk
    )
    assert drawn.operation == operation


@pytest.mark.parametrize(
    ("operation", "smallest"),
    [
        ("conv", "conv_i1_k1_s0_same_ones_illegal"),
        ("depthwise", "depthwise_i1_k1_s0_same_ones_illegal"),
        ("separable", "separable_i1_k1_s0_same_ones_illegal"),
        ("transpose", "transpose_i1_k1_s0_same_ones_illegal"),
        ("filtergrad", "filtergrad_i1_k1_s0_same_ones_illegal"),
    ],
)
def test_it_shrinks_to_a_stride_of_0(operation: str, smallest: str):
    assert str(find(illegal_cases(operations=[operation]), lambda case: True, settings=searching)) == smallest


@pytest.mark.parametrize("sign", [-1, 1], ids=["fewer", "more"])
def test_transpose_is_drawn_of_fewer_and_of_more_cells_than_there_can_be(sign: int):
    def has_wrong_size(case: Case) -> bool:
        outs = [axis.out for axis in case.axes] if case.given_out else []
        return any(sign * (size - out) > 0 for size, out in zip(case.given_out, outs, strict=True))

    drawn = find(illegal_cases(operations=["transpose"]), has_wrong_size, settings=unshrunk)
    assert has_wrong_size(drawn)


@given(
    illegal_cases(
        max_side=100, max_kernel=1, ranks=(1,), dtypes=("float16",), data_formats=("channels_first",)
    )
)
def test_narrowings_are_kept_and_the_numbers_stay_small(case: Case):
    assert (case.rank, case.dtype.name, case.channels_first) == (1, "float16", True)
    assert max(case.size) <= 5


@pytest.mark.parametrize("answer", [None, [1.0], np.zeros(1)], ids=["None", "a list", "an array"])
def test_call_that_no_error_refuses_is_answered(answer: object):
    with pytest.raises(Answered, match="must be refused"):
        check(Case.parse("conv_i1_k1_s0_same_ones_illegal"), convolutions.returning(answer))


def test_call_that_an_error_refuses_holds():
    assert check(Case.parse("conv_i1_k1_s0_same_ones_illegal"), convolutions.raises).holds


@given(illegal_cases(operations=["separable"]))
def test_separable_call_has_both_filters(case: Case):
    assume("v" not in dict(case.given_shapes))
    assert case.pointwise is not None
    assert case.pointwise.shape == (*(1,) * case.rank, case.channels * case.multiplier, case.filter_count)


@pytest.mark.parametrize(
    ("narrowings", "sentence"),
    [
        (
            {"operations": ["pooling"]},
            "no illegal call of 'pooling' is drawn; choose from conv, depthwise, separable, transpose, f",
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
