"""Entries taken out of the record of failures: of words, of subjects, or all that hold again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from verify.cases.case import Case
from verify.cases.operations import OPERATIONS
from verify.checks.ways import split_way
from verify.corpus.failures import Failed, forget
from verify.subjects.by_path import canonical


def forget_named(file: Path, named: Sequence[str]) -> int:
    """Take out the entries of the words and subjects that are named, else all that hold; prints them; 0.

    A subject is named with all its ways, or with one. Raises ValueError, one sentence, where there are none.
    """
    words = {str(Case.parse(name)) for name in named if _is_word(name)}
    subjects = {canonical(name) for name in named if not _is_word(name)}

    def is_wanted(failure: Failed) -> bool:
        is_of = not subjects or bool({failure.subject, split_way(failure.subject)[0]} & subjects)
        return bool(failure.fixed) if not named else is_of and (not words or failure.word in words)

    gone = forget(file, is_wanted) if file.exists() else []
    for failure in gone:
        print(f"forgot    {failure.word}  ({failure.subject}: {failure.trait}, since {failure.first_seen})")
    if not gone and named:
        raise ValueError(f"no failure of {' '.join(named)} is recorded in {file}")
    if not gone:
        print(f"Nothing to forget: no failure in {file} is fixed.")
    return 0


def _is_word(name: str) -> bool:
    return name.partition("_")[0] in OPERATIONS
