"""Three convolutions that share no line agree: the reference, a scatter, and exact rational arithmetic."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strategies import cases
from tests.models import rational, scatter
from verify import Case, reference
from verify.cases.enumeration import Enumeration, enumeration_upto
from verify.cases.exactness import promises_exact_sums
from verify.cases.operations import OPERATIONS

quick = settings(max_examples=60, deadline=None, database=None)

ENUMERATIONS = {
    "rank 1": enumeration_upto(5, ranks=(1,), operations=tuple(OPERATIONS)),
    "rank 1, explicit": enumeration_upto(
        3, ranks=(1,), operations=tuple(OPERATIONS), paddings=("explicit",), cells=2
    ),
    "rank 1, counts": Enumeration(
        size=3, kernel=2, stride=2, dilation=2, ranks=(1,), operations=tuple(OPERATIONS),
        batch=2, channels=2, filters=2, multiplier=2, groups=2, paddings=("same",),
    ),
    "rank 2": enumeration_upto(3, operations=tuple(OPERATIONS)),
    "rank 3": Enumeration(
        size=2, kernel=2, stride=2, dilation=1, ranks=(3,), operations=("conv", "transpose", "filtergrad"),
        paddings=("same",),
    ),
}  # fmt: skip


def disagreeing(case: Case) -> list[str]:
    """The ways whose answer to a case, before anything but a bias follows, is not the exact one."""
    exact = rational.linear(case)
    ways: dict[str, Any] = {"reference": reference(case), "scatter": scatter.linear(case)}
    wanted = {"reference": rational.wrapped(case, exact), "scatter": exact}
    return [
        way
        for way, answer in ways.items()
        if answer.shape != case.output_shape or not np.array_equal(answer.astype(object), wanted[way])
    ]


@pytest.mark.parametrize("enumeration", ENUMERATIONS.values(), ids=ENUMERATIONS)
def test_three_ways_agree_on_every_case_of_a_small_enumeration(enumeration: Enumeration) -> None:
    wrong = {
        str(case): ways for _, case in enumeration.cases(0, enumeration.count) if (ways := disagreeing(case))
    }
    assert wrong == {}


@pytest.mark.parametrize("operation", OPERATIONS)
@given(data=st.data())
@quick
def test_three_ways_agree_on_drawn_cases(operation: str, data: Any) -> None:
    case = data.draw(drawn(operation))
    assert disagreeing(case) == []


def drawn(operation: str) -> Any:
    """Cases of integers that add up exactly, small enough for loops."""
    sizes = {"max_side": 4, "max_kernel": 3, "max_channels": 4, "max_batch": 2}
    fills = ("ones", "iota", "coded", "impulse", "ints", "dyadic")
    strategy = cases(operations=(operation,), around=("border", "bias"), fills=fills, **sizes)
    return strategy.filter(promises_exact_sums)


def shifted(case: Case, x: Any) -> Any:
    """A scatter of a conv whose outputs lie one place too far."""
    return np.roll(scatter.conv(case, x), 1, axis=1)


def test_a_way_that_errs_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(scatter.SCATTERED, "conv", shifted)
    assert disagreeing(Case.parse("conv_i4_k2_same_coded")) == ["scatter"]
