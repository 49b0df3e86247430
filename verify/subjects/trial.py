"""Subjects that are tried when they are loaded, so that misuse is one sentence and no disagreement."""

from __future__ import annotations

from typing import Any

from verify.cases.domain import NoReply
from verify.checks.examination import Examination
from verify.checks.journal import journal
from verify.checks.losses import keep_if_lost
from verify.checks.outer import go_on_inside
from verify.checks.subject import Description, Subject, describe
from verify.checks.trial import misuse_on, tiny_case
from verify.checks.ways import split_way
from verify.subjects.contained import contained
from verify.subjects.here import ASKED, stays_here
from verify.subjects.isolated import usual, worker_of
from verify.subjects.registry import UnknownSubject, is_builtin, is_ours, load


def tried(subject: Subject) -> Description:
    """The description of a subject, each of whose ways was tried once, where it runs.

    Raises UnknownSubject, one sentence, for one that returns no answer; TypeError and ValueError as
    `describe` does.
    """
    description = describe(subject)
    name = description.name
    for way in () if is_builtin(name) or is_ours(name) else description.routes:
        if misuse := _misuse_of(way):
            raise UnknownSubject(f"the subject {way.name!r} {misuse}")
    return description


def usual_tried(name: str) -> Description:
    """The subject of a name as a run loads it, tried."""
    return tried(usual(name))


def contained_tried(subject: Subject, **where: Any) -> Description:
    """A callable in a worker that has these options, where one can import it, tried."""
    return tried(contained(subject, **where))


def tried_here(subject: str | Subject, *, why: str = ASKED) -> Description:
    """A subject, or that of a name, in this process, tried."""
    if not (isinstance(subject, str) and is_ours(subject)):
        go_on_inside()
    description = load(subject) if isinstance(subject, str) else describe(subject)
    if worker_of(description) or is_ours(description.name):
        return description
    return tried(stays_here(description, why, options=ASKED if why == ASKED else ""))


def _misuse_of(way: Description) -> str:
    try:
        case = tiny_case(way.drawn())
    except NoReply as reason:
        return f"does not say what it answers: {reason}"
    if case is None:
        return ""
    journal.note(way.name, str(case))
    worker = worker_of(way)
    if worker is None:
        return misuse_on(way, case)
    name = split_way(way.name)[1]
    told = worker.tried_on(case, name)
    if isinstance(told, str):
        return told
    again = worker.tried_on(case, name)
    if isinstance(again, str):
        lost = Examination(case=case, subject=way, verdict=told)
        keep_if_lost(lost, asked="as the first case of all, to try it; asked again, it was not lost")
        return again
    return ""  # which the gate, or a sweep, will judge
