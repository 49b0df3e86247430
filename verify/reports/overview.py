"""The overview of a run: what it proved, and what it left out, in a few lines."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from rich.console import Console
from rich.table import Table
from rich.text import Text

from verify.reports.coverage import FaultCoverage, RegionCoverage, fault_coverages, region_coverages
from verify.reports.phrases import LabelledText, most_common, plural
from verify.reports.summary import (
    STYLES,
    few_lines,
    note_lines,
    print_findings,
    print_lines,
    print_summary,
    property_table,
    spent,
    table_of,
)
from verify.reports.tally import ABSENT, Tally, by_subject, totals

Detail = Literal["result", "overview", "all"]
"""How much of a summary is printed: what was found, and beside that the counts, or all that was covered."""


def print_proved(
    console: Console,
    tallies: Sequence[Tally],
    conclusion: str,
    *,
    detail: Detail,
    more: str = "-v shows every count",
) -> None:
    """Print the whole summary, or its overview, or the findings alone; `more` says what shows more."""
    match detail:
        case "all":
            print_summary(console, tallies, conclusion)
        case "result":
            print_findings(console, tallies, conclusion, is_drawn=False)
        case _:
            print_overview(console, tallies, conclusion, more=more)


def print_overview(console: Console, tallies: Sequence[Tally], conclusion: str, *, more: str) -> None:
    """Print a table of one subject's properties, or of several subjects', and a line for each other count.

    `more` says what shows more. Findings are printed whole.
    """
    groups = by_subject(tallies)
    if len(groups) == 1:
        console.print(property_table(*groups.popitem()))
    else:
        console.print(_by_subject(groups))
    lines = [
        *_shares("faults", "visible", fault_coverages(tallies), lambda each: each.never_visible),
        *_shares("regions", "graded", region_coverages(tallies), lambda each: each.never_graded),
        *_left_out(tallies),
        *_why_declined(tallies),
        *note_lines(tallies),
        *few_lines(tallies),
        ("time", f"{sum(spent(tallies).values()):.1f} s; {more}"),
    ]
    print_lines(console, lines)
    print_findings(console, tallies, conclusion)


def _by_subject(groups: dict[str, list[Tally]]) -> Table:
    """The cases graded, properties by subjects; what disagrees or proves too little has a mark."""
    table = table_of("cases graded", [str(number) for number in range(1, len(groups) + 1)], wide=30)
    titles = {tally.name: tally.title for group in groups.values() for tally in group}
    by_name = [{tally.name: tally for tally in group} for group in groups.values()]
    for name, title in titles.items():
        table.add_row(Text(title), *(_cell(tallies.get(name)) for tallies in by_name))
    numbered = (f"{number} {subject}" for number, subject in enumerate(groups, 1))
    marks = {"!": "disagrees", "?": "too little", "–": "no case"}
    shown = {mark for tallies in by_name for name in titles for mark in _mark(tallies.get(name))}
    legend = [f"{mark} {what}" for mark, what in marks.items() if mark in shown]
    table.caption = Text(", ".join((*numbered, *legend)))
    table.caption_justify = "left"
    return table


def _cell(tally: Tally | None) -> Text:
    mark = _mark(tally)
    if tally is None or mark == "–":
        return Text("–", "dim")
    return Text(f"{tally.graded + tally.known.total():,}{mark}", STYLES[tally.verdict] if mark else "")


def _mark(tally: Tally | None) -> str:
    """What stands beside a count: nothing where the property holds."""
    if tally is None or tally.verdict == ABSENT:
        return "–"
    if tally.failures:
        return "!"
    return "" if tally.verdict in ("holds", "declined") else "?"


def _shares(
    label: str,
    seen: str,
    coverages: Sequence[FaultCoverage] | Sequence[RegionCoverage],
    never: Callable[..., Sequence[str]],
) -> list[LabelledText]:
    """Of how many faults or regions something was seen; of several subjects, those that lack some."""
    if len(coverages) == 1:
        return [(label, f"{coverages[0].share} {seen}")]
    lacking = [f"{each.subject} {each.share}" for each in coverages if never(each)]
    whole = f"all {seen}, but for what a subject declines or is known to get wrong"
    return [(label, ", ".join(lacking) or whole)] if coverages else []


FIRST_REASONS = 3
"""Reasons to decline that are listed where a run is not green."""


def _why_declined(tallies: Sequence[Tally]) -> list[LabelledText]:
    """The most common reasons to decline, where some property was not shown to hold."""
    if {tally.verdict for tally in tallies} <= {"holds", "declined", ABSENT}:
        return []
    return most_common("declined", totals(tally.declined for tally in tallies), limit=FIRST_REASONS)


def _left_out(tallies: Sequence[Tally]) -> list[LabelledText]:
    """How many cases were declined, proved little, or are known deviations."""
    declined, known = (totals(getattr(tally, name) for tally in tallies) for name in ("declined", "known"))
    vacuous = sum(tally.vacuous for tally in tallies)
    entries = f"by {len(known)} recorded {plural(len(known), 'deviation')}"
    counts = [
        (declined.total(), "declined"),
        (vacuous, "vacuous"),
        (known.total(), f"known, {entries}"),
    ]
    said = [f"{count:,} {what}" for count, what in counts if count]
    return [("left out", "; ".join(said))] if said else []
