"""Transposes whose input lacks windows at its end, so that their output padding is a stride or more."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from verify.cases.case import Case
from verify.cases.domain import Space
from verify.cases.narrowings import DILATED
from verify.cases.trimming import BELOW_DILATION, OUTPUT_PADDINGS, output_padding_kind
from verify.cases.word import InvalidCase

from .parts import Row
from .plans import Plan

TRIMMED_BYTES = 4
"""Whether any windows are lacking, and how many along each axis."""

MOST = 3
"""The windows that an axis lacks at most where any number is taken."""


def can_be_trimmed(space: Space, steps: Sequence[str]) -> bool:
    """Whether a transpose has an output padding that a space takes.

    One that a window which is lacking leaves is a stride or more, and below a dilation only above 1.
    """
    is_dilated = not set(DILATED).isdisjoint(steps) and space.max_dilation != 1
    return is_dilated or space.output_paddings != (BELOW_DILATION,)


def trimmed_alike(case: Case, row: Row, plan: Plan) -> Case | None:
    """A transpose that lacks the windows that a row decides, as far as the plan has such output paddings.

    Half of the time none, or always some where the plan has no other. None where it cannot be. Shrinks
    towards none.
    """
    allowed = plan.space.output_paddings
    is_trimmed, choices = row.of((False, True)), row.bytes(3)
    if OUTPUT_PADDINGS[0] in allowed and not is_trimmed:
        return case
    lacking = [0] * case.rank
    for axis, choice in zip(range(case.rank), choices, strict=False):
        options = [fewer for fewer in range(MOST + 1) if _is_in(_lacking(case, lacking, axis, fewer), plan)]
        if options:
            lacking[axis] = options[choice % len(options)]
    trimmed = _lacking(case, lacking, 0, lacking[0])
    if not any(lacking):  # where only some axes together are as far beyond as the plan asks
        trimmed = case if OUTPUT_PADDINGS[0] in allowed else None
    return trimmed if trimmed is not None and _is_in(trimmed, plan) else None


def _lacking(case: Case, lacking: list[int], axis: int, fewer: int) -> Case | None:
    """The case without this many windows along an axis, and those of the others; None where it has none."""
    with suppress(InvalidCase):
        return replace(case, trimmed=(*lacking[:axis], fewer, *lacking[axis + 1 :]))
    return None


def _is_in(case: Case | None, plan: Plan) -> bool:
    return case is not None and output_padding_kind(case) in plan.space.output_paddings and plan.holds(case)
