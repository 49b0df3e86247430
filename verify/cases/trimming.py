"""Transposes whose input has fewer windows than fit: an `output_padding` of a stride or more.

The cells of a transpose's answer that no window reaches, all at its end, are what libraries call its
`output_padding`. Where the input has all windows that fit, these are fewer than a stride; each window that it
lacks at the end leaves a stride more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from verify.cases.geometry import Axis

if TYPE_CHECKING:
    from verify.cases.case import Case

OUTPUT_PADDINGS = ("below-stride", "below-dilation", "any")
"""How far an `output_padding` goes: below the stride, as everywhere; below the stride or the dilation, as in
PyTorch; beyond both."""

BELOW_STRIDE, BELOW_DILATION = OUTPUT_PADDINGS[:1], OUTPUT_PADDINGS[1]


def output_padding(axis: Axis) -> int:
    """The cells at the end of a padded axis that no window reaches."""
    return axis.padded - ((axis.out - 1) * axis.stride + axis.span)


def output_padding_kind(case: Case) -> str:
    """One of OUTPUT_PADDINGS: the first that has the output padding of every axis."""
    if not case.trimmed:
        return OUTPUT_PADDINGS[0]
    is_below = all(output_padding(axis) < max(axis.stride, axis.dilation) for axis in case.axes)
    return OUTPUT_PADDINGS[1 if is_below else 2]


def wrong_trimming(case: Case) -> str | None:
    """Why the input of a case cannot lack these windows; one sentence."""
    if not case.trimmed:
        return None
    token = "t" + "x".join(map(str, case.trimmed))
    if case.illegal:
        return f"{token!r} is for a legal call"
    if case.traits.answer != "source":
        return f"{token!r} is for a transpose, whose input may lack windows, not for a {case.operation}"
    for number, axis in enumerate(case.axes):
        fit = axis._replace(fewer=0).out
        if axis.fewer >= max(fit, 1):
            return f"{token!r} leaves no window on axis {number}, where {fit} fit"
    return None
