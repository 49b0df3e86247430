"""A baseline of behaviour: the fixed cases, and which of them a subject is asked."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from verify.cases.case import Case
from verify.checks.check import Subject
from verify.corpus import words as corpus
from verify.subjects.registry import declared

CASES = Path(__file__).with_name("cases.txt")


@cache
def fixed() -> tuple[Case, ...]:
    """Every fixed case: no drawing chooses them, so that all versions of all packages have the same."""
    return tuple(corpus.read(CASES))


def asked_of(subject: Subject) -> list[Case]:
    """The fixed cases of what a subject says that it answers."""
    said = declared(subject)
    return [
        case
        for case in fixed()
        if case.operation in said["operations"] and set(case.epilogue) <= set(said["around"])
    ]
