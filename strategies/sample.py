"""A list of distinct cases drawn from a strategy, the same for the same seed."""

from __future__ import annotations

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded
from hypothesis.strategies import SearchStrategy

from verify.cases.case import Case

from .cases import cases


def sample(examples: int, seed: int, strategy: SearchStrategy[Case] | None = None) -> list[Case]:
    """The distinct cases of `examples` draws from the strategy, by default from `cases()`."""
    drawn: dict[Case, None] = {}

    @seeded(seed)
    @settings(
        max_examples=examples,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases() if strategy is None else strategy)
    def collect(case: Case) -> None:
        drawn[case] = None

    collect()
    return list(drawn)
