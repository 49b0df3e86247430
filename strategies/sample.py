"""A list of distinct cases drawn from a strategy, the same for the same seed."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, TypeVar, overload

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded
from hypothesis.strategies import SearchStrategy

from verify.cases.case import Case

from .cases import cases

Drawn = TypeVar("Drawn", bound=Hashable)


@overload
def sample(examples: int, seed: int) -> list[Case]: ...
@overload
def sample(examples: int, seed: int, strategy: SearchStrategy[Drawn]) -> list[Drawn]: ...
def sample(examples: int, seed: int, strategy: SearchStrategy[Any] | None = None) -> list[Any]:
    """The distinct values of `examples` draws from the strategy, by default from `cases()`."""
    drawn: dict[Any, None] = {}

    @seeded(seed)
    @settings(
        max_examples=examples,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases() if strategy is None else strategy)
    def collect(case: Any) -> None:
        drawn[case] = None

    collect()
    return list(drawn)
