"""Wanted and actual arrays, and the distance allowed between them, judged as a `Verdict`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

from verify.case import Array

Outcome = Literal["agrees", "disagrees", "declined", "vacuous"]
Kind = Literal["shape", "dtype", "value", "non-finite", "input modified", "refused", "not repeatable"]
KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True, kw_only=True)
class Worst:
    """The element that differs most: where, what came, what was due, how much was allowed and why."""

    index: tuple[int, ...]
    got: float
    want: float
    allowed: float
    why: str


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Whether a subject and the reference agree on a case.

    `kind` names a disagreement, `sentence` says what differs or why nothing was judged. `error` is
    the largest error in units of what was allowed: 0 to 1 where the answer agrees within a bound.
    A `vacuous` case was answered correctly, but any subject that returns zeros would have been.
    """

    outcome: Outcome
    kind: Kind | None = None
    sentence: str = ""
    worst: Worst | None = None
    error: float = 0.0

    @property
    def holds(self) -> bool:
        return self.outcome != "disagrees"


def disagrees(kind: Kind, sentence: str, worst: Worst | None = None, error: float = 0.0) -> Verdict:
    return Verdict(outcome="disagrees", kind=kind, sentence=sentence, worst=worst, error=error)


def compare_form(actual: Any, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Verdict | None:
    """The disagreement of an answer's shape or dtype, or None."""
    if actual.shape != shape:
        return disagrees("shape", f"the answer has shape {actual.shape}, not {shape}")
    if actual.dtype != dtype:
        return disagrees("dtype", f"the answer is {actual.dtype.name}, not {dtype.name}")
    return None


def compare_values(
    wanted: Array,
    actual: Array,
    allowed: Array | float,
    why: Callable[[tuple[int, ...]], str],
) -> Verdict:
    """The verdict on the values of an answer that has the right shape.

    NaN agrees with NaN and an infinity with itself, at the same place only; elsewhere
    |actual − wanted| ≤ allowed. Where `allowed` is infinite every value agrees.
    """
    got = actual.astype(np.float64)
    if isinstance(allowed, float):
        allowed = np.broadcast_to(allowed, wanted.shape)
    with np.errstate(invalid="ignore", over="ignore"):
        distance = np.abs(got - wanted)
        same = (distance <= allowed) | (got == wanted) | (np.isnan(got) & np.isnan(wanted))
    same |= np.isposinf(allowed)
    if same.all():
        return _agreement(wanted, distance, allowed)
    wrong = ~same
    stray = wrong & (np.isfinite(got) != np.isfinite(wanted)) | wrong & ~np.isfinite(wanted)
    if stray.any():
        index = tuple(int(i) for i in np.unravel_index(int(np.argmax(stray)), stray.shape))
        count = f"{int(stray.sum())} of {stray.size} values are not finite where they should be"
        if not np.isfinite(wanted[index]):
            count = f"{int(stray.sum())} of {stray.size} values should be NaN or infinite and differ"
        worst = Worst(
            index=index,
            got=float(got[index]),
            want=float(wanted[index]),
            allowed=0.0,
            why="a NaN or an infinity has no distance",
        )
        return disagrees("non-finite", count, worst, float("inf"))
    # A value that must be equal is worse than any that may differ a little.
    strict = wrong & (allowed == 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(wrong, distance / allowed, -1.0)
    excess = np.where(strict, distance, -1.0) if strict.any() else ratio
    index = tuple(int(i) for i in np.unravel_index(int(np.argmax(excess)), excess.shape))
    worst = Worst(
        index=index,
        got=float(got[index]),
        want=float(wanted[index]),
        allowed=float(allowed[index]),
        why=why(index),
    )
    error = float(excess[index]) if worst.allowed else float("inf")
    return disagrees("value", f"{int(wrong.sum())} of {wrong.size} values differ", worst, error)


def _agreement(wanted: Array, distance: Array, allowed: Array) -> Verdict:
    if not wanted.size:
        return Verdict(outcome="vacuous", sentence="the answer is empty")
    if not wanted.any():
        return Verdict(outcome="vacuous", sentence="the answer is all zeros")
    if np.isposinf(allowed).all():
        return Verdict(outcome="vacuous", sentence="every value is allowed, as sums may overflow")
    bounded = np.isfinite(allowed) & (allowed > 0) & np.isfinite(distance)
    error = float((distance[bounded] / allowed[bounded]).max()) if bounded.any() else 0.0
    return Verdict(outcome="agrees", error=error)
