"""The path of a case: noted, asked, judged and excused; where it still fails, simplified."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from verify.cases.case import Case
from verify.cases.fills import shows_nothing
from verify.cases.operands import Array
from verify.cases.simplify import SIMPLIFYING_S, simplest
from verify.checks.asking import (
    as_array,
    ask,
    modified,
    modified_beside,
    modified_in_slabs,
    refusal_of_answer,
)
from verify.checks.clock import Clock
from verify.checks.deviations import Deviation
from verify.checks.examination import Examination, mismatch_of
from verify.checks.journal import journal
from verify.checks.predictions import compared, explanation
from verify.checks.room import why_no_room
from verify.checks.subject import Description, Subject, describe
from verify.oracle.arithmetic import canonical
from verify.oracle.bounds import judgement
from verify.oracle.compare import (
    KINDS,
    LOST,
    Judgement,
    Kind,
    Verdict,
    compare_form,
    compare_values,
    different_bits,
    disagrees,
)
from verify.oracle.dynamic import named_scheme
from verify.oracle.projecting import judge_by_projection
from verify.oracle.requantised import MOST_SHARE, open_share

WRITTEN: frozenset[Kind] = frozenset({"input modified", "written beside"})
"""Disagreements about what was written beside the answer."""


@dataclass(frozen=True, kw_only=True)
class Examiner:
    """Puts cases to a subject: what is judged and how, and which known deviations excuse it.

    Only disagreements of `kinds` are judged, and always a subject that is lost (it crashed, timed out or
    ran out of memory). With `repeats` above 1 the subject is asked that many times, and
    all answers must have the same bits. With an `accumulator`, the name of a dtype, values are judged
    by the bound of sums in it. The `clock` counts where the time goes.
    Each case is noted in the journal before, under the name `noted_as`, unless that is empty.
    """

    subject: Description
    known: Iterable[Deviation] = ()
    kinds: Collection[Kind] = KINDS
    repeats: int = 1
    clock: Clock = field(default_factory=Clock)
    accumulator: str | None = None
    noted_as: str = ""

    def examine(self, case: Case) -> Examination:
        """Put a case to the subject and judge its answer."""
        __tracebackhide__ = True
        if self.noted_as:
            journal.note(self.noted_as, str(case))
        return excused(self._judged(case), self.known)

    def simplified(
        self,
        examination: Examination,
        *,
        limit_s: float = SIMPLIFYING_S,
        without: Callable[[Examination], object] = lambda failure: None,
    ) -> Examination:
        """The simplest failure with the same signature that is found within `limit_s`, `without` some."""
        examinations = {examination.case: examination}

        def fails(case: Case) -> bool:
            examinations[case] = again = self.examine(case)
            return again.fails and again.signature == examination.signature and not without(again)

        return examinations[simplest(examination.case, fails, limit_s=limit_s)]

    def _judged(self, case: Case) -> Examination:
        __tracebackhide__ = True
        subject, declined = self.subject.route(case)
        if declined:
            return Examination(
                case=case, subject=subject, verdict=Verdict(outcome="declined", sentence=declined)
            )
        if full := why_no_room(case):
            return Examination(case=case, subject=subject, verdict=Verdict(outcome="declined", sentence=full))
        asked = case.copied()
        answer, error = ask(subject, asked, self.clock)
        if case.illegal:
            array = answer if isinstance(answer, np.ndarray) else None
            return Examination(case=case, subject=subject, verdict=_refusal(case, answer), answer=array)
        if isinstance(answer, Verdict):
            return Examination(case=case, subject=subject, verdict=self._only(answer), error=error)
        verdict = self._verdict(subject.held(case), asked, answer)
        repeats = times(case, self.repeats)
        if repeats > 1:
            answer = answer.copy()  # a subject may write every answer into one buffer
        for _ in range(repeats - 1):
            if verdict.holds:
                again, error = ask(subject, case.copied(), self.clock)
                verdict = _repeated(verdict, answer, again)
        verdict = self._only(verdict)
        return Examination(case=case, subject=subject, verdict=verdict, answer=answer, error=error)

    def _only(self, verdict: Verdict) -> Verdict:
        """The verdict, unless it is of a kind that is judged elsewhere."""
        if verdict.kind is None or verdict.kind in self.kinds or verdict.kind in LOST:
            return verdict
        return Verdict(outcome="vacuous", sentence=f"{verdict.sentence}, which is not judged here")

    def _verdict(self, case: Case, asked: Case, answer: Array) -> Verdict:
        """The verdict on the answer to a case, which is held to what its subject declares."""
        if WRITTEN & set(self.kinds):
            with self.clock.part("comparison"):
                verdict = _written_to(asked, self.kinds)
            if verdict:
                return verdict
        form = compare_form(answer, shape=case.output_shape, dtype=case.dtype)
        if form and form.kind in self.kinds:
            return form
        if not {"value", "non-finite"} & set(self.kinds):
            return Verdict(outcome="agrees")
        if form and (form.kind == "shape" or not np.can_cast(answer.dtype, np.float64, "same_kind")):
            return form
        if case.is_large:
            with self.clock.part("reference"):
                return judge_by_projection(case, answer)
        with self.clock.part("reference"):
            rule = judgement(case, accumulator=self.accumulator)
        with self.clock.part("comparison"):
            verdict = compared(rule, answer, case)  # a wrong dtype is judged elsewhere
        if verdict.outcome == "agrees" and (little := _proves_little(case, rule)):
            return Verdict(outcome="vacuous", sentence=little)
        return verdict


def times(case: Case, usual: int, *, large: int = 1) -> int:
    """How often a case is asked: a large one less, as it takes seconds, and two answers may not fit."""
    return min(usual, large) if case.is_large else usual


def _written_to(asked: Case, kinds: Collection[Kind]) -> Verdict | None:
    """The disagreement of a subject that wrote to what it was given, or beside it, if of these kinds."""
    verdict = None
    if "input modified" in kinds and (asked.is_made or asked.written):
        verdict = modified_in_slabs(asked) if asked.is_large else modified(asked, asked.make_operands())
    return verdict or (modified_beside(asked) if "written beside" in kinds else None)


def _proves_little(case: Case, rule: Judgement) -> str:
    """Why a case that is answered rightly proves little, in a phrase; "" where it proves something."""
    if shows_nothing(case):
        return "every cell of the input is read"
    share = open_share(rule) if case.format.is_quantised else 0.0
    if share > MOST_SHARE:
        return f"two answers are right in {100 * share:.0f} % of its elements, as no scheme is declared"
    return ""


def check(
    case: Case,
    subject: Subject,
    *,
    kinds: Collection[Kind] = KINDS,
    repeats: int = 1,
    clock: Clock | None = None,
) -> Verdict:
    """Run a subject on a case and judge its answer; `kinds`, `repeats` and `clock` are those of `Examiner`.

    Raises the subclass of Mismatch for the kind of a disagreement; TypeError for a subject that
    cannot be called, ValueError for one with a wrong attribute.
    """
    __tracebackhide__ = True
    examiner = Examiner(subject=describe(subject), kinds=kinds, repeats=repeats, clock=clock or Clock())
    examination = examiner.examine(case)
    if examination.verdict.kind is not None:
        raise mismatch_of(examination)
    return examination.verdict


def excused(examination: Examination, known: Iterable[Deviation]) -> Examination:
    """A disagreement with the first deviation that explains it, if there is one; anything else unchanged.

    Where one is recorded that predicts another answer, it is said which.
    """
    if examination.verdict.kind is None:
        return examination
    deviation, contradicted = explanation(known, examination)
    return replace(examination, deviation=deviation, contradicted=contradicted)


def compare(case: Case, actual: Any, *, scheme: str = "", arithmetic: str = "") -> Verdict:
    """The verdict on an answer that the caller already has; a disagreement is not raised.

    A quantised one must be that of a `scheme` where one is named: see `verify.oracle.schemes`; another
    is judged by its `arithmetic`: see `verify.oracle.arithmetic`. ValueError for another name.
    """
    answer = as_array(actual)
    if isinstance(answer, Verdict):
        return answer
    form = compare_form(answer, shape=case.output_shape, dtype=case.dtype)
    held = case.held_to(named_scheme(scheme), canonical(arithmetic))
    if form or case.is_large:
        return form or judge_by_projection(held, answer)
    return compare_values(judgement(held), answer)


def _refusal(case: Case, answer: Array | Verdict) -> Verdict:
    """The verdict on a call that must be refused."""
    if isinstance(answer, Verdict):
        return Verdict(outcome="agrees") if answer.kind == "refused" else answer
    if is_nothing(case, answer):
        return Verdict(outcome="vacuous", sentence=f"a sum of nothing is zeros, too: {case.why_illegal}")
    return refusal_of_answer(case, answer)


def is_nothing(case: Case, answer: Array) -> bool:
    """Whether only a count of 0 is illegal, and the answer is a sum of nothing: zeros, or no element."""
    counts = {name: getattr(case, name) for name in ("channels", "filter_count", "multiplier")}
    some = case.copied(illegal=False, **{name: count or 1 for name, count in counts.items()})
    if 0 not in counts.values() or some.why_illegal or answer.any():
        return False
    return answer.size == 0 or answer.shape == case.copied(illegal=False).output_shape


def _repeated(verdict: Verdict, first: Array, again: Array | Verdict) -> Verdict:
    """The verdict so far, or the disagreement of two answers to one case."""
    if isinstance(again, Verdict):
        declined = again.outcome == "declined"
        sentence = f"answered once, then declined: {again.sentence}"
        return disagrees("not repeatable", sentence) if declined else again
    if first.tobytes() == again.tobytes() and first.shape == again.shape:
        return verdict
    if first.shape != again.shape or first.dtype != again.dtype:
        shapes = f"{first.dtype.name} {first.shape} and {again.dtype.name} {again.shape}"
        return disagrees("not repeatable", f"answered twice, it gave {shapes}")
    differ = different_bits(first, again)
    index = tuple(int(i) for i in np.argwhere(differ)[0])
    return disagrees(
        "not repeatable",
        f"answered twice, {int(differ.sum())} of {differ.size} values have different bits; "
        f"at {index} first {float(first[index])!r}, then {float(again[index])!r}",
    )
