"""Named cases put to a subject once more, without drawing any."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from verify.case import Case
from verify.check import Mismatch, Subject, check, subject_name
from verify.deviations import Deviation
from verify.journal import journal
from verify.known import explained


def replay(subject: Subject, named: Sequence[Case]) -> int:
    """Check each case, asking twice, and print what came of it; the exit code.

    1 where a case disagrees, known or not; 3 where all are declined or vacuous; else 0.
    """
    outcomes: Counter[str] = Counter()
    for case in named:
        outcomes[_replay(subject, case)] += 1
    if outcomes["disagrees"]:
        return 1
    if not outcomes["agrees"]:
        print("Proves too little: no case was judged on values that could have failed.")
        return 3
    return 0


def _replay(subject: Subject, case: Case) -> str:
    journal.note(subject_name(subject), str(case))
    try:
        verdict = check(case, subject, repeats=2)
    except Mismatch as mismatch:
        print(mismatch)
        known: Sequence[Deviation] = getattr(subject, "known", ())
        deviation = explained(mismatch, subject, known)
        if deviation is not None:
            print(f"  known    {deviation.name}: {' '.join(deviation.sentence.split())}")
        return "disagrees"
    shown = {"agrees": "holds"}.get(verdict.outcome, verdict.outcome)
    print(f"{shown:<9} {case}" + (f"  ({verdict.sentence})" if verdict.sentence else ""))
    return verdict.outcome
