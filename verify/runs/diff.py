"""The same cases put to a subject in two interpreters: disagreements of each, and differing bits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from rich.table import Table
from rich.text import Text

from verify.cases.case import Case
from verify.checks.examination import Examination, disagreement
from verify.checks.subject import Description, Subject, describe
from verify.gate.survey import surveyed
from verify.reports.terminal import Terminal
from verify.runs.behaviour.comparison import differences, summary_of, table_of
from verify.runs.behaviour.record import Behaviour, behaviour_of, observe
from verify.runs.interrupted import lines_of_interrupted

LISTED_CASES = 20
"""Cases of differing bits that are listed."""

OUTCOMES = ("agrees", "declined", "vacuous", "known", "disagrees")


class Side(NamedTuple):
    """A subject in one interpreter: its record, how its answers were judged, its failures.

    `release` says what of the data holds, where that does not have the release.
    """

    name: str
    subject: Description
    record: Behaviour
    counts: Counter[str]
    failures: Sequence[Examination]
    release: str

    @property
    def wrong(self) -> int:
        return self.counts["disagrees"]

    @property
    def is_graded(self) -> bool:
        return any(self.counts[outcome] for outcome in ("agrees", "known", "disagrees"))


def diff(console: Terminal, first: Subject, second: Subject, named: Iterable[Case]) -> int:
    """Ask both and print where they are wrong and where they differ; returns the exit code.

    1 if either disagrees with the reference, unless that is known, or if their bits differ or only
    one of them has an answer; 3 if nothing was graded; else 0.
    """
    # From long words to short ones, so that of each kind of disagreement the smallest is shown.
    cases = sorted(dict.fromkeys(named), key=lambda case: len(str(case)), reverse=True)
    for line in lines_of_interrupted():
        console.say(line)
    sides = _side("A", describe(first), cases), _side("B", describe(second), cases)
    before, after = (side.record for side in sides)
    changes = differences(before, after)
    for side in sides:
        console.say(f"{side.name}  {side.subject.headline}")
        if side.release:
            console.say(f"{side.name}  {side.release}")
    console.print(_counts(sides))
    if changes:
        lines = [
            *table_of(changes, ("A", "B"), most=LISTED_CASES),
            "",
            *summary_of(changes, before, after),
        ]
        console.say("\n".join(["", *lines]))
    for side in sides:
        for failure in side.failures:
            console.say(f"\n{side.name}: {disagreement(failure)}")
    console.print(Text(f"\n{_sentence(len(cases), sides, len(changes))}", style="bold"), soft_wrap=True)
    if changes or any(side.wrong for side in sides):
        return 1
    return 0 if any(side.is_graded for side in sides) else 3


def _side(name: str, subject: Description, cases: Iterable[Case]) -> Side:
    subject, survey = surveyed(subject, ())
    observations = [*observe(subject, cases, name=subject.name, known=survey.known)]
    counts = Counter(examination.outcome for _, examination in observations)
    failures = {examination.signature: examination for _, examination in observations if examination.fails}
    release = next(survey.lines(subject), "")
    return Side(name, subject, behaviour_of(subject, observations), counts, [*failures.values()], release)


def _counts(sides: Iterable[Side]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("", no_wrap=True)
    for outcome in OUTCOMES:
        table.add_column(outcome, justify="right")
    for side in sides:
        table.add_row(side.name, *(f"{side.counts[outcome]:,}" for outcome in OUTCOMES))
    return table


def _sentence(cases: int, sides: Sequence[Side], differing: int) -> str:
    first, second = (side.wrong for side in sides)
    if first or second or differing:
        return (
            f"Of {cases:,} cases {differing:,} differ between A and B; "
            f"A disagrees with the reference in {first:,} and B in {second:,}."
        )
    if not any(side.is_graded for side in sides):
        return "Proves too little: no case was judged on values that could have failed."
    return f"The same: {cases:,} cases, no bit differs and neither disagrees with the reference."
