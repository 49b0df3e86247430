"""Drawing inside domains: what is drawn is inside, little of it is thrown away, and all of it is reached."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from itertools import product
from random import Random
from typing import Any, NamedTuple

import pytest
from hypothesis import find

import strategies
from strategies.parts import Row
from strategies.plans import GROUPINGS, Plan, plain_cases
from tests.strategies.drawing import unshrunk
from verify import Case
from verify.cases.domain import BOUNDS, Condition, Domain, Space, format_of
from verify.cases.dtypes import DTYPES
from verify.cases.operations import OPERATIONS
from verify.cases.predicates import Predicate, names_of
from verify.cases.word import PADDINGS
from verify.subjects.isolated import usual
from verify.subjects.registry import BUILTIN, is_tensorflow

DRAWS = 2_000
FEW = 600
"""What is enough of one way, where there is little to be reached."""


class Drawn(NamedTuple):
    """What came of so many rows: the cases by their ways, and what was thrown away."""

    asked: list[tuple[str, Case]]
    counts: Counter[str]

    @property
    def thrown(self) -> float:
        """The share that was thrown away."""
        return self.counts["thrown"] / self.counts["drawn"]


def drawn_inside(domains: Mapping[str, Domain], draws: int = DRAWS, **narrowings: Any) -> Drawn:
    """Pairs of a way and a case, decided by rows of random bytes."""
    decisions: list[Callable[[Row], tuple[str, Case | None]]] = []
    counts: Counter[str] = Counter()
    lengths: list[int] = []

    def noted(length: int, decision: Callable[[Row], tuple[str, Case | None]]) -> Any:
        lengths.append(length)
        decisions.append(decision)
        return strategies.parts.decided(length, decision)

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(strategies.cases_by_way.__globals__, "decided", noted)
        strategies.cases_by_way(domains, thrown=counts, **narrowings)
    random = Random(1)
    rows = (Row(random.randbytes(lengths[0])) for _ in range(draws))
    return Drawn([(way, case) for way, case in map(decisions[0], rows) if case is not None], counts)


def outside(domains: Mapping[str, Domain], drawn: Drawn) -> list[tuple[str, str, str]]:
    """What was drawn of a way that its domain does not have, and why not."""
    return [
        (way, str(case), domains[way].why_not(case))
        for way, case in drawn.asked
        if not domains[way].holds(case)
    ]


def of(operation: str = "conv", **space: Any) -> Domain:
    return Domain(spaces={operation: Space(**space)})


def where(text: str, operation: str = "", **space: Any) -> Domain:
    """The cases of which a condition holds."""
    operations = [operation] if operation else OPERATIONS
    return Domain(
        spaces={name: Space(**{"ranks": OPERATIONS[name].ranks, **space}) for name in operations},
        conditions=(Condition(Predicate(text), text, is_inside=True),),
    )


DOMAINS: dict[str, Domain] = {
    "everything": Domain(),
    "channels first alone": of(data_formats=("channels_first",)),
    **{f"{bound} 1": of(**{bound: 1}) for bound in BOUNDS},
    **{f"{bound} 2": of(**{bound: 2}) for bound in BOUNDS},
    "no dilation": where("max(dilations) == 1"),
    "no stride with a dilation": where("max(dilations) == 1 or max(strides) == 1"),
    "one group": where("groups == 1"),
    "a group for each channel": where("groups == channels == filters", "conv"),
    "one stride": where("len(set(strides)) == 1"),
    "one kernel": where("len(set(kernel)) == 1", ranks=(2,)),
    "channels first in float16 alone": where("channels_first == (dtype == 'float16')"),
    "i32 of two axes alone": where("dtype != 'int32' or rank == 2"),
    "causal padding": where("padding != 'explicit' or all(after == 0 for _, after in pads)", "conv"),
    "a bias": where("epilogue == ('bias',)", "conv"),
    "some batch": where("batch > 0"),
    "some input": where("min(size) > 0"),
    "three channels": where("channels == 3", "conv"),
    "sixteen channels or more": where("channels >= 16", "conv"),
    "channels and filters by eights": where("channels % 8 == 0 and filters % 8 == 0", "conv"),
    "large inputs": where("min(size) >= 8", "conv"),
    "a kernel of 3 by 3": where("kernel == (3, 3)", "conv", ranks=(2,)),
    "a kernel of 5 by 5": where("kernel == (5, 5)", "conv", ranks=(2,)),
}
"""Domains of one way, by what they have."""


@cache
def drawn_of(name: str) -> Drawn:
    return drawn_inside({"": DOMAINS[name]}, FEW)


@pytest.mark.parametrize("name", DOMAINS)
def test_everything_that_is_drawn_is_inside(name: str):
    drawn = drawn_of(name)
    assert outside({"": DOMAINS[name]}, drawn) == []
    assert drawn.asked


@pytest.mark.parametrize("name", DOMAINS)
def test_at_most_one_in_twenty_is_thrown_away(name: str):
    assert drawn_of(name).thrown <= 0.05


def test_nothing_is_thrown_away_where_there_are_no_conditions():
    assert drawn_of("everything").counts == {"drawn": FEW, "thrown": 0, "unjudged": 0}


def test_what_is_thrown_away_is_counted():
    domain = Domain(
        spaces={"conv": Space()},
        conditions=(Condition(lambda case: case.seed % 2 == 0, "odd", is_inside=True),),
    )
    drawn = drawn_inside({"": domain}, 50)
    assert drawn.counts == {"drawn": 50, "thrown": 50 - len(drawn.asked), "unjudged": 0}
    assert drawn.counts["thrown"] > 0


def options_of(case: Case) -> dict[str, Any]:
    """What is decided of a case before its numbers."""
    return {
        "rank": case.rank,
        "dtype": case.format.token,
        "padding": case.padding_kind,
        "data format": format_of(case),
    }


def reached(cases: list[Case]) -> set[tuple[str, str, Any]]:
    return {(case.operation, name, value) for case in cases for name, value in options_of(case).items()}


@cache
def anything() -> list[Case]:
    """Cases that are drawn of everything."""
    return [case for _, case in drawn_inside({"": Domain()}, DRAWS).asked]


@pytest.mark.parametrize("name", DOMAINS)
def test_every_option_that_a_domain_has_is_drawn(name: str):
    there_are = reached([case for case in anything() if DOMAINS[name].holds(case)])
    assert there_are
    assert there_are <= reached([case for _, case in drawn_of(name).asked])


def test_options_of_a_plan_are_those_that_leave_a_case():
    plan = Plan("conv", where("channels_first == (dtype == 'float16')"), ("plain", "dilated"))
    assert plan.open((2, "same", "float16")) == ("channels_first",)
    assert plan.open((2, "same", "float32")) == ("channels_last",)
    assert plan.open((2, "same", "float32", "channels_last")) == ("plain", "dilated")
    assert plan.open((2, "same", "float32", "channels_last", "plain")) == GROUPINGS


def test_plan_of_no_case_is_not_open():
    assert Plan("conv", where("rank == 2 and rank == 3"), ("plain",)).open() == ()


def test_domain_of_no_case_is_refused():
    with pytest.raises(ValueError, match=r"^no case has any of these operations, "):
        strategies.cases_by_way({"": where("rank == 2 and rank == 3")})


def test_way_of_no_case_is_left_out():
    ways = {"none": where("rank == 2 and rank == 3"), "some": of()}
    assert {way for way, _ in drawn_inside(ways).asked} == {"some"}


@pytest.mark.parametrize(
    "domain",
    [of(max_stride=1), where("max(strides) == 1", "conv"), where("max(strides) == 1", "depthwise")],
    ids=["bound", "condition", "depthwise"],
)
def test_windows_that_only_dilate_leave_cells_unread(domain: Domain):
    cases = [case for _, case in drawn_inside({"": domain}, FEW, fills=("unread",)).asked]
    assert sum(any(axis.misses for axis in case.axes) for case in cases) > len(cases) / 2 > 0


@pytest.mark.parametrize(
    "domain",
    [
        of(max_stride=1, max_dilation=1),
        of(max_stride=1, max_kernel=1),
        where("max(strides) == max(dilations) == 1"),
    ],
    ids=["no strides, no dilations", "no strides, one tap", "condition"],
)
def test_no_case_leaves_cells_unread_where_windows_neither_stride_nor_dilate(domain: Domain):
    with pytest.raises(ValueError, match=r"^no case has any of these operations, "):
        strategies.cases_by_way({"": domain}, fills=("unread",))
    drawn = drawn_inside({"": domain}, FEW, fills=("unread", "ones"))
    assert "ones" in {case.fill for _, case in drawn.asked}


def test_operations_are_drawn_alike_and_so_are_the_ways_of_one():
    ways = {"a": of("conv"), "b": of("conv"), "c": of("conv"), "d": of("transpose")}
    counts = Counter(way for way, _ in drawn_inside(ways).asked)
    assert 0.45 * DRAWS < counts["d"] < 0.55 * DRAWS
    assert all(0.13 * DRAWS < counts[way] < 0.21 * DRAWS for way in "abc")


def test_pair_shrinks_to_the_first_way_and_its_smallest_case():
    way, case = find(
        strategies.cases_by_way({"fast": of(ranks=(2,)), "slow": of(ranks=(1,))}), lambda asked: True
    )
    assert (way, str(case)) == ("fast", "conv_i1x1_k1x1_same_ones")


def test_narrowing_is_kept_in_each_way():
    ways = {"fast": of(ranks=(2, 3), max_side=9), "slow": of(dtypes=("float64",))}
    drawn = drawn_inside(ways, ranks=(1, 2), max_side=4, dtypes=("float32", "float64"))
    assert outside(ways, drawn) == []
    seen = {(way, case.rank, case.format.token) for way, case in drawn.asked}
    assert seen == {
        ("fast", 2, "float32"),
        ("fast", 2, "float64"),
        ("slow", 1, "float64"),
        ("slow", 2, "float64"),
    }
    assert max(max(case.size) for _, case in drawn.asked) == 4


@pytest.mark.parametrize("step", ["strided", "dilated", "both"])
def test_steps_are_drawn_where_a_condition_leaves_them(step: str):
    domain = where("max(dilations) == 1 or max(strides) == 1", "conv")
    case = find(
        strategies.cases_by_way({"": domain}, steps=("plain", "strided", "dilated", "both")),
        lambda asked: (
            max(asked[1].strides) > 1 if step == "strided" else max(asked[1].dilations) > 1 or step == "both"
        ),
        settings=unshrunk,
    )
    assert domain.holds(case[1])


def test_conditions_are_of_the_names_of_their_own_domain():
    condition = Condition(Predicate("dtype in onednn", {"onednn": ()}), "in onednn")
    domain = Domain(spaces={"conv": Space()}, conditions=(condition,))
    ways = {
        "on": replace(domain, names={"onednn": ("float32", "float16")}),
        "off": replace(domain, names={"onednn": ()}),
    }
    seen = {way: set() for way in ways}
    for way, case in drawn_inside(ways).asked:
        seen[way].add(case.format.token)
    assert seen == {
        "on": {"bfloat16", "float64", "int32"},
        "off": {"float32", "float16", "bfloat16", "float64", "int32"},
    }


ONEDNN = {"off": (), "on": ("float32", "bfloat16", "float16")}


@cache
def tensorflows(subject: str, onednn: str) -> dict[str, Domain]:
    """The domains of a subject's ways where oneDNN is off, or on and takes all that it can."""
    return {
        name: replace(way.drawn(), names={**way.domain.names, "onednn": ONEDNN[onednn]})
        for name, way in usual(subject).ways.items()
    }


@cache
def drawn_of_tensorflow(subject: str, onednn: str) -> Drawn:
    return drawn_inside(tensorflows(subject, onednn))


def has_cells(case: Case) -> bool:
    """Whether no array of a case is empty: what is empty is answered before its format is looked at."""
    return 0 not in (*case.input_shape, *case.output_shape)


@pytest.mark.needs_tensorflow
@pytest.mark.parametrize("onednn", ONEDNN)
@pytest.mark.parametrize("subject", [*filter(is_tensorflow, BUILTIN)])
class TestTensorflow:
    def test_everything_that_is_drawn_is_inside(self, subject: str, onednn: str):
        domains = tensorflows(subject, onednn)
        assert outside(domains, drawn_of_tensorflow(subject, onednn)) == []

    def test_at_most_one_in_twenty_is_thrown_away(self, subject: str, onednn: str):
        assert drawn_of_tensorflow(subject, onednn).thrown <= 0.05

    def test_every_way_is_drawn(self, subject: str, onednn: str):
        ways = {way for way, _ in drawn_of_tensorflow(subject, onednn).asked}
        assert ways == set(tensorflows(subject, onednn))

    def test_every_operation_and_option_that_a_domain_has_with_an_answer_is_drawn(
        self, subject: str, onednn: str
    ):
        domains = tensorflows(subject, onednn).values()
        there_are = reached(
            [case for case in anything() if has_cells(case) and any(domain.holds(case) for domain in domains)]
        )
        assert there_are <= reached([case for _, case in drawn_of_tensorflow(subject, onednn).asked])


@pytest.mark.parametrize("operation", OPERATIONS)
def test_plain_cases_are_what_checked_ones_would_be(operation: str) -> None:
    """They are copied from ones of float32, channels last, and are equal to those that are made anew."""
    ranks, steps = OPERATIONS[operation].ranks, ("plain", "strided", "dilated", "both")
    seen = 0
    for made in product(ranks, PADDINGS, DTYPES, ("channels_last", "channels_first"), steps, GROUPINGS):
        for case, names in plain_cases(operation, made):
            fields = {field.name: getattr(case, field.name) for field in dataclasses.fields(Case)}
            assert Case(**fields) == case
            assert names == names_of(Case(**fields))
            assert (case.format.token, case.data_format.startswith("NC")) == (made[2], made[3][9:] == "first")
            seen += 1
    assert seen > 100


def test_a_quantised_plain_case_is_made_only_of_what_is_quantised() -> None:
    usual = (2, "same", "int8", "channels_last", "plain", "one")
    assert plain_cases("conv", usual)
    assert not plain_cases("separable", usual)
