"""What the arguments of `cases` leave: the fills of each dtype, and steps and sums of the wanted kinds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import NamedTuple

from verify.cases.case import Case
from verify.cases.domain import BOUNDS, Space, smaller
from verify.cases.dtypes import DTYPES
from verify.cases.enumeration import has_fill
from verify.cases.fills import FILLS
from verify.cases.narrowings import DILATED, REDUCTIONS, STRIDED, step_of
from verify.cases.weights import OWN

from .plans import Plan

OFTEN = tuple(name for times in (1, 2) for name, fill in FILLS.items() if fill.chance > times)
"""Fills that reveal the most, or what no other fill reveals."""
LONG = 256
"""Terms whose sum of ones a significand of 8 bits no longer counts."""


class Narrowing(NamedTuple):
    """What the arguments of `cases` say beside a domain.

    `most` has the bounds of what is drawn of the whole domain; of `regions` there are none where the whole
    domain is drawn alone, and `is_whole` says whether it is drawn at all.
    """

    fills: Sequence[str]
    steps: Sequence[str]
    reductions: Sequence[str]
    most: Mapping[str, int | None]
    regions: Sequence[str] = ()
    is_whole: bool = True

    def fills_of(self, operation: str, dtype: str, weights: Sequence[str] = (OWN,)) -> tuple[str, ...]:
        """The fills that are drawn of an operation in a dtype, those that show the most more often.

        Of filters that are kept in int8 alone they are finite.
        """
        fills = self.fills
        if tuple(weights) == ("int8",):
            fills = [name for name in fills if FILLS[name].is_finite]
        return _fills_for(operation, dtype, tuple(fills))

    def takes_cells(self, case: Case) -> bool:
        """Whether a case has cells that no window reads, where its fill needs some."""
        return not case.fill_traits.needs_unread or any(axis.skips for axis in case.axes)

    def may_skip(self, plan: Plan) -> bool:
        """Whether windows can leave cells unread, where all fills need some: by a stride or a dilation."""
        if not all(FILLS[name].needs_unread for name in self.fills):
            return True
        most = self.bounds_in(plan.space)
        strides, dilates = most["max_stride"] != 1, 1 not in (most["max_kernel"], most["max_dilation"])
        return plan.may_step({*(STRIDED if strides else ()), *(DILATED if dilates else ())})

    def bounds_in(self, space: Space) -> dict[str, int | None]:
        """The bounds of a space, or those that are wanted where they are less; None for none."""
        return {name: smaller(self.most.get(name), getattr(space, name)) for name in BOUNDS}

    def takes_shape(self, case: Case) -> bool:
        """Whether a case has steps and sums that are wanted."""
        if step_of(case.strides, case.dilations) not in self.steps:
            return False
        if len(self.reductions) == len(REDUCTIONS):
            return True
        is_long = case.products >= longest(case.format.token)
        return ("long" if is_long else "short") in self.reductions


def longest(dtype: str) -> int:
    """The number of terms from which a sum counts as long: more than a narrow significand counts."""
    form = DTYPES[dtype]
    is_narrow = form.accumulator != dtype and not form.exact_integers
    return 1 + (2**form.precision if is_narrow else LONG)


@cache
def _fills_for(operation: str, dtype: str, fills: tuple[str, ...]) -> tuple[str, ...]:
    fitting = [fill for fill in fills if has_fill(operation, dtype, fill)]
    return (*fitting, *(fill for fill in OFTEN if fill in fitting))
