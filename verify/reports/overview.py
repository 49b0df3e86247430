"""The overview of a run: what it proved, and what it left out, in a few lines."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from rich.console import Console
from rich.table import Table
from rich.text import Text

from verify.reports.arithmetic import arithmetic_lines
from verify.reports.coverage import FaultCoverage, RegionCoverage, fault_coverages, region_coverages
from verify.reports.phrases import LabelledText, most_common, plural
from verify.reports.relations import relation_lines
from verify.reports.rounding import rounding_lines
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
from verify.reports.tally import ABSENT, Tally, by_name, by_subject, grouped, totals

Detail = Literal["result", "overview", "all"]
"""How much of a summary is printed: what was found, and beside that the counts, or all that was covered."""

GREEN = frozenset({"holds", "declined", ABSENT})
"""Verdicts of properties of which there is nothing to say."""


def print_proved(
    console: Console,
    tallies: Sequence[Tally],
    conclusion: str,
    *,
    detail: Detail,
    more: str = "-v shows every count",
    took: float | None = None,
) -> None:
    """Print the whole summary, or its overview, or the findings alone; `more` says what shows more.

    It `took` so many seconds, or all that its properties did, which several jobs may have done at a time.
    """
    match detail:
        case "all":
            print_summary(console, tallies, conclusion)
        case "result":
            print_findings(console, tallies, conclusion, is_drawn=False)
        case _:
            took = sum(spent(tallies).values()) if took is None else took
            print_overview(console, tallies, conclusion, more=more, took=took)


def print_overview(
    console: Console, tallies: Sequence[Tally], conclusion: str, *, more: str, took: float
) -> None:
    """Print a table of one subject's properties, or of several subjects', and a line for each other count.

    It `took` so many seconds, and `more` says what shows more. Findings are printed whole.
    """
    groups = by_subject(tallies)
    if len(groups) == 1:
        console.print(property_table(*groups.popitem()))
    else:
        console.print(_by_subject(tallies))
    rounding = rounding_lines(tallies)
    is_green = {tally.verdict for tally in tallies} <= GREEN
    if is_green and (of_subjects := rounding_lines(tallies, of_ways=False)) != rounding:
        rounding, more = of_subjects, f"{more}, and how each way rounds"
    lines = [
        *_shares("faults", "visible", fault_coverages(tallies), lambda each: each.never_visible),
        *_shares("regions", "graded", region_coverages(tallies), lambda each: each.never_graded),
        *_left_out(tallies),
        *rounding,
        *arithmetic_lines(tallies),
        *relation_lines(tallies),
        *_why_declined(tallies),
        *note_lines(tallies),
        *few_lines(tallies),
        ("time", f"{took:.1f} s; {more}"),
    ]
    print_lines(console, lines)
    print_findings(console, tallies, conclusion)


def _by_subject(tallies: Sequence[Tally]) -> Table:
    """The cases graded, properties by subjects; what disagrees or proves too little has a mark.

    A subject under several settings has one column, in which they are counted together.
    """
    columns = {name: grouped(of, lambda tally: tally.name) for name, of in by_name(tallies).items()}
    table = table_of("cases graded", [str(number) for number in range(1, len(columns) + 1)], wide=30)
    titles = {tally.name: tally.title for tally in tallies}
    cells = {name: [_cell(column.get(name, [])) for column in columns.values()] for name in titles}
    for name, title in titles.items():
        table.add_row(Text(title), *cells[name])
    settings = {name: len({tally.subject for tally in of}) for name, of in by_name(tallies).items()}
    legend = [
        f"{number} {name}" + f" (under {many} settings)" * (many > 1)
        for number, (name, many) in enumerate(settings.items(), 1)
    ]
    shown = {cell.plain[-1:] for row in cells.values() for cell in row}
    legend += [f"{mark} {what}" for mark, what in _MARKS.items() if mark in shown]
    table.caption = Text(", ".join(legend))
    table.caption_justify = "left"
    return table


_MARKS = {"!": "disagrees", "?": "too little", "–": "no case"}


def _cell(tallies: Sequence[Tally]) -> Text:
    """The cases of a property that were graded, under all settings, with the worst mark of them."""
    marks = {_mark(tally): tally for tally in tallies}
    worst = next((mark for mark in ("!", "?", "") if mark in marks), "–")
    if worst == "–":
        return Text("–", "dim")
    graded = sum(tally.graded + tally.known.total() for tally in tallies)
    return Text(f"{graded:,}{worst}", STYLES[marks[worst].verdict] if worst else "")


def _mark(tally: Tally) -> str:
    """What stands beside a count: nothing where the property holds."""
    if tally.verdict == ABSENT:
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
    if {tally.verdict for tally in tallies} <= GREEN:
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
