"""Whether two disagreements of a subject have one cause, for which it is asked about cases between them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from verify.cases.case import Case
from verify.cases.neighbours import elsewhere, given_cells, is_plain, larger, moved, plainer
from verify.cases.patience import patience
from verify.checks.examination import LOUD, Examination
from verify.checks.path import Examiner
from verify.checks.subject import Description
from verify.faults import Fault
from verify.faults.fault import right_answer
from verify.faults.visibility import BY_KIND, is_alike, is_explained
from verify.oracle.compare import NUMERIC_KINDS, Kind

SILENT: frozenset[Kind] = NUMERIC_KINDS | {"shape"}
"""Disagreements about an answer, of which one cause may have several."""

COMPARING_S = 3.0
"""Seconds after which two disagreements that are being compared count as two causes."""

FURTHER_S = 3.0
"""Seconds after which no further words are looked for."""

By = Callable[[Description], Examiner]
"""Who examines by a way: cases of the domain of its own subject alone."""


def has_same_cause(first: Examination, second: Examination, by: By) -> bool:
    """Whether two disagreements have one cause: by their names, by their words, or by asking again.

    They do where the fault of one gives the other's answer. What is not named is carried over into the
    other's way, operation, rank, dtype and fill, and back. Both must then disagree, where they show anything,
    and one of them must there take the same as the other to disagree: a stride, say, and a padding.
    """
    kinds = {first.verdict.kind, second.verdict.kind}
    if is_alike_at_sight(first, second):
        return True
    if first.flaky or second.flaky or not kinds <= SILENT or first.case.is_large or second.case.is_large:
        return False
    if _explains(first, second, by) or _explains(second, first, by):
        return True
    if first.looks_like and second.looks_like:
        return False
    return not (_refutes(first, second) or _refutes(second, first)) and _meet(first, second, by)


def is_alike_at_sight(first: Examination, second: Examination) -> bool:
    """Whether two disagreements waver, look like the same fault or have the same words.

    Faults with the same change are one: of SAME's padding and of padding that is given, say.
    """
    if _wavers(first) or _wavers(second):
        return _wavers(first) and _wavers(second)
    if first.fault and first.fault == second.fault:
        return True
    if first.arithmetic or second.arithmetic:
        return first.arithmetic == second.arithmetic
    if first.verdict.kind in BY_KIND or first.verdict.kind in LOUD:
        return _said_by(first) == _said_by(second)
    changes = {fault.change for fault in first.looks_like}
    return any(fault.change in changes for fault in second.looks_like)


def _said_by(loud: Examination) -> tuple[str | None, str, str]:
    """Its signature, with the name of the error's class: that of another process has a class of its own."""
    return loud.verdict.kind, loud.cause, loud.words


def _wavers(examination: Examination) -> bool:
    is_varied = examination.verdict.kind == "not repeatable" and examination.fault in ("", "wavers")
    return bool(examination.flaky) or is_varied


def gives(fault: Fault, examination: Examination) -> bool:
    """Whether a fault would have given this answer, and it is not the right one."""
    case, answer = examination.held, examination.answer
    if case.illegal or case.is_large or answer is None:
        return False
    wrong = fault(case)
    is_it = is_explained(answer, fault, wrong, case=case)
    return is_it and not is_alike(right_answer(case), wrong, case=case)


def _explains(first: Examination, second: Examination, by: By) -> bool:
    """Whether a fault that one looks like gives the other's answer, or that in a place of more axes.

    What is wrong along the last of two axes alone is wrong along the one that there is.
    """
    if any(gives(fault, second) for fault in first.looks_like):
        return True
    is_narrower = second.case.rank < first.case.rank
    carried = _carried(second, first, by) if first.looks_like and is_narrower else ()
    return any(each.fails and gives(fault, each) for each in carried for fault in first.looks_like)


def _refutes(first: Examination, second: Examination) -> bool:
    """Whether all that one looks like would be wrong on the other's case, in another way than it is."""
    case = second.held
    right = right_answer(case)
    answers = [fault(case) for fault in first.looks_like]
    return bool(answers) and not any(is_alike(right, answer, case=case) for answer in answers)


def _meet(first: Examination, second: Examination, by: By) -> bool:
    """Whether two disagreements, each carried over to the other, take the same to disagree."""
    is_over = patience(COMPARING_S)
    pairs = ((_carried(first, second, by), second), (_carried(second, first, by), first))
    if any(there and not any(seen.fails for seen in there) for there, _ in pairs):
        return False  # it is right where the other is wrong
    for there, other in pairs:
        wrong = next((seen for seen in there if seen.fails), None)
        if wrong and needs(wrong, by, is_over) == needs(other, by, is_over):
            return not is_over()
    return False


def _carried(failure: Examination, other: Examination, by: By) -> list[Examination]:
    """What a disagreement becomes in another's place; nothing where no case can show it there.

    What unread or infinite cells show may be hidden by the numbers of another fill, but not by those of all.
    """
    there = [*moved(failure.case, other.case)]
    seen = [each for case in there if (each := _asked(case, other.subject, by))]
    if any(each.fails for each in seen) or is_plain(failure.case) or not is_plain(other.case):
        return seen
    more = (each for case in there for each in larger(case))
    return [*seen, *(each for case in more if (each := _asked(case, other.subject, by)))]


def _asked(case: Case, way: Description, by: By) -> Examination | None:
    """A case by a way, if it can tell: where its answer is wrong, or right and could have been wrong."""
    examiner = by(way)
    if not examiner.subject.domain.holds(case):
        return None
    seen = replace(examiner, kinds=tuple(SILENT), repeats=1).examine(case)
    is_silent = seen.fails and seen.verdict.kind in SILENT
    return seen if is_silent or seen.outcome == "agrees" else None


def needs(failure: Examination, by: By, is_over: Callable[[], bool]) -> frozenset[str]:
    """What a disagreement takes: what of its case is not plain, and without which larger ones agree, too.

    SAME's padding depends on kernels and strides: they are counted apart where the same cells, if they are
    given, disagree as well.
    """

    def still_fails(case: Case) -> bool:
        seen = None if is_over() else _asked(case, failure.subject, by)
        return seen is not None and seen.fails

    case = next(filter(still_fails, given_cells(failure.case)), failure.case)
    return frozenset(name for name, without in plainer(case) if not any(map(still_fails, larger(without))))


def further_words(failure: Examination, by: By) -> tuple[str, ...]:
    """Words in another operation, rank and dtype, one each at most, that disagree for the same cause."""
    if (
        failure.flaky
        or failure.case.illegal
        or failure.case.is_large
        or failure.verdict.kind in LOUD - {"refused"}
    ):
        return ()
    is_over = patience(FURTHER_S)

    def is_further(case: Case) -> bool:
        return not is_over() and _is_further(case, failure, by)

    found = (next(filter(is_further, cases), None) for cases in elsewhere(failure.case))
    return tuple(str(case) for case in found if case)


def _is_further(case: Case, failure: Examination, by: By) -> bool:
    examiner, kind = by(failure.subject), failure.verdict.kind
    if kind is None or not examiner.subject.domain.holds(case):
        return False
    seen = replace(examiner, kinds=(kind,)).examine(case)
    if not seen.fails or seen.signature != failure.signature:
        return False
    is_named = kind in SILENT and failure.looks_like
    return not is_named or any(gives(fault, seen) for fault in failure.looks_like)
