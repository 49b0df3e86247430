"""The same cases put to a subject in two interpreters: disagreements of each, and differing bits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from rich.table import Table
from rich.text import Text

from verify.cases.case import Case
from verify.checks.examination import disagreement
from verify.checks.subject import Description, Subject, describe
from verify.gate.recorder import GRADED
from verify.gate.survey import surveyed
from verify.reports.conclusion import NOTHING_JUDGED
from verify.reports.failing import examination_text
from verify.reports.heartbeat import Noted
from verify.reports.live import going_on
from verify.reports.phrases import plural
from verify.reports.records import Record, nowhere
from verify.reports.terminal import Terminal
from verify.runs.behaviour.comparison import Difference, differences, summary_of
from verify.runs.behaviour.nearness import difference_lines, difference_record, nearer_phrase
from verify.runs.behaviour.record import Behaviour, behaviour_of, observe
from verify.runs.interrupted import say_interrupted
from verify.runs.jobs import heard_of, jobs_for

LISTED_CASES = 20
"""Cases of differing bits that are listed."""

OUTCOMES = ("agrees", "declined", "vacuous", "known", "disagrees")


class Side(NamedTuple):
    """A subject in one interpreter: its record, how its answers were judged, its failures as they are shown.

    `release` says what of the data holds, where that does not have the release.
    """

    name: str
    headline: str
    record: Behaviour
    counts: Counter[str]
    failures: Sequence[Text]
    release: str

    @property
    def wrong(self) -> int:
        return self.counts["disagrees"]

    @property
    def is_graded(self) -> bool:
        return any(self.counts[outcome] for outcome in GRADED)


NAMES = ("A", "B")


class At(NamedTuple):
    """Said of a side before a case is asked: its number, from 1, and its word."""

    side: str
    number: int
    word: str


def diff(
    console: Terminal,
    first: Subject,
    second: Subject,
    named: Iterable[Case],
    *,
    again: str = "",
    jobs: int | None = 1,
    record: Callable[[Record], None] = nowhere,
) -> int:
    """Ask both and print where they are wrong and where they differ; returns the exit code.

    With two `jobs` both are asked at a time. `again` is the command that asks both once more, before its
    word, and `record` takes what is found.
    1 if either disagrees with the reference, unless that is known, or if their bits differ or only
    one of them has an answer; 3 if nothing was graded; else 0.
    """
    # From long words to short ones, so that of each kind of disagreement the smallest is shown.
    cases = sorted(dict.fromkeys(named), key=lambda case: len(str(case)), reverse=True)
    say_interrupted(console.say)
    sharing = jobs_for(2, jobs, "side")
    sides = _sides(console, (describe(first), describe(second)), cases, jobs=sharing.number)
    before, after = (side.record for side in sides)
    changes = differences(before, after)
    for side in sides:
        console.say(f"{side.name}  {side.headline}")
        if side.release:
            console.say(f"{side.name}  {side.release}")
    if sharing.phrase:
        console.say(sharing.phrase)
    console.print(_counts(sides))
    record({"type": "diff", **{side.name: side.headline for side in sides}, "cases": len(cases)})
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
            console.print(failure, soft_wrap=True)
    sentence = _sentence(len(cases), sides, changes)
    console.print(Text(f"\n{sentence}", style="bold"), soft_wrap=True)
    code = 1 if changes or any(side.wrong for side in sides) else 3
    code = 0 if code == 3 and any(side.is_graded for side in sides) else code
    record({"type": "end", "conclusion": sentence, "exit_code": code})
    return code


def _sides(
    console: Terminal, subjects: tuple[Description, Description], cases: Sequence[Case], *, jobs: int
) -> list[Side]:
    """Both sides, asked at a time where there are two jobs; Broken, if one was lost."""
    parts = [*zip(NAMES, subjects, strict=True)]
    with _progress(console, len(cases)) as show:
        return heard_of(parts, lambda part, say: _side(*part, cases, say), jobs=jobs, heard=show)


def _side(name: str, subject: Description, cases: Sequence[Case], say: Callable[[At], None]) -> Side:
    """A side, from what its subject answers; `say` is told of each case before it is asked."""

    def told() -> Iterator[Case]:
        for number, case in enumerate(cases, start=1):
            say(At(name, number, str(case)))
            yield case

    subject, survey = surveyed(subject, ())
    observations = [*observe(subject, told(), name=subject.name, known=survey.known)]
    counts = Counter(examination.outcome for _, examination in observations)
    failures = {examination.signature: examination for _, examination in observations if examination.fails}
    texts = [examination_text(each, f"{name}: {disagreement(each)}") for each in failures.values()]
    release = next(survey.lines(subject), "")
    return Side(name, subject.headline, behaviour_of(subject, observations), counts, texts, release)


def _counts(sides: Iterable[Side]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("", no_wrap=True)
    for outcome in OUTCOMES:
        table.add_column(outcome, justify="right")
    for side in sides:
        table.add_row(side.name, *(f"{side.counts[outcome]:,}" for outcome in OUTCOMES))
    return table


@contextmanager
def _progress(console: Terminal, cases: int) -> Iterator[Callable[[At], None]]:
    """Shows how many cases each side was asked, while it is: on the terminal, or in the lines beside it."""
    now: dict[str, At] = {}

    def show(at: At) -> None:
        now[at.side] = at

    def shares() -> list[str]:
        return [f"{at.number:,} of {cases:,} cases by {at.side}" for at in now.values()]

    def lines() -> str:
        return "\n".join(f"{at.side}  {at.number:,} of {cases:,} cases  {at.word}" for at in now.values())

    def words() -> list[Noted]:
        return [(at.side, at.word) for at in now.values()]

    with going_on(console, lambda: ", ".join(shares()) or "loading …", at=words, lines=lines):
        yield show


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
