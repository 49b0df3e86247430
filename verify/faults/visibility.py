"""What faults would answer: which of them a case shows, and which answer it as a subject did."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

import numpy as np

from verify.cases.case import Case
from verify.cases.operands import Array
from verify.cases.predicates import Predicate, names_of
from verify.faults import FAULTS, Fault
from verify.faults.composed import Computed, judged, with_fault
from verify.faults.fault import Call, Conduct, Shape, right_answer, wrong_answer
from verify.faults.index_maps import cast
from verify.faults.parts import is_part, parts_of
from verify.oracle.bounds import judgement
from verify.oracle.compare import KINDS, NUMERIC_KINDS, Judgement, Kind, any_differs, compare_form

NAMED = 3
"""Faults that are named at most: more of them say nothing."""


class Visibility(NamedTuple):
    """The names of the judged faults that a case could have, and of those that it shows."""

    possible: tuple[str, ...]
    visible: tuple[str, ...]


def visibility(
    case: Case,
    *,
    kinds: Collection[Kind] = KINDS,
    repeats: int = 2,
    faults: Iterable[Fault] = FAULTS,
) -> Visibility:
    """What a case shows when disagreements of `kinds` are judged and the subject asked `repeats` times.

    One that is held to a scheme is judged by it, and shows what a subject that declares it could have.

    A fault is visible where its answer would be judged wrong; as that is expensive to find out, its
    condition `needs` says beforehand where it cannot be. Of a large case no fault is computed.
    """
    if case.illegal or case.is_large:
        return Visibility((), ())
    names = names_of(case)
    held: dict[str, bool] = {}

    def holds(condition: Predicate) -> bool:
        if condition.text not in held:
            held[condition.text] = condition.holds(names)
        return held[condition.text]

    asked = set(kinds) if repeats > 1 else set(kinds) - {"not repeatable"}
    own = [fault for fault in faults if fault.is_of(case.scheme)]
    possible = [fault for fault in own if fault.kinds & asked and holds(fault.applies)]
    needed = [fault for fault in possible if holds(fault.needs)]
    if not needed:
        return Visibility(tuple(fault.name for fault in possible), ())
    rule = judgement(case)
    right = cast(rule.wanted, case.dtype)
    visible = [fault for fault in needed if _differs(fault, case, right=right, rule=rule, kinds=kinds)]
    return Visibility(tuple(fault.name for fault in possible), tuple(fault.name for fault in visible))


def is_visible(fault: Fault, case: Case) -> bool:
    """Whether a case shows a fault when everything is judged, of a subject that is the fault."""
    return bool(visibility(fault.held(case), faults=(fault,)).visible)


def _differs(fault: Fault, case: Case, *, right: Array, rule: Judgement, kinds: Collection[Kind]) -> bool:
    if isinstance(fault.change, Conduct):
        return fault.change.shows(case, right)
    if isinstance(fault.change, Shape):
        return "shape" in kinds and fault.change.shape(case) != right.shape
    if isinstance(fault.change, Call) and fault.change.reshapes(case):
        return "shape" in kinds
    wrong = wrong_answer(fault, case, right=right)
    if wrong is None:
        return False
    form = compare_form(wrong, shape=right.shape, dtype=right.dtype)
    if form:
        return form.kind in kinds
    return bool(NUMERIC_KINDS & set(kinds)) and any_differs(rule, fault.known(wrong, case, right=right))


BY_KIND: frozenset[Kind] = frozenset({"dtype", "input modified", "written beside", "not repeatable"})
"""Disagreements that look like a fault by their kind alone, independent of the values."""


def matching_faults(case: Case, answer: Array | None, *, kind: Kind | None) -> tuple[Fault, ...]:
    """The faults that would have given this answer to a case, up to rounding, or their parts."""
    if case.illegal or kind is None or case.is_large:
        return ()
    names = names_of(case)
    own = [fault for fault in FAULTS if kind in fault.kinds and fault.is_of(case.scheme)]
    possible = [fault for fault in own if fault.applies.holds(names)]
    if kind in BY_KIND or answer is None:
        return tuple(filter(_is_known_by_kind, possible)) if kind in BY_KIND else ()
    right = right_answer(case)

    def explains(fault: Fault) -> bool:
        wrong = wrong_answer(fault, case, right=right)
        return (
            wrong is not None
            and is_explained(answer, fault, wrong, case=case)
            and not is_alike(right, wrong, case=case)
        )

    parts = (part for fault in possible for part in parts_of(fault, case.rank))
    return tuple(filter(explains, (*possible, *parts)))


def _is_known_by_kind(fault: Fault) -> bool:
    return not isinstance(fault.change, Conduct) or fault.change.is_known_by_kind


def preferred(faults: Sequence[Fault]) -> tuple[Fault, ...]:
    """Those of some faults that explain the values as well as the shape, if there are any; whole ones first.

    Parts of faults come last: strides exchanged, along the last of two axes, are that of the first.
    """
    exact = [fault for fault in faults if not isinstance(fault.change, Shape)] or [*faults]
    whole = [fault for fault in exact if not is_part(fault)]
    return tuple(whole or exact)


def is_explained(answer: Array, fault: Fault, wrong: Array, *, case: Case) -> bool:
    """Whether an answer is what a fault says, which is `wrong`: in its shape alone, if it says no more.

    Where sums are not exact, it is so within the bound of the right sums or of the fault's own, which may
    have larger terms. Elements that the fault does not know are not compared.
    """
    if isinstance(fault.change, Shape) and wrong.shape != case.output_shape:
        return answer.shape == wrong.shape and answer.dtype == wrong.dtype
    if fault.unknown is not None and answer.shape == wrong.shape:
        answer = np.where(fault.unknown(case), wrong, answer)
    if is_alike(answer, wrong, case=case):
        return True
    if isinstance(fault.change, Shape | Conduct) or isinstance(judgement(case).allowed, float):
        return False
    own = judged(with_fault(Computed(case=case), fault), case)
    if own is None or answer.shape != own.wanted.shape or answer.dtype != wrong.dtype:
        return False
    return not any_differs(own, answer)


def is_alike(answer: Array, other: Array, *, case: Case) -> bool:
    """Whether two answers to a case differ by no more than two right ones may."""
    if answer.shape != other.shape or answer.dtype != other.dtype:
        return False
    rule, wide = judgement(case), other.astype(np.float64)
    if isinstance(rule.allowed, float) or rule.allowed.shape != answer.shape:
        return np.array_equal(answer.astype(np.float64), wide, equal_nan=True)
    return not any_differs(rule._replace(wanted=wide), answer)
