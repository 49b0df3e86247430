"""The cell that is explained: its number is the reference's, and it has no number that it does not read."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.reports.explanation.explained import (
    EXACT,
    WHOLE,
    answer_of,
    explained,
    is_answer,
    readings,
    text_of,
)
from verify import Case, reference
from verify.cases.operations import OPERATIONS
from verify.reports.explanation.explain import explain
from verify.reports.explanation.lines import plain_text


@pytest.mark.parametrize("operation", OPERATIONS)
@given(st.data())
@settings(deadline=None, max_examples=100)
def test_last_number_equals_the_reference_on_exact_fills(operation: str, data: st.DataObject) -> None:
    case, at = data.draw(explained(operations=(operation,), fills=EXACT, around=WHOLE))
    assert answer_of(explain(case, at)) == reference(case)[at]


@pytest.mark.parametrize("operation", OPERATIONS)
@given(st.data())
@settings(deadline=None, max_examples=100)
def test_last_number_is_the_reference_in_any_case(operation: str, data: st.DataObject) -> None:
    case, at = data.draw(explained(operations=(operation,)))
    assert is_answer(case, at, answer_of(explain(case, at)))


@pytest.mark.parametrize("operation", OPERATIONS)
@given(st.data())
@settings(deadline=None, max_examples=50)
def test_last_number_is_the_reference_with_nan_and_infinities(operation: str, data: st.DataObject) -> None:
    case, at = data.draw(explained(operations=(operation,), fills=("nonfinite",)))
    assert is_answer(case, at, answer_of(explain(case, at)))


@given(explained(operations=("conv", "depthwise", "separable", "filtergrad"), fills=("unread",)))
@settings(deadline=None, max_examples=100)
def test_cells_that_no_window_reads_never_show(drawn: tuple[Case, tuple[int, ...]]) -> None:
    assert not re.search("nan|inf", plain_text(explain(*drawn)))


@given(explained(operations=("transpose",)))
@settings(deadline=None, max_examples=200)
def test_cell_that_no_window_reads_is_said_to_be_so(drawn: tuple[Case, tuple[int, ...]]) -> None:
    case, at = drawn
    assert ("\nno window reads this cell: nothing is added\n" in plain_text(explain(case, at))) == (
        readings(case, at) == 0
    )


def test_empty_batch_adds_nothing_to_a_gradient() -> None:
    assert text_of("filtergrad_n0_i4_k2_same_ones").endswith(
        "\n\nthe batch is empty: nothing is added\n\nsum      0\nanswer   0"
    )
