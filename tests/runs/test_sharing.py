"""How a run is shared out: every property once, the longest part first, those of a subject in their order."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.planted.convolutions import right
from verify.config.session import Options
from verify.gate import conformance
from verify.gate.properties import TITLES
from verify.runs.gating import Request
from verify.runs.sharing import SHARES, longest_alike, parts_of


def request_for(*subjects: str, costs: dict[str, int] | None = None, **more: Any) -> Request:
    options: dict[str, Any] = {"options": Options(), "profile": "dev", "until": time.monotonic(), **more}
    return Request(subjects=subjects, costs=costs or {}, **options)


def test_each_property_is_in_one_share_in_the_order_of_its_tests() -> None:
    gate = conformance(right, large=True, relations=True)
    tests = [name.removeprefix("test_") for name in vars(gate) if name.startswith("test_")]
    assert [name for share in SHARES for name in share] == tests
    assert {*tests} == {*TITLES}


def test_a_subject_alone_is_shared_out() -> None:
    parts = parts_of(request_for("mine:a"), 2)
    assert [part.only for part in parts] == [*SHARES]
    assert [list(part.before) for part in parts] == [[], [0], [0, 1], [0, 1, 2], [0, 1, 2, 3]]


def test_of_many_subjects_the_longest_is_shared_out() -> None:
    names = [f"mine:{name}" for name in "abcdefgh"]
    parts = parts_of(request_for(*names, costs={"mine:c": 16}), 2)
    assert [part.subjects[0] for part in parts if not part.only] == [*names[:2], *names[3:]]
    assert [part.only for part in parts if part.only] == [*SHARES]
    assert [list(part.before) for part in parts[2:7]] == [[], [2], [2, 3], [2, 3, 4], [2, 3, 4, 5]]


def test_a_quick_run_and_one_of_some_properties_share_out_whole_subjects() -> None:
    names = ("mine:a", "mine:b", "mine:c")
    quick = parts_of(request_for(*names, profile="quick"), 2)
    assert [(part.subjects, part.only) for part in quick] == [(names[:2], ()), (names[2:], ())]
    assert [part.only for part in parts_of(request_for(*names, only=["values"]), 2)] == [(), (), ()]


@pytest.mark.parametrize(
    ("examples", "jobs", "is_divided"),
    [(None, None, True), (99, None, False), (100, None, True), (99, 2, True)],
)
def test_a_run_of_few_examples_shares_out_whole_subjects(
    examples: int | None, jobs: int | None, *, is_divided: bool
) -> None:
    request = request_for("mine:a", options=Options(examples=examples), jobs=jobs)
    assert len(parts_of(request, 2)) == (len(SHARES) if is_divided else 1)


def test_after_the_first_part_the_longest_is_begun() -> None:
    costs = {"mine:b": 4, "mine:c": 8}
    choose = longest_alike(parts_of(request_for("mine:a", "mine:b", "mine:c", costs=costs, only=["met"]), 2))
    assert choose([0, 1, 2], None, []) == 0
    assert choose([1, 2], None, [0]) == 2
    assert choose([1], 2, [0]) == 1


def test_parts_of_one_subject_are_begun_in_their_order() -> None:
    parts = parts_of(request_for("mine:a", "mine:b"), 2)
    choose, left, begun = longest_alike(parts), [*range(len(parts))], list[int]()
    while left:
        begun.append(choose(left, begun[-1] if begun else None, []))
        left.remove(begun[-1])
    places = [(parts[number].before, begun[:place]) for place, number in enumerate(begun)]
    assert all({*before} <= {*begun} for before, begun in places)


def test_a_job_keeps_its_settings_and_takes_none_that_another_has() -> None:
    labels = [f"{name} TF_ENABLE_ONEDNN_OPTS={value}" for value in "01" for name in ("mine:a", "mine:b")]
    choose = longest_alike(parts_of(request_for(*labels, only=["met"]), 2))
    assert choose([1, 2, 3], None, [0]) == 2
    assert choose([1, 3], 2, [0]) == 3
    assert choose([1], 3, [0]) == 1
