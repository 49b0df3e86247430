"""Large cases that are drawn: large, inside, of exact sums, of every growth, and no larger than is said."""

from __future__ import annotations

import math

import pytest

from strategies import large, sample
from strategies.large import ELEMENTS, GROWTHS, LARGE_FILLS, MOST, large_cases_by_way
from verify import Case
from verify.cases.domain import EVERY_CASE, Domain
from verify.cases.large import OPERATIONS, bytes_of_arrays

DRAWN = [case for _, case in sample(150, 3, large_cases_by_way({"": EVERY_CASE}, {}))]


def test_everything_drawn_is_large_and_fits() -> None:
    assert len(DRAWN) > 100
    for case in DRAWN:
        operands, answer = bytes_of_arrays(case)
        assert case.is_large
        assert operands + 2 * answer <= MOST
        assert case.fill in LARGE_FILLS
        assert Case.parse(str(case)) == case


def test_every_operation_and_each_bound_is_drawn() -> None:
    assert {case.operation for case in DRAWN} == set(OPERATIONS)
    largest = [max(math.prod(case.input_shape), math.prod(case.output_shape)) for case in DRAWN]
    assert all(any(elements <= size < 8 * elements for size in largest) for elements in ELEMENTS)
    assert any(case.channels == 256 for case in DRAWN)
    assert any(min(case.strides) == large.STRIDE for case in DRAWN)


def test_only_what_the_domain_has_is_drawn() -> None:
    narrow: Domain = EVERY_CASE.narrowed(
        {"operations": ["conv"], "ranks": [2], "data_formats": ["channels_last"]}
    )
    drawn = sample(20, 1, large_cases_by_way({"mine": narrow}, {"fills": ["ints"], "max_stride": 2}))
    assert drawn
    for way, case in drawn:
        assert way == "mine"
        assert narrow.holds(case)
        assert case.fill == "ints"


@pytest.mark.parametrize("narrowing", [{"operations": ["filtergrad"]}, {"fills": ["reals"]}])
def test_narrowings_that_leave_no_large_case_are_refused(narrowing: dict[str, list[str]]) -> None:
    with pytest.raises(ValueError, match="has large cases"):
        large_cases_by_way({"": EVERY_CASE}, narrowing)


def test_transposes_that_lack_windows_leave_the_other_operations_alone() -> None:
    beyond = {"output_paddings": ["below-dilation", "any"]}
    drawn = sample(20, 1, large_cases_by_way({"": EVERY_CASE}, beyond))
    assert {case.operation for _, case in drawn} == {*OPERATIONS} - {"transpose"}
    with pytest.raises(ValueError, match="no case has"):
        large_cases_by_way({"": EVERY_CASE}, {**beyond, "operations": ["transpose"]})


@pytest.mark.parametrize("growth", GROWTHS, ids=lambda growth: growth.__name__)
def test_each_growth_makes_a_large_case_of_a_small_one(growth: large.Growth) -> None:
    made = large._large(Case.parse("conv_i3x4_k3x3_same_ints1"), (growth,), 2**28)
    assert made
    assert made[0].is_large
