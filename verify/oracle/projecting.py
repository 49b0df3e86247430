"""The verdict on a large answer: by the projections of all its places, and by some places in full."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from threading import Lock

import numpy as np

from verify.cases.case import Case
from verify.cases.fills import Part
from verify.cases.large import largest_magnitude
from verify.cases.operands import Array, Operands
from verify.oracle.blocks import Block, blocks_of, input_of, read
from verify.oracle.cells import Place, right_cells, whole_places
from verify.oracle.compare import NO_DISTANCE, Kind, Verdict, Worst, disagrees
from verify.oracle.projection import VECTORS, operands_of, projected, vectors_for
from verify.oracle.threads import spread

WEIGHED = 64
"""Wrong places, at most, among whose elements the worst is looked for."""

EXACT = "the sums are exact"


@dataclass
class _Found:
    """What was found of an answer: its wrong places, the first of them, and whether all of it is 0."""

    count: int = 0
    places: list[Place] = field(default_factory=list)
    stray: int = 0
    is_zero: bool = True
    lock: Lock = field(default_factory=Lock)

    def add(self, block: Block, wrong: Array, values: Array, stray: Array) -> None:
        starts = (block.images.start, *(part.start for part in block.places))
        first = np.argwhere(stray if stray.any() else wrong)[:WEIGHED] + starts
        with self.lock:
            self.count += int(wrong.sum())
            if stray.any() and not self.stray:
                self.places.clear()  # what is not finite is told first
            if stray.any() or not self.stray:
                self.places += [tuple(place) for place in first.tolist()]
            self.stray += int(stray.sum())
            self.is_zero = self.is_zero and not values.any()  # which is looked at until it is not


def judge_by_projection(case: Case, answer: Array, *, vectors: Array | None = None) -> Verdict:
    """The verdict on an answer of the right shape to a case that `is_large`, or that could be.

    `vectors` are those of the case unless others are given, one a column. A wrong answer is missed as seldom
    as `verify.oracle.projection` says. Nothing is judged of an arithmetic whose sums may not be exact.
    """
    if case.arithmetic:
        return Verdict(outcome="vacuous", sentence=f"large sums by {case.arithmetic} are not judged")
    operands, part = operands_of(case), input_of(case)
    vectors = vectors_for(case) if vectors is None else vectors
    last = np.moveaxis(answer, 1, -1) if case.channels_first else answer
    found = _projected_wrong(case, last, operands, part, vectors)
    places = whole_places(case)
    right = right_cells(case, part, operands, places)
    whole = (_elements(case, last, places) != right).any(axis=-1)
    how = how_judged(len(places), vectors.shape[-1])
    if not found.count:
        found.places = [place for place, wrong in zip(places, whole, strict=True) if wrong]
        found.count = len(found.places)
    if found.count:
        return _disagreement(case, last, found, worst=_worst(case, last, found, operands, part), how=how)
    if found.is_zero:
        return Verdict(outcome="vacuous", sentence="the answer is all zeros")
    return Verdict(outcome="agrees", sentence=f"judged {how}")


def how_judged(cells: int, vectors: int = VECTORS) -> str:
    """How an answer was judged, in a phrase."""
    return f"by projection onto {vectors} vectors and {cells} whole cells"


def _projected_wrong(case: Case, last: Array, operands: Operands, part: Part, vectors: Array) -> _Found:
    """What the projections say of an answer, channels last."""
    rule, limit, found = projected(case, operands, vectors), largest_magnitude(case), _Found()

    def work(blocks: Iterator[Block]) -> None:
        for block in blocks:
            values, is_impossible, stray = _possible(last[block.at], case, limit)
            axes = block.axes if case.traits.answer == "result" else ()
            right = rule.answer(block.axes, read(part, block, axes))
            wrong = (values @ vectors != right).any(axis=-1) | is_impossible
            found.add(block, wrong, values, stray)

    spread(work, blocks_of(case))
    return found


def _possible(values: Array, case: Case, limit: float) -> tuple[Array, Array, Array]:
    """A block of an answer as float64, 0 where no right answer can be so; the places of that, and of NaN.

    A right value is an integer within the limit; what is left is such, so that its products are exact.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        held = values.astype(case.dtype, copy=False)
        is_within = -limit <= float(held.min()) <= float(held.max()) <= limit  # of NaN it is false
        numbers = held.astype(np.float64)
        if is_within and (held.dtype.kind == "i" or np.array_equal(np.rint(held), held)):
            none = np.zeros(numbers.shape[:-1], bool)
            return numbers, none, none
        is_wrong = np.asarray(~(np.abs(numbers) <= limit) | (np.rint(numbers) != numbers))
    stray = np.asarray(~np.isfinite(numbers))
    impossible, infinite = (np.asarray(flags.any(axis=-1)) for flags in (is_wrong, stray))
    return np.where(is_wrong, 0.0, numbers), impossible, infinite


def _elements(case: Case, last: Array, places: list[Place]) -> Array:
    """An answer's elements at places, in all channels, as float64."""
    with np.errstate(over="ignore", invalid="ignore"):
        return np.asarray(last[tuple(np.transpose(places))].astype(case.dtype).astype(np.float64))


def _worst(case: Case, last: Array, found: _Found, operands: Operands, part: Part) -> Worst:
    """The element that differs most at the wrong places that are known, as `compare_values` finds it."""
    places = sorted(found.places)[:WEIGHED]
    right, got = right_cells(case, part, operands, places), _elements(case, last, places)
    with np.errstate(invalid="ignore"):
        distance = np.where(np.isfinite(got), np.abs(got - right), np.inf)
    if not distance.any():
        raise RuntimeError(f"the projection and the reference disagree on {case} at {places[0]}")
    number, channel = (int(at) for at in np.unravel_index(int(np.argmax(distance)), distance.shape))
    index = case.in_data_format((*places[number], channel))
    value = float(got[number, channel])
    why = EXACT if np.isfinite(value) else NO_DISTANCE
    return Worst(index=index, got=value, want=float(right[number, channel]), allowed=0.0, why=why)


def _disagreement(case: Case, last: Array, found: _Found, *, worst: Worst, how: str) -> Verdict:
    places = f"of {last.size // last.shape[-1]:,} places"
    kind: Kind = "non-finite" if found.stray else "value"
    what = "values are not finite where they should be" if found.stray else "values differ"
    count = found.stray or found.count
    return disagrees(kind, f"at {count:,} {places} {what}, judged {how}", worst=worst, error=float("inf"))
