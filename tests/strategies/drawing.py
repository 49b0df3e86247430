"""What the tests of strategies do with one: draw from it, reach a corner, come down to the smallest."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from hypothesis import Phase, find, given, seed, settings
from hypothesis import strategies as st
from hypothesis.control import current_build_context
from hypothesis.errors import StopTest
from hypothesis.internal.conjecture.data import Status
from hypothesis.strategies import DrawFn, SearchStrategy

from strategies import DRAWN_FILLS
from tests.planted.plain import cases
from verify import Case
from verify.cases.domain import Domain
from verify.cases.operations import AROUND
from verify.cases.simplify import simplest
from verify.checks.examination import Mismatch
from verify.checks.path import check
from verify.checks.subject import Subject

searching = settings(
    max_examples=5_000,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate, Phase.shrink],
)

unshrunk = settings(searching, phases=[Phase.generate])

Corner = Callable[[Case], bool]


class Sample(NamedTuple):
    """What came of so many draws: the cases, and how many draws the strategy itself gave up."""

    cases: list[Case]
    rejected: int


def sampled(strategy: SearchStrategy[Case], examples: int) -> Sample:
    drawn: list[Case] = []
    rejected = []

    @st.composite
    def counted(draw: DrawFn) -> Case:
        try:
            return draw(strategy)
        except StopTest:
            # Hypothesis also breaks off what it mutated itself, when it runs out of choices.
            if current_build_context().data.status is Status.INVALID:
                rejected.append(1)
            raise

    @given(case=counted())
    @seed(1)
    @settings(unshrunk, max_examples=examples)
    def collect(case: Case) -> None:
        drawn.append(case)

    collect()
    return Sample(drawn, len(rejected))


def drawn(strategy: SearchStrategy[object], examples: int = 60) -> list[object]:
    """Some of what a strategy draws."""
    values = []

    @given(value=strategy)
    @settings(unshrunk, max_examples=examples)
    def collect(value: object) -> None:
        values.append(value)

    collect()
    return values


def reaches(strategy: SearchStrategy[object], condition: Callable[[object], bool]) -> bool:
    """Whether a strategy draws something that meets a condition; NoSuchExample where it does not."""
    return condition(find(strategy, condition, settings=unshrunk))


def minimal(
    strategy: SearchStrategy[object], condition: Callable[[object], bool] = lambda value: True
) -> object:
    return find(strategy, condition, settings=searching)


def disagrees(case: Case, subject: Subject) -> bool:
    try:
        check(case, subject)
    except Mismatch:
        return True
    return False


def shrunk(subject: Subject, **narrowings: object) -> str:
    """The word of the smallest case that shows a subject to be wrong, brought down as the gate does it."""
    return smallest(lambda case: disagrees(case, subject), **narrowings)


def smallest(condition: Corner, **narrowings: object) -> str:
    """The word of the smallest case of a condition: what Hypothesis comes down to, and further."""
    within = Domain().narrowed({**narrowings, "around": AROUND})
    fills = narrowings.get("fills", DRAWN_FILLS)
    shrunk_case = minimal(cases(**narrowings), condition)
    return str(
        simplest(shrunk_case, lambda case: case.fill in fills and within.holds(case) and condition(case))
    )
