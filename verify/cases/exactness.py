"""Whether the sums of a case are exact, so that every order of summation gives the same bits."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from verify.cases.epilogue import is_exact
from verify.cases.fills import FILLS
from verify.cases.scales import Scale, exact_limit

if TYPE_CHECKING:
    from verify.cases.case import Case


def scale_of(case: Case) -> Scale | None:
    """The largest integers of an exact fill, or None for a fill of real numbers."""
    scale = FILLS[case.fill].scale
    return None if scale is None else scale(case)


def promises_exactness(case: Case) -> bool:
    """Whether every order of summation gives this case's answer, bit for bit.

    True where the sums are exact and so is every step that follows them.
    """
    return promises_exact_sums(case) and all(map(is_exact, case.epilogue))


def promises_exact_sums(case: Case) -> bool:
    """Whether the convolution with its bias and its residual is exact in every order.

    True where the products, the bias and the residual, taken at their largest, add up to less than
    the limit; always for integers, whose sums wrap; never for `reals`.
    """
    if case.format.exact_integers:
        return True
    scale = scale_of(case)
    if scale is None:
        return False
    addends = ("bias" in case.epilogue) + ("residual" in case.epilogue)
    return _largest_sum(case, scale) + addends * scale.bias <= exact_limit(case)


def largest_sum(case: Case) -> float:
    """The products of one element, all integers, add up to so much at most; infinite for real numbers."""
    scale = scale_of(case)
    return math.inf if scale is None else float(_largest_sum(case, scale))


def _largest_sum(case: Case, scale: Scale) -> int:
    pointwise = scale.pointwise if case.traits.has_pointwise else 1
    return FILLS[case.fill].terms(case) * scale.input * scale.factor * pointwise
