"""Complaints about what is recorded of a subject: its deviations and limits, asked by their own words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

from verify.cases.case import Case
from verify.checks.clock import within
from verify.checks.deviations import Deviation, expired, routes_of
from verify.checks.examination import Examination, disagreement
from verify.checks.limits import Limit
from verify.checks.losses import keep_if_lost
from verify.checks.path import excused
from verify.checks.predictions import explains
from verify.checks.subject import Description
from verify.gate.judging import Judge
from verify.gate.survey import examinations_of, refusal, words_of_limits
from verify.gate.under_test import Gate
from verify.oracle.compare import Verdict
from verify.reports.tally import TIME_UP


def complaint(judge: Judge, wrong: Callable[[], str]) -> str:
    """What is wrong with an entry, or nothing where there is no time left to ask."""
    told = within(judge.gate.session.until, wrong)
    if told is None:
        judge.tallier.note = TIME_UP
    return told or ""


def is_asked(gate: Gate, deviation: Deviation) -> bool:
    """Whether an entry's word is asked: of a part of a subject's ways only where one of them has the word."""
    case = Case.parse(deviation.word)
    return "/" not in gate.name or any(way.domain.holds(case) for way in routes_of(deviation, gate.subject))


def wrong_deviation(judge: Judge, deviation: Deviation) -> str:
    """What is wrong with an entry; empty if its word disagrees as recorded, by one of its ways.

    A deviation that is not repeatable, such as memory that was never written, is asked several times;
    one that is sporadic need not happen.
    """
    name = judge.gate.name
    if deviation.expires and deviation.expires < date.today():
        return expired(name, deviation)
    examinations: list[Examination] = []
    for examination in examinations_of(judge.gate.subject, deviation):
        if explains(deviation, examination):
            for earlier in examinations:
                keep_if_lost(earlier, asked=f"whether {deviation.name} still happens")
            judge.tallier.record(replace(examination, deviation=deviation))
            return ""
        examinations.append(examination)
    if failed := [examination for examination in examinations if examination.fails]:
        text = disagreement(excused(failed[0], [deviation]))
        return f"{text}\n  entry    {deviation.name} records another kind: {deviation.kinds_phrase}"
    if deviation.sporadic:
        return ""
    is_declined = all(examination.outcome == "declined" for examination in examinations)
    became = "is declined" if is_declined else "no longer deviates"
    return (
        f"{name} {became} where {deviation.name!r} records a deviation: delete its entry\n"
        f"  case     {deviation.word}\n"
        f"  entry    {deviation.text}"
    )


def limits_of(gate: Gate) -> list[tuple[Description, Limit, str]]:
    """The words of the limits that are recorded of this release, each with a way that has the limit."""
    version = gate.subject.version
    words = words_of_limits(gate.routes.values())
    return [(way, limit, word) for way, limit, word in words if limit.covers(version)]


def wrong_limit(judge: Judge, way: Description, limit: Limit, word: str) -> str:
    """What is wrong with a limit; empty if its word is refused in its words."""
    with judge.tallier.clock.part("subject"):
        answer = refusal(way, limit, word)
    if not answer:
        agrees = Verdict(outcome="agrees")
        judge.tallier.record(Examination(case=Case.parse(word), subject=way, verdict=agrees))
        return ""
    became = f"refuses {word} in other words than its limit has: {answer}"
    if answer == "answered":
        became = f"answers {word}, which is recorded as a limit"
    lines = [
        f"{way.name} now {became}",
        f"  limit    {' '.join(limit.when.text.split())}",
        f"  says     {' | '.join(limit.says)}",
        *([f"  see      {limit.link}"] if limit.link else []),
    ]
    return "\n".join(lines)
