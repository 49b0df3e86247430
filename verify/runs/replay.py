"""Named cases put to a subject once more, without drawing any: what became of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import date
from typing import NamedTuple

from verify.cases.case import Case
from verify.checks.check import Mismatch, Subject, check, subject_name
from verify.checks.deviations import Deviation
from verify.checks.diagnosis import diagnose
from verify.checks.journal import journal
from verify.checks.known import explained, recorded
from verify.corpus.failures import Failed, Trait, asked_of, failed, trait_at_sight, trait_of
from verify.oracle.compare import KINDS, Kind, Verdict
from verify.reports.phrases import plural

TRIES = 5
"""How often a case is asked that disagrees, or has disagreed before; one that times out, once."""

SHOWN = {"agrees": "holds"}


class Became(NamedTuple):
    """What became of a case: its status and why, the message of a disagreement, and what to record.

    The status is "agrees", "declined" or "vacuous"; "FIXED" where it agrees and failed before; for a
    disagreement "STILL", "CHANGED", "FLAKY n/5", "CRASHED", or "disagrees" where it has no past.
    """

    status: str
    note: str = ""
    message: str = ""
    failures: tuple[Failed, ...] = ()


def replay(
    subject: Subject, named: Iterable[Case], *, past: Sequence[Failed], own: Iterable[Deviation] = ()
) -> list[Became]:
    """Ask each case, several times where it fails or has failed, and print what became of it.

    `past` are all failures that are recorded, `own` the user's deviations.
    """
    became, known = [], recorded(subject, own)
    for case in named:
        journal.note(subject_name(subject), str(case))
        asked = asked_of(subject, case)
        became.append(became_of(subject, case, [each for each in past if each.asked == asked], known))
        _print(case, became[-1])
    return became


def exit_code(became: Sequence[Became]) -> int:
    """1 where a case disagrees, known or not; 3 where all are declined or vacuous; else 0."""
    statuses = {each.status for each in became}
    if statuses - {"agrees", "FIXED", "declined", "vacuous"}:
        return 1
    return 0 if statuses & {"agrees", "FIXED"} else 3


def sentence(became: Sequence[Became]) -> str:
    """What became of several cases, in one sentence."""
    counts = Counter(SHOWN.get(each.status, each.status.partition(" ")[0]) for each in became)
    shown = ", ".join(f"{count:,} {status}" for status, count in counts.items())
    return f"Of {len(became):,} {plural(len(became), 'case')}: {shown}."


def became_of(
    subject: Subject, case: Case, past: Sequence[Failed], known: Iterable[Deviation] = ()
) -> Became:
    """What became of a case, which may have failed before."""
    answers = [first := _ask(subject, case)]
    if (past or isinstance(first, Mismatch)) and _at_sight(first) != Trait("timed out"):
        answers += [_ask(subject, case) for _ in range(TRIES - 1)]
    wrong = [each for each in answers if isinstance(each, Mismatch)]
    if isinstance(first, Verdict) and not wrong:
        return _passed(first, past)
    counts = Counter(map(_at_sight, answers))
    shown = wrong[0] if len(counts) > 1 else _as_before(subject, case, past, wrong[0])
    diagnose(shown, subject)
    message, deviation = _message(subject, shown, known)
    if len(counts) > 1:
        note = ", ".join(f"{count} × {trait}" for trait, count in counts.items())
        status = f"FLAKY {len(wrong)}/{len(answers)}"
    else:
        status, note = _status(trait_of(shown), past)
    is_new = not deviation and not (past and len(counts) > 1)
    return Became(status, note, message, (failed(shown, subject),) if is_new else ())


def _ask(subject: Subject, case: Case, kinds: Collection[Kind] = KINDS) -> Verdict | Mismatch:
    try:
        return check(case, subject, kinds=kinds, repeats=2)
    except Mismatch as mismatch:
        return mismatch


def _at_sight(answer: Verdict | Mismatch) -> Trait:
    return trait_at_sight(answer.verdict if isinstance(answer, Mismatch) else answer)


def _as_before(subject: Subject, case: Case, past: Sequence[Failed], found: Mismatch) -> Mismatch:
    """The recorded disagreement, where it shows only when its kind alone is judged, as a property does."""
    if _at_sight(found).kind in [each.kind for each in past]:
        return found
    for old in past:
        answer = _ask(subject, case, kinds=[kind for kind in KINDS if kind == old.kind])
        if isinstance(answer, Mismatch) and _at_sight(answer)[:2] == old.trait[:2]:
            return answer
    return found


def _message(subject: Subject, mismatch: Mismatch, known: Iterable[Deviation]) -> tuple[str, bool]:
    """What is said of a disagreement, and whether a recorded deviation explains it."""
    deviation = explained(mismatch, subject, known)
    if deviation is None:
        return str(mismatch), False
    return f"{mismatch}\n  known    {deviation.name}: {' '.join(deviation.sentence.split())}", True


def _passed(verdict: Verdict, past: Sequence[Failed]) -> Became:
    if not past:
        return Became(verdict.outcome, verdict.sentence)
    if verdict.outcome != "agrees":
        return Became(verdict.outcome, f"{verdict.sentence}; it failed {_before(past)}")
    today = date.today().isoformat()
    fixed = tuple(replace(each, fixed=each.fixed or today) for each in past)
    return Became("FIXED", f"holds; it failed {_before(past)}", failures=fixed)


def _before(past: Sequence[Failed]) -> str:
    """Since when a case has failed, and how."""
    traits = " and ".join(str(each.trait) for each in past)
    return f"on {min(each.first_seen for each in past)}: {traits}"


def _status(trait: Trait, past: Sequence[Failed]) -> tuple[str, str]:
    """The status of a case that disagrees every time in one way, and why."""
    status = "CRASHED" if trait.kind == "crashed" else ""
    if not past:
        return status or "disagrees", trait.cause
    if any(trait.is_as(each.trait) for each in past):
        return status or "STILL", f"{trait}, since {min(each.first_seen for each in past)}"
    return status or "CHANGED", f"{trait}; before, {_before(past)}"


def _print(case: Case, became: Became) -> None:
    if became.status != "disagrees":
        note = f"  ({became.note})" if became.note else ""
        print(f"{SHOWN.get(became.status, became.status):<9} {case}{note}")
    if became.message:
        print(became.message)
