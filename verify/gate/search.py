"""Hypothesis's search for a disagreement, among all cases or among those of a shard."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any
from unittest import SkipTest

from hypothesis import Phase, given, seed, settings
from hypothesis.strategies import SearchStrategy

from verify.cases.case import Case
from verify.cases.shards import ALL, Shard

PHASES = [Phase.reuse, Phase.generate, Phase.shrink]
"""All but Hypothesis's guesses at the lines to blame: a case is explained by its arithmetic."""

Test = Callable[..., None]


class Sieve:
    """What a test asks of the cases that it is given: those of a shard while one is searched, else all."""

    def __init__(self) -> None:
        self.shard = ALL

    def passes(self, case: Case) -> bool:
        return self.shard.holds(str(case))


def searching(
    test: Test,
    strategy: SearchStrategy[Case],
    used: settings,
    *,
    drawn_by: int | None,
    shard: Shard,
    sieve: Sieve,
) -> Test:
    """The search of a test, `test(self, case)`, which draws the same cases every time by `drawn_by`.

    A shard draws what all draw, and its test asks what passes its sieve. Once it has found a disagreement
    it searches as a run of all does: nothing is left out while that shrinks, and it comes to the same case.
    """

    def search(phases: list[Phase], used: settings) -> Test:
        found: Test = given(case=strategy)(test)
        found = found if drawn_by is None else seed(drawn_by)(found)
        return settings(used, phases=phases)(found)

    of_all = search(PHASES, used)
    if not shard.is_part:
        return of_all
    kept = search([Phase.reuse, Phase.shrink], used)
    drawn = search([Phase.generate], settings(used, database=None))

    def in_shard(self: Any) -> None:
        with suppress(SkipTest):  # by which Hypothesis says that nothing is kept
            kept(self)
        sieve.shard = shard
        try:
            drawn(self)
        except Exception:
            sieve.shard = ALL
            of_all(self)
            raise
        finally:
            sieve.shard = ALL

    return in_shard
