"""Layouts in memory that are drawn, and draws for a subject without views, which are as they were."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable

import pytest

from strategies import cases, sample
from strategies.cases import ROW_BYTES, cases_by_way
from strategies.memory import MEMORY_BYTES
from strategies.parts import Row
from verify import Case
from verify.cases.domain import EVERY_CASE, Domain, Space
from verify.cases.memory import LAYOUTS

WITH_VIEWS = Domain(spaces={name: Space(views=tuple(LAYOUTS)) for name in EVERY_CASE.spaces})
DRAWN = [case for _, case in sample(200, 5, cases_by_way({"": WITH_VIEWS}))]


def test_every_layout_of_every_operand_is_drawn_and_half_of_the_cases_are_plain() -> None:
    pairs = Counter(pair for case in DRAWN for pair in case.memory)
    assert {layout for _, layout in pairs} == {*LAYOUTS}
    assert {letter for letter, _ in pairs} == set("xwvyb")
    assert 0.35 < sum(not case.memory for case in DRAWN) / len(DRAWN) < 0.75


def test_what_is_drawn_is_legal() -> None:
    assert [Case.parse(str(case)) for case in DRAWN] == DRAWN


def test_the_strategy_draws_no_layout_unless_views_are_given() -> None:
    assert not any(case.memory for case in sample(60, 1))
    some = sample(60, 1, cases(views=("strided", "odd")))
    assert {layout for case in some for _, layout in case.memory} == {"strided", "odd"}


class Drawing:
    """What a strategy by ways decides of a row of bytes, without Hypothesis."""

    def __init__(self, domain: Domain) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setitem(vars(sys.modules["strategies.cases"]), "decided", self._keep)
            cases_by_way({"": domain})

    def _keep(self, length: int, decide: Callable[[Row], tuple[str, Case | None]]) -> Drawing:
        self.length, self.decide = length, decide
        return self

    def filter(self, condition: object) -> Drawing:
        return self

    def __call__(self, row: bytes) -> Case | None:
        return self.decide(Row(row))[1]


def test_a_subject_without_views_is_drawn_what_it_was_from_the_same_bytes() -> None:
    """The bytes that decide on memory follow all others, and are there for a domain with views alone."""
    plain, laid_out = Drawing(Domain()), Drawing(WITH_VIEWS)
    assert (plain.length, laid_out.length) == (ROW_BYTES, ROW_BYTES + MEMORY_BYTES)
    rows = [bytes((7 * at + 31 * seed) % 256 for at in range(ROW_BYTES)) for seed in range(60)]
    having = [laid_out(row + bytes((1, 13, 13, 13, 13, 13))) for row in rows]
    assert [case and case.copied(memory=()) for case in having] == [plain(row) for row in rows]
    assert any(case and case.memory for case in having)
