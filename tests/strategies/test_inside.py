"""Drawing in regions: what is drawn is inside, nothing is thrown away, bounds bind, and costs are bounded."""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import Any

import pytest
from hypothesis import find

import strategies
from strategies.inside import Inside
from strategies.narrowed import Narrowing
from strategies.plans import Plan
from tests.planted import convolutions
from tests.strategies.drawing import disagrees, minimal, unshrunk
from tests.strategies.test_plans import Drawn, drawn_inside, outside, where
from verify import Case
from verify.cases.domain import BOUNDS, Domain
from verify.cases.fills import FILLS
from verify.cases.narrowings import DRAWN_FILLS, REDUCTIONS, STEPS
from verify.cases.operations import OPERATIONS
from verify.cases.regions import MOST_PRODUCTS, is_affordable, region_names, regions, regions_of, work

DRAWS = 150
MANY = 3_000


@cache
def drawn_in(region: str) -> Drawn:
    """What is drawn of one region, with each operation as often."""
    return drawn_inside({"": Domain()}, DRAWS, regions=(region,))


@cache
def anything() -> Drawn:
    return drawn_inside({"": Domain()}, MANY)


@pytest.mark.parametrize("name", region_names())
class TestEachRegion:
    def test_everything_that_is_drawn_satisfies_its_condition(self, name):
        cases = [case for _, case in drawn_in(name).asked]
        assert [str(case) for case in cases if not regions()[name].holds(case)] == []

    def test_every_operation_that_it_names_is_drawn(self, name):
        assert {case.operation for _, case in drawn_in(name).asked} == set(regions()[name].operations)

    def test_little_is_thrown_away(self, name):
        # Where a region alone is drawn there is no other case for a fill whose cells are all read.
        assert drawn_in(name).thrown <= 0.05

    def test_most_of_what_is_drawn_differs(self, name):
        geometries = {
            (
                case.operation,
                case.size,
                case.kernel,
                case.strides,
                case.padding,
                case.channels,
                case.filter_count,
            )
            for _, case in drawn_in(name).asked
        }
        assert len(geometries) >= 0.2 * len(drawn_in(name).asked)

    def test_its_largest_case_is_bounded(self, name):
        cases = [case for _, case in drawn_in(name).asked]
        assert [str(case) for case in cases if work(case) > MOST_PRODUCTS[case.format.token]] == []
        assert [str(case) for case in cases if not is_affordable(case)] == []

    def test_it_shrinks_to_an_example_of_few_numbers(self, name):
        smallest = minimal(strategies.cases(regions=(name,)))
        assert regions()[name].holds(smallest)
        assert smallest.fill == DRAWN_FILLS[0]


def test_everything_shrinks_to_one_cell():
    assert str(minimal(strategies.cases())) == "conv_i1_k1_same_ones"


def test_nothing_of_the_whole_domain_is_thrown_away():
    assert anything().counts == {"drawn": MANY, "thrown": 0, "unjudged": 0}


def test_two_thirds_are_drawn_inside_a_region():
    drawn: Counter[bool] = Counter()
    real = Inside.near

    def noted(self: Inside, case: Case, region: Any) -> Case | None:
        near = real(self, case, region)
        drawn["region"] += near is not None
        return near

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Inside, "near", noted)
        drawn_inside({"": Domain()}, MANY)
    assert 0.6 * MANY <= drawn["region"] <= 0.7 * MANY


def test_the_convolutions_of_networks_are_drawn():
    forward = [
        case
        for _, case in anything().asked
        if case.operation == "conv" and case.format.token == "float32" and set(case.kernel) == {3}
    ]
    plain = [
        case
        for case in forward
        if case.rank == 2 and max((*case.strides, *case.dilations)) == 1 and case.groups == 1
    ]
    blocked = [case for case in plain if case.channels % 8 == case.filter_count % 8 == 0]
    assert len(forward) >= 0.015 * MANY
    assert len(plain) >= 0.006 * MANY
    assert len(blocked) >= 0.003 * MANY


def test_every_region_is_drawn():
    counts = Counter(name for _, case in anything().asked for name in regions_of(case))
    assert [name for name in region_names() if not counts[name]] == []


@pytest.mark.parametrize("name", BOUNDS)
@pytest.mark.parametrize("most", [1, 3])
def test_bound_binds_in_regions_too(name, most):
    drawn = drawn_inside({"": Domain()}, 300, **{name: most})
    assert [str(case) for _, case in drawn.asked if BOUNDS[name](case) > most] == []


@pytest.mark.parametrize("step", STEPS)
def test_steps_bind_in_regions_too(step):
    drawn = drawn_inside({"": Domain()}, 300, steps=(step,))
    allowed = {"strides": step in ("strided", "both"), "dilations": step in ("dilated", "both")}
    assert [
        str(case)
        for _, case in drawn.asked
        for name, may_exceed in allowed.items()
        if max(getattr(case, name)) > 1 and not may_exceed
    ] == []


def test_short_sums_alone_are_drawn_in_regions_too():
    drawn = drawn_inside({"": Domain()}, 600, reductions=("short",))
    assert not any(
        case.products > 256 and case.format.token != "float16" and regions_of(case)
        for _, case in drawn.asked
        if set(regions_of(case)) & {"sums-above-2048", "sums-above-4096"}
    )


DOMAINS = {
    "no stride with a dilation": where("max(dilations) == 1 or max(strides) == 1"),
    "one group": where("groups == 1"),
    "strides alike": where("len(set(strides)) == 1"),
    "one bias": where("epilogue == ('bias',)", "conv"),
    "channels first alone": Domain().narrowed({"data_formats": ("channels_first",)}),
    "one dtype": Domain().narrowed({"dtypes": ("int32",)}),
}


@pytest.mark.parametrize("name", DOMAINS)
def test_what_is_drawn_is_inside_a_domain(name):
    drawn = drawn_inside({"": DOMAINS[name]}, 400)
    assert outside({"": DOMAINS[name]}, drawn) == []
    assert drawn.thrown <= 0.05


def narrowing(**changed: Any) -> Narrowing:
    usual: dict[str, Any] = {"fills": DRAWN_FILLS, "steps": STEPS, "reductions": REDUCTIONS, "most": {}}
    return Narrowing(**{**usual, "regions": region_names(), **changed})


def open_in(domain: Domain, operation: str = "conv", **changed: Any) -> set[str]:
    chosen = narrowing(**changed)
    inside = Inside(Plan(operation, domain, chosen.steps), chosen)
    return {region.name for region in inside.weighed if inside.is_open(region)}


def test_regions_outside_a_domain_are_not_open():
    everything = open_in(Domain())
    assert everything - open_in(where("groups == 1")) == {
        "group-for-each-channel",
        "groups-at-a-block",
        "groups-beside-a-block",
        "several-filters-for-each-channel",
    }


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_region_of_an_operation_is_open_in_the_whole_domain(operation):
    named = {name for name, region in regions().items() if operation in region.operations}
    assert open_in(Domain(), operation) == named


def test_region_whose_cells_are_all_read_is_not_open_for_unread_cells_alone():
    alone = {"is_whole": False}
    open_for_all, open_for_unread = open_in(Domain(), **alone), open_in(Domain(), fills=("unread",), **alone)
    assert "pointwise-strided" in open_for_unread
    assert "pointwise" in open_for_all - open_for_unread


def test_region_of_an_unclamped_total_shows_it_and_is_drawn_often():
    negative = [case for _, case in drawn_in("same-with-gaps").asked if min(same_totals(case)) < 0]
    assert len(negative) == len(drawn_in("same-with-gaps").asked)
    assert min(max(case.kernel) for case in negative) > 1
    anywhere = [case for _, case in anything().asked if regions()["same-with-gaps"].holds(case)]
    assert len(anywhere) >= 0.04 * MANY


def same_totals(case: Case) -> list[int]:
    """SAME's total of each axis before it is clamped at 0."""
    axes = zip(
        case.axes, (size + sum(ends) for size, ends in zip(case.size, case.borders, strict=True)), strict=True
    )
    return [(-(-size // axis.stride) - 1) * axis.stride + axis.span - size for axis, size in axes]


def test_every_way_is_asked_where_errors_are_the_most_likely():
    domains = {
        "all": Domain(),
        "one": where("groups == 1", "conv"),
        "valid": Domain().narrowed({"paddings": ("valid",)}),
    }
    asked = strategies.likely_cases(domains, "ints", {})
    with_gaps = {(way, case.operation) for way, case in asked if regions()["same-with-gaps"].holds(case)}
    assert with_gaps == {("all", name) for name in OPERATIONS} | {("one", "conv")}
    assert [pair for pair in asked if domains[pair[0]].why_not(pair[1])] == []


def test_no_way_is_asked_in_a_region_that_is_left_out():
    assert strategies.likely_cases({"": Domain()}, "ints", {"regions": ("pointwise",)}) == []


def test_regions_of_nothing_are_refused():
    with pytest.raises(ValueError, match=r"^no case has any of these"):
        strategies.cases(operations=("depthwise",), regions=("pointwise",))


def test_region_that_is_unknown_is_refused():
    with pytest.raises(ValueError, match=r"^regions has 'winograd'; choose from pointwise, "):
        strategies.cases(regions=("winograd",))


def test_every_fill_is_drawn_in_regions():
    cases = [case for _, case in anything().asked if regions_of(case)]
    assert {case.fill for case in cases} == {
        name for name in DRAWN_FILLS if FILLS[name].chance and not FILLS[name].needs_quantised
    }


def test_fault_of_one_region_is_found_and_shrinks():
    def wrong(case: Case) -> Any:
        answer = convolutions.right(case)
        is_blocked = case.channels % 8 == 0 == case.filter_count % 8
        is_plain = set(case.kernel) == {3} and max((*case.strides, *case.dilations)) == 1
        return answer + 1 if is_blocked and is_plain and case.rank == 2 else answer

    found = find(
        strategies.cases(operations=("conv",), dtypes=("float32",), fills=("ints",), around=("bias",)),
        lambda case: disagrees(case, wrong),
        settings=unshrunk,
    )
    assert regions()["plain-3x3-of-8-channels"].holds(found) or found.groups > 1
