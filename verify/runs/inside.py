"""What a subject answers inside a recorded deviation: as predicted, rightly, or neither."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from fnmatch import fnmatchcase

from verify.cases.case import Case
from verify.cases.predicates import names_of
from verify.cases.spelling import nearest
from verify.cases.word import InvalidCase
from verify.checks.deviations import Deviation, applying, routes_of
from verify.checks.examination import Examination
from verify.checks.path import Examiner, excused
from verify.checks.subject import Description, Subject, describe
from verify.checks.ways import split_way
from verify.gate.drawing import ILLEGAL_OPERATIONS, cases_by_way, illegal_cases_by_way, sample
from verify.reports.failing import examination_text
from verify.reports.terminal import Terminal
from verify.runs.interrupted import say_interrupted

SHOWN = 3
"""Answers that are neither right nor predicted, which are shown in full."""

DRAWS = 6000
"""Cases that are drawn in search of some inside a deviation."""

OUTCOMES = ("predicted", "right", "declined", "known by another entry", "neither")


def inside(
    console: Terminal, labels: Sequence[str], load: Callable[[str], Subject], *, pattern: str, examples: int
) -> int:
    """Draw cases inside the deviations whose name fits a pattern, and say what is answered.

    0; 1 if an answer is neither right nor recorded, and 3 if none is as it is predicted.
    """
    counts: Counter[str] = Counter()
    names: set[str] = set()
    say_interrupted(console.say)
    for label in labels:
        subject = describe(load(label))
        known = applying(subject.known, subject)
        names |= {entry.name for entry in known}
        for entry in known:
            if fnmatchcase(entry.name, pattern):
                counts += _asked(console, subject, entry, known, examples=examples)
    if not any(fnmatchcase(name, pattern) for name in names):
        whose = f"no deviation of {', '.join(labels)} is named {pattern!r}"
        raise ValueError(f"{whose}; `list` names them{nearest(pattern, names)}")
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
    for way, case in drawn_inside(entry, subject, examples=examples):
        asked = subject.ways.get(way, subject)
        examination = Examiner(subject=asked, repeats=2, noted_as=asked.label).examine(case)
        outcome, stray = outcome_of(examination, entry, known)
        counts[outcome] += 1
        strays += [stray] if outcome == "neither" else []
    shown = ", ".join(f"{counts[outcome]} {outcome}" for outcome in OUTCOMES if counts[outcome])
    console.say(f"{entry.name} of {subject.label}: {counts.total()} cases, {shown or 'none can be drawn'}")
    for stray in strays[:SHOWN]:
        console.print(examination_text(stray), soft_wrap=True)
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


def drawn_inside(
    entry: Deviation, subject: Description, *, examples: int, seed: int = 0
) -> list[tuple[str, Case]]:
    """Ways and cases of their domains for which an entry's condition holds, drawn or like its word.

    Half of what is drawn keeps the word's numbers but for some; DRAWS are tried.
    """
    ways = {split_way(way.name)[1]: way for way in routes_of(entry, subject)}
    domains = {name: way.domain for name, way in ways.items()}
    word = Case.parse(entry.word)
    if word.illegal:
        operations = [name for name in subject.operations if name in ILLEGAL_OPERATIONS]
        drawn = illegal_cases_by_way(domains, operations=operations)
    else:
        drawn = cases_by_way(domains)

    def holds(way: str, case: Case) -> bool:
        names = names_of(case, ways[way].condition_names)
        return ways[way].domain.holds(case) and entry.when.holds(names)

    asked = ((way, like(word, case, number)) for number, (way, case) in enumerate(sample(DRAWS, seed, drawn)))
    return list(dict.fromkeys((way, case) for way, case in asked if case and holds(way, case)))[:examples]


_TOGETHER: tuple[tuple[str, ...], ...] = (
    ("size",),
    ("batch",),
    ("kernel",),
    ("strides",),
    ("dilations",),
    ("padding",),
    ("channels", "filter_count", "groups", "multiplier"),
    ("dtype", "fill", "seed"),
    ("epilogue",),
    ("channels_first", "border"),
)
"""Fields that are taken together from one case into another."""


def like(word: Case, case: Case, number: int) -> Case | None:
    """A case, or every second time the word with some of the case's fields, which are the number's own.

    None where they do not go together.
    """
    if number % 2:
        return case
    if (word.operation, word.rank) != (case.operation, case.rank):
        return None
    bits = number // 2 * 2654435761 >> 7  # of another pattern for each number
    fields = [name for place, names in enumerate(_TOGETHER) if bits >> place & 1 for name in names]
    with suppress(InvalidCase):
        return replace(word, **{name: getattr(case, name) for name in fields})
    return None
