"""Wanted and actual arrays, and the distance allowed between them, judged as a `Verdict`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, get_args

import numpy as np

from verify.cases.operands import Array

Outcome = Literal["agrees", "disagrees", "declined", "vacuous"]
Lost = Literal["crashed", "timed out", "out of memory"]
JudgedKind = Literal[
    "shape",
    "dtype",
    "value",
    "non-finite",
    "input modified",
    "written beside",
    "refused",
    "answered",
    "not repeatable",
]
Kind = JudgedKind | Lost
LOST: tuple[Lost, ...] = get_args(Lost)
KINDS: tuple[Kind, ...] = (*get_args(JudgedKind), *LOST)
NUMERIC_KINDS: frozenset[Kind] = frozenset({"value", "non-finite"})
"""Disagreements about the numbers of an answer."""


NO_DISTANCE = "a NaN or an infinity has no distance"
"""Why nothing is allowed of what is not finite."""


class Judgement(NamedTuple):
    """The definition of a correct answer: the wanted values, the distance allowed from them, and why.

    `wanted` is float64 in the answer's shape; `allowed` has its shape, or is 0.0 where the answer
    must be equal. `why(index)` gives the reason for one element as a phrase.
    """

    wanted: Array
    allowed: Array | float
    why: Callable[[tuple[int, ...]], str]


@dataclass(frozen=True, kw_only=True)
class Worst:
    """The element that differs most: where, the value, the wanted value, how much was allowed and why."""

    index: tuple[int, ...]
    got: float
    want: float
    allowed: float
    why: str


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Whether a subject and the reference agree on a case.

    `kind` names a disagreement, `sentence` says what differs or why nothing was judged, `place` the
    line of code where a subject raised an error or crashed, `stderr` the last lines that a process
    printed before it was lost. `error` is
    the largest error in units of what was allowed: 0 to 1 where the answer agrees within a bound.
    A `vacuous` case was answered correctly, but any subject that returns zeros would have been.
    """

    outcome: Outcome
    kind: Kind | None = None
    sentence: str = ""
    place: str = ""
    stderr: tuple[str, ...] = ()
    worst: Worst | None = None
    error: float = 0.0

    @property
    def holds(self) -> bool:
        return self.outcome != "disagrees"


def disagrees(kind: Kind, sentence: str, *, worst: Worst | None = None, error: float = 0.0) -> Verdict:
    return Verdict(outcome="disagrees", kind=kind, sentence=sentence, worst=worst, error=error)


def compare_form(actual: Any, *, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Verdict | None:
    """The disagreement of an answer's shape or dtype, or None."""
    if actual.shape != shape:
        return disagrees("shape", f"the answer has shape {actual.shape}, not {shape}")
    native = actual.dtype if actual.dtype.isnative else actual.dtype.newbyteorder("=")
    if native != dtype:
        return disagrees("dtype", f"the answer is {actual.dtype.name}, not {dtype.name}")
    return None


def different_bits(first: Array, second: Array) -> Array:
    """Where two arrays of the same shape and dtype differ in any bit."""
    sides = (
        np.frombuffer(array.tobytes(), np.uint8).reshape(*array.shape, array.dtype.itemsize)
        for array in (first, second)
    )
    return np.asarray(np.not_equal(*sides).any(axis=-1))


def compare_values(judgement: Judgement, actual: Array) -> Verdict:
    """The verdict on the values of an answer that has the right shape.

    NaN agrees with NaN and an infinity with itself, at the same place only; elsewhere
    |actual − wanted| ≤ allowed. Where `allowed` is infinite every value agrees.
    """
    wanted, got = judgement.wanted, actual.astype(np.float64)
    if isinstance(judgement.allowed, float) and np.array_equal(got, wanted):
        return agreement(wanted)
    allowed = np.broadcast_to(np.asarray(judgement.allowed, dtype=np.float64), wanted.shape)
    distance, wrong = _judged(got, wanted=wanted, allowed=allowed)
    if not wrong.any():
        if (allowed == np.inf).all():
            return Verdict(outcome="vacuous", sentence="every value is allowed, as sums may overflow")
        if wanted.any() and (np.abs(wanted) <= allowed).all():
            return Verdict(outcome="vacuous", sentence="zeros lie within the bound everywhere")
        bounded = np.isfinite(allowed) & (allowed > 0) & np.isfinite(distance)
        return agreement(wanted, float((distance[bounded] / allowed[bounded]).max(initial=0.0)))
    stray = wrong & ~(np.isfinite(got) & np.isfinite(wanted))
    if stray.any():
        return _non_finite(got, wanted=wanted, stray=stray)
    excess = _excess(distance, wrong=wrong, allowed=allowed)
    index = _place(excess)
    worst = _worst(index, got=got, wanted=wanted, allowed=float(allowed[index]), why=judgement.why(index))
    error = float(excess[index]) if worst.allowed else float("inf")
    sentence = f"{int(wrong.sum())} of {wrong.size} values differ"
    return disagrees("value", sentence, worst=worst, error=error)


def worst_of(judgement: Judgement, actual: Array, count: int) -> list[Worst]:
    """The elements that are wrong, so many at most, the worst first, in the order of `compare_values`."""
    wanted, got = judgement.wanted, actual.astype(np.float64)
    allowed = np.broadcast_to(np.asarray(judgement.allowed, dtype=np.float64), wanted.shape)
    distance, wrong = _judged(got, wanted=wanted, allowed=allowed)
    stray = wrong & ~(np.isfinite(got) & np.isfinite(wanted))
    excess = np.where(stray, np.inf, _excess(distance, wrong=wrong, allowed=allowed))
    order = np.argsort(-excess, axis=None, kind="stable")[: min(count, int(wrong.sum()))]
    indices = [tuple(map(int, np.unravel_index(place, wanted.shape))) for place in order]
    reasons = [NO_DISTANCE if stray[index] else judgement.why(index) for index in indices]
    return [
        _worst(index, got=got, wanted=wanted, allowed=0.0 if stray[index] else float(allowed[index]), why=why)
        for index, why in zip(indices, reasons, strict=True)
    ]


def _excess(distance: Array, *, wrong: Array, allowed: Array) -> Array:
    """How bad each wrong element is, and -1 elsewhere; one that must be equal is worse than any other."""
    strict = wrong & (allowed == 0)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        if strict.any():
            return np.where(strict, distance, np.where(wrong, 0.0, -1.0))
        return np.where(wrong, distance / allowed, -1.0)


def any_differs(judgement: Judgement, actual: Array) -> bool:
    """Whether `compare_values` would disagree, without a verdict to say why."""
    if isinstance(judgement.allowed, float) and judgement.allowed == 0:
        got, wanted = actual.astype(np.float64), judgement.wanted
        is_other = got != wanted
        return not (np.isnan(got[is_other]) & np.isnan(wanted[is_other])).all()
    return bool(where_differs(judgement, actual).any())


def where_differs(judgement: Judgement, actual: Array) -> Array:
    """The elements that lie too far from what is wanted."""
    allowed = np.asarray(judgement.allowed, dtype=np.float64)
    return _judged(actual.astype(np.float64), wanted=judgement.wanted, allowed=allowed)[1]


def _judged(got: Array, *, wanted: Array, allowed: Array) -> tuple[Array, Array]:
    """How far each value lies from what is wanted, and whether that is too far."""
    with np.errstate(invalid="ignore", over="ignore"):
        distance = np.abs(got - wanted)
    both_nan = np.isnan(got) & np.isnan(wanted)
    return distance, ~((distance <= allowed) | (got == wanted) | both_nan | (allowed == np.inf))


def agreement(wanted: Array, error: float = 0.0) -> Verdict:
    """The verdict on values within the bound: vacuous if zeros would be within it, too."""
    if not wanted.size:
        return Verdict(outcome="vacuous", sentence="the answer is empty")
    if not wanted.any():
        return Verdict(outcome="vacuous", sentence="the answer is all zeros")
    return Verdict(outcome="agrees", error=error)


def _non_finite(got: Array, *, wanted: Array, stray: Array) -> Verdict:
    index = _place(stray)
    predicate = "are not finite where they should be"
    if not np.isfinite(wanted[index]):
        predicate = "should be NaN or infinite and differ"
    worst = _worst(index, got=got, wanted=wanted, allowed=0.0, why=NO_DISTANCE)
    sentence = f"{int(stray.sum())} of {stray.size} values {predicate}"
    return disagrees("non-finite", sentence, worst=worst, error=float("inf"))


def _place(values: Array) -> tuple[int, ...]:
    """The index of the largest value."""
    return tuple(int(i) for i in np.unravel_index(int(np.argmax(values)), values.shape))


def _worst(index: tuple[int, ...], *, got: Array, wanted: Array, allowed: float, why: str) -> Worst:
    return Worst(index=index, got=float(got[index]), want=float(wanted[index]), allowed=allowed, why=why)
