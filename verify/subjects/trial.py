"""Subjects that are tried when they are loaded, so that misuse is one sentence and no disagreement."""

from __future__ import annotations

from verify.checks.journal import journal
from verify.checks.subject import Description, Subject, describe
from verify.checks.trial import misuse_on, tiny_case
from verify.checks.ways import split_way
from verify.subjects.isolated import usual, worker_of
from verify.subjects.registry import UnknownSubject, is_builtin


def tried(subject: Subject) -> Description:
    """The description of a subject, each of whose ways was tried once, where it runs.

    Raises UnknownSubject, one sentence, for one that returns no answer; TypeError and ValueError as
    `describe` does.
    """
    description = describe(subject)
    for way in () if _is_ours(description) else description.routes:
        if misuse := _misuse_of(way):
            raise UnknownSubject(f"the subject {way.name!r} {misuse}")
    return description


def usual_tried(name: str) -> Description:
    """The subject of a name as a run loads it, tried."""
    return tried(usual(name))


def _is_ours(subject: Description) -> bool:
    return is_builtin(subject.name) or subject.name.startswith("fault:")


def _misuse_of(way: Description) -> str:
    case = tiny_case(way.drawn())
    if case is None:
        return ""
    if worker := worker_of(way):
        return worker.misuse_on(case, split_way(way.name)[1])
    journal.note(way.name, str(case))
    return misuse_on(way, case)
