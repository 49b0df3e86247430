"""Which recorded deviation explains a subject's disagreement."""

from __future__ import annotations

from collections.abc import Iterable

from verify.checks.check import Mismatch, Subject, check, subject_name
from verify.checks.deviations import Deviation, about


def fault_of(mismatch: Mismatch) -> str:
    """The name of the fault that a disagreement looks like, or nothing."""
    found = mismatch.looks_like
    return found[0].name if len(found) == 1 else ""


def recorded(
    subject: Subject, own: Iterable[Deviation], brought: Iterable[Deviation] | None = None
) -> tuple[Deviation, ...]:
    """What is recorded of a subject: the user's own entries, then those that it brings.

    Raises ValueError, one sentence, for an entry of certain versions where the subject says none.
    """
    name, version = subject_name(subject), getattr(subject, "version", None)
    for each in own:
        if version is None and each.versions and each.is_of(name):
            versions = " or ".join(each.versions)
            raise ValueError(f"the deviation {each.name!r} is of {versions}, and {name} has no `version`")
    known = getattr(subject, "known", ()) if brought is None else brought
    return (*about(own, subject=name, version=version), *known)


def explains(deviation: Deviation, mismatch: Mismatch) -> bool:
    """Whether a deviation is of a disagreement's case, kind and fault."""
    is_of = deviation.explains(mismatch.case, mismatch.verdict.kind, mismatch.switches)
    return is_of and (not deviation.fault or deviation.fault == fault_of(mismatch))


def explained(mismatch: Mismatch, subject: Subject, recorded: Iterable[Deviation]) -> Deviation | None:
    """The first deviation that explains a disagreement, or None.

    One that names an accumulator explains only values that sums in it may have, for which the
    subject is asked again.
    """
    found = next((each for each in recorded if explains(each, mismatch)), None)
    if found is None or not found.accumulator:
        return found
    token = mismatch.case.format.token if found.accumulator == "own" else found.accumulator
    try:
        return found if check(mismatch.case, subject, accumulator=token).holds else None
    except Mismatch:
        return None


def expired(subject: str, deviation: Deviation) -> str:
    """What a reader is told of an entry whose day has passed."""
    return (
        f"{deviation.name!r}, recorded of {subject}, expired on {deviation.expires}: "
        f"mend what it records, or give it another day\n"
        f"  case     {deviation.word}\n"
        f"  entry    {' '.join(deviation.sentence.split())}"
    )
