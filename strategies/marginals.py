"""A case for each way, operation, dtype and region of domains: met by construction, whatever is drawn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from verify.cases.case import Case
from verify.cases.domain import Domain, with_fill
from verify.cases.narrowings import REDUCTIONS, STEPS
from verify.cases.regions import regions
from verify.cases.word import InvalidCase

from .inside import Inside
from .narrowed import Narrowing
from .plans import Decisions, Plan

LIKELY = 4
"""The chance of a region from which on every way is asked a case of it."""


def marginals(domains: Mapping[str, Domain], fill: str = "ints") -> list[tuple[str, Case]]:
    """Pairs of a way and a case: each way and each operation at least once, and each dtype that some way has.

    The marginals and not their product, so that there are no more than ways, operations and dtypes together.
    """
    needed = [(name, operation) for name, domain in domains.items() for operation in domain.spaces]
    dtypes = {
        token for domain in domains.values() for space in domain.spaces.values() for token in space.dtypes
    }
    pairs: list[tuple[str, Case]] = []
    for name, operation in needed:
        plan = Plan(operation, domains[name], STEPS)
        cases = list(_one_of_each_dtype(plan, fill))
        new = [case for case in cases if case.format.token in dtypes] or cases[:1]
        dtypes -= {case.format.token for case in new}
        pairs += [(name, case) for case in new]
    return pairs


def region_cases(
    domains: Mapping[str, Domain], fill: str, narrowings: Mapping[str, Any]
) -> dict[str, tuple[str, Case]]:
    """For each region, by its name, the first way that has a case in it, and the case.

    `narrowings` are those of `cases`, of which the domains have all that a domain can say.
    """
    narrowing = _narrowing(fill, narrowings)
    found: dict[str, tuple[str, Case]] = {}
    for way, domain in domains.items():
        for operation in domain.spaces:
            inside = Inside(Plan(operation, domain, narrowing.steps), narrowing)
            for name in narrowing.regions:
                region = regions()[name]
                if name not in found and operation in region.operations:
                    case = inside.wanted(region)
                    if case is not None:
                        found[name] = way, case
    return {name: found[name] for name in narrowing.regions if name in found}


def _narrowing(fill: str, narrowings: Mapping[str, Any]) -> Narrowing:
    """The regions that are left, of one fill."""
    return Narrowing(
        fills=(fill,),
        steps=narrowings.get("steps", STEPS),
        reductions=narrowings.get("reductions", REDUCTIONS),
        most={},
        regions=narrowings.get("regions", tuple(regions())),
    )


def likely_cases(
    domains: Mapping[str, Domain], fill: str, narrowings: Mapping[str, Any]
) -> list[tuple[str, Case]]:
    """Each way with a case of each of its operations in the regions that are drawn the most.

    Ways of one engine have kernels of their own, and what is often wrong there is asked of all of them.
    The arguments are those of `region_cases`.
    """
    narrowing = _narrowing(fill, narrowings)
    likely = [regions()[name] for name in narrowing.regions if regions()[name].chance >= LIKELY]
    pairs: list[tuple[str, Case]] = []
    for way, domain in domains.items():
        for operation in domain.spaces:
            inside = Inside(Plan(operation, domain, narrowing.steps), narrowing)
            having = [region for region in likely if operation in region.operations]
            pairs += [(way, case) for case in map(inside.wanted, having) if case is not None]
    return pairs


def _one_of_each_dtype(plan: Plan, fill: str) -> Iterator[Case]:
    for dtype in plan.space.dtypes:
        for made in _decisions(plan, dtype):
            if (case := next(plan.plain(made), None)) is not None:
                with suppress(InvalidCase):
                    filled = with_fill(case, fill, seed=1)
                    case = filled if plan.holds(filled) else case
                yield case
                break


def _decisions(plan: Plan, dtype: str) -> Iterator[Decisions]:
    """The decisions with a dtype, the first of all others that are open."""
    for rank in plan.open():
        for padding in plan.open((rank,)):
            if dtype in plan.open((rank, padding)):
                made: Decisions = (rank, padding, dtype)
                while len(made) < 6:
                    made = (*made, plan.open(made)[0])
                yield made
