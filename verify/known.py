"""Which recorded deviation explains a subject's disagreement."""

from __future__ import annotations

from collections.abc import Iterable

from verify.check import Mismatch, Subject, check
from verify.deviations import Deviation, explaining


def fault_of(mismatch: Mismatch) -> str:
    """The name of the fault that a disagreement looks like, or nothing."""
    found = mismatch.looks_like
    return found[0].name if len(found) == 1 else ""


def explained(mismatch: Mismatch, subject: Subject, recorded: Iterable[Deviation]) -> Deviation | None:
    """The first deviation that explains a disagreement, or None.

    One that names an accumulator explains only values that sums in it may have, for which the
    subject is asked again.
    """
    found = explaining(recorded, mismatch.case, mismatch.verdict.kind, mismatch.switches)
    if found is None or not found.accumulator:
        return found
    token = mismatch.case.format.token if found.accumulator == "own" else found.accumulator
    try:
        return found if check(mismatch.case, subject, accumulator=token).holds else None
    except Mismatch:
        return None
