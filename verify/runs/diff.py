"""The same cases put to a subject in two interpreters: disagreements of each, and differing bits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from rich.live import Live
from rich.table import Table
from rich.text import Text

from verify.cases.case import Case
from verify.checks.examination import Examination, disagreement
from verify.checks.subject import Description, Subject, describe
from verify.gate.recorder import GRADED
from verify.gate.survey import surveyed
from verify.reports.conclusion import NOTHING_JUDGED
from verify.reports.failing import examination_text
from verify.reports.phrases import plural
from verify.reports.records import Record, nowhere
from verify.reports.terminal import Terminal
from verify.runs.behaviour.comparison import Difference, differences, summary_of
from verify.runs.behaviour.nearness import difference_lines, difference_record, nearer_phrase
from verify.runs.behaviour.record import Behaviour, behaviour_of, observe
from verify.runs.interrupted import say_interrupted

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
        return any(self.counts[outcome] for outcome in GRADED)


NAMES = ("A", "B")


def diff(
    console: Terminal,
    first: Subject,
    second: Subject,
    named: Iterable[Case],
    *,
    again: str = "",
    record: Callable[[Record], None] = nowhere,
) -> int:
    """Ask both and print where they are wrong and where they differ; returns the exit code.

    `again` is the command that asks both once more, before its word, and `record` takes what is found.
    1 if either disagrees with the reference, unless that is known, or if their bits differ or only
    one of them has an answer; 3 if nothing was graded; else 0.
    """
    # From long words to short ones, so that of each kind of disagreement the smallest is shown.
    cases = sorted(dict.fromkeys(named), key=lambda case: len(str(case)), reverse=True)
    say_interrupted(console.say)
    sides = (
        _side("A", describe(first), _shown(console, "A", cases)),
        _side("B", describe(second), _shown(console, "B", cases)),
    )
    before, after = (side.record for side in sides)
    changes = differences(before, after)
    for side in sides:
        console.say(f"{side.name}  {side.subject.headline}")
        if side.release:
            console.say(f"{side.name}  {side.release}")
    console.print(_counts(sides))
    record({"type": "diff", **{side.name: side.subject.headline for side in sides}, "cases": len(cases)})
    for number, change in enumerate(changes):
        replay = f"{again or 'conv-verify diff A B'} {change.case}"
        if record is not nowhere:
            record({**difference_record(change, NAMES), "replay": replay})
        if number < LISTED_CASES:
            console.say("\n".join(["", *difference_lines(change, NAMES, replay)]))
    if changes:
        more = len(changes) - LISTED_CASES
        rest = [f"and {more:,} more {plural(more, 'case')}", ""] if more > 0 else []
        console.say("\n".join(["", *rest, *summary_of(changes, before, after)]))
    for side in sides:
        for failure in side.failures:
            console.print()
            text = examination_text(failure, f"{side.name}: {disagreement(failure)}")
            console.print(text, soft_wrap=True)
    sentence = _sentence(len(cases), sides, changes)
    console.print(Text(f"\n{sentence}", style="bold"), soft_wrap=True)
    code = 1 if changes or any(side.wrong for side in sides) else 3
    code = 0 if code == 3 and any(side.is_graded for side in sides) else code
    record({"type": "end", "conclusion": sentence, "exit_code": code})
    return code


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


def _shown(console: Terminal, name: str, cases: Sequence[Case]) -> Iterator[Case]:
    """The cases, with how many of them were asked on a line of the terminal while they are."""
    if not console.is_terminal:
        yield from cases
        return
    with Live(console=console, transient=True) as live:
        for number, case in enumerate(cases, start=1):
            live.update(Text(f"{name}  {number:,} of {len(cases):,} cases  {case}"))
            yield case


def _sentence(cases: int, sides: Sequence[Side], changes: Sequence[Difference]) -> str:
    first, second = (side.wrong for side in sides)
    if first or second or changes:
        differ = {0: "none differs", 1: "1 differs"}.get(len(changes), f"{len(changes):,} differ")
        nearer = nearer_phrase(changes, NAMES)
        return (
            f"Of {cases:,} {plural(cases, 'case')} {differ} between A and B"
            f"{f', {nearer}' if nearer else ''}; "
            f"A disagrees with the reference in {first:,} and B in {second:,}."
        )
    if not any(side.is_graded for side in sides):
        return NOTHING_JUDGED
    are = "1 case" if cases == 1 else f"{cases:,} cases"
    return f"The same: {are}, no bit differs and neither disagrees with the reference."
