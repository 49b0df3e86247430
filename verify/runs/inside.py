"""What a subject answers inside a recorded deviation: as predicted, rightly, or neither."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from fnmatch import fnmatchcase

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from verify.cases.case import Case
from verify.cases.domain import Condition
from verify.cases.predicates import names_of
from verify.checks.deviations import Deviation, applying, routes_of
from verify.checks.examination import Examination, disagreement
from verify.checks.path import Examiner, excused
from verify.checks.subject import Description, Subject, describe
from verify.gate.drawing import ILLEGAL_OPERATIONS, cases_by_way, illegal_cases_by_way, sample
from verify.reports.terminal import Terminal

SHOWN = 3
"""Answers that are neither right nor predicted, which are shown in full."""

OUTCOMES = ("predicted", "right", "declined", "known by another entry", "neither")


def inside(
    console: Terminal, labels: Sequence[str], load: Callable[[str], Subject], *, pattern: str, examples: int
) -> int:
    """Draw cases inside the deviations whose name fits a pattern, and say what is answered.

    0; 1 if an answer is neither right nor recorded, and 3 if none is as it is predicted.
    """
    counts: Counter[str] = Counter()
    for label in labels:
        subject = describe(load(label))
        known = applying(subject.known, subject)
        for entry in known:
            if fnmatchcase(entry.name, pattern):
                counts += _asked(console, subject, entry, known, examples=examples)
    return 1 if counts["neither"] else 0 if counts["predicted"] else 3


def _asked(
    console: Terminal,
    subject: Description,
    entry: Deviation,
    known: Sequence[Deviation],
    *,
    examples: int,
) -> Counter[str]:
    counts: Counter[str] = Counter()
    strays = []
    for way, case in sample(examples, 0, drawn_inside(entry, subject)):
        asked = subject.ways.get(way, subject)
        examination = Examiner(subject=asked, repeats=2, noted_as=asked.label).examine(case)
        outcome, stray = outcome_of(examination, entry, known)
        counts[outcome] += 1
        strays += [stray] if outcome == "neither" else []
    shown = ", ".join(f"{counts[outcome]} {outcome}" for outcome in OUTCOMES if counts[outcome])
    console.say(f"{entry.name} of {subject.label}: {counts.total()} cases, {shown or 'none can be drawn'}")
    for stray in strays[:SHOWN]:
        console.say(disagreement(stray))
    return counts


def outcome_of(
    examination: Examination, entry: Deviation, known: Iterable[Deviation]
) -> tuple[str, Examination]:
    """What an answer is, one of OUTCOMES, and the examination with what is recorded of it."""
    if examination.verdict.kind is None:
        return ("declined" if examination.outcome == "declined" else "right"), examination
    alone = excused(examination, [entry])
    if alone.deviation:
        return "predicted", alone
    if excused(examination, known).deviation:
        return "known by another entry", alone
    return "neither", alone


def drawn_inside(entry: Deviation, subject: Description) -> SearchStrategy[tuple[str, Case]]:
    """Pairs of a way and a case of its domain for which an entry's condition holds; nothing where none is."""
    ways = {way.name.partition("/")[2]: way for way in routes_of(entry, subject)}
    if Case.parse(entry.word).illegal:
        domains = {name: way.domain for name, way in ways.items()}
        operations = [name for name in subject.operations if name in ILLEGAL_OPERATIONS]

        def holds(asked: tuple[str, Case]) -> bool:
            way, case = asked
            return entry.when.holds(names_of(case, ways[way].condition_names))

        return illegal_cases_by_way(domains, operations=operations).filter(holds)
    within = Condition(entry.when, entry.name, is_inside=True)
    domains = {
        name: replace(way.domain, conditions=(*way.domain.conditions, within)) for name, way in ways.items()
    }
    with suppress(ValueError):  # by what plain cases show
        return cases_by_way(domains)
    return st.nothing()
