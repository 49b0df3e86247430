"""The scales and steps of quantised cases: what shows where an activation ends."""

from __future__ import annotations

from collections import Counter

from strategies import cases, sample
from verify.cases import quantised
from verify.cases.dtypes import QUANTISED
from verify.faults import fault_named
from verify.faults.visibility import is_visible

DRAWN = sample(
    400, 7, cases(operations=quantised.OPERATIONS, dtypes=tuple(QUANTISED), around=quantised.EPILOGUE)
)


def test_relu6_is_drawn_as_often_as_relu() -> None:
    drawn = Counter(step for case in DRAWN for step in case.epilogue)
    assert 0.7 <= drawn["relu6"] / drawn["relu"] <= 1.4


def test_relu6_that_ends_at_the_step_below_is_seen_in_one_of_thirty_cases() -> None:
    seen = sum(is_visible(fault_named("six-cut-down"), case) for case in DRAWN)
    assert seen >= len(DRAWN) / 30
