"""The summary of a run: tables of what it proved, what it left out, and its failures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import chain

from rich.console import Console
from rich.table import Table
from rich.text import Text

from verify.cases.dtypes import shown_dtypes
from verify.cases.operations import OPERATIONS
from verify.checks.elements import NONE_WRONG
from verify.checks.subject import split_label
from verify.reports.arithmetic import arithmetic_lines
from verify.reports.conclusion import LITTLE
from verify.reports.coverage import FaultCoverage, RegionCoverage, families, fault_coverages, region_coverages
from verify.reports.failing import failure_text
from verify.reports.findings import findings
from verify.reports.judged import judged_lines
from verify.reports.phrases import LabelledText, most_common
from verify.reports.relations import relation_lines, relation_table
from verify.reports.rounding import rounding_lines
from verify.reports.tally import (
    ABSENT,
    COLUMNS,
    CROSSED,
    ENOUGH,
    NONE_FOUND,
    TRAITS,
    Tally,
    by_subject,
    grouped,
    totals,
)

TIME_PARTS = ("drawing", "reference", "subject", "comparison", "faults")
REASONS = 12
"""Reasons to decline that are listed."""


FEWEST = 8
"""Regions that are listed, those with the fewest cases; the page has all of them."""

STYLES = {
    "holds": "green",
    "disagrees": "bold red",
    "declined": "dim",
    ABSENT: "dim",
    **dict.fromkeys(LITTLE, "yellow"),
}


def print_summary(console: Console, tallies: Sequence[Tally], conclusion: str) -> None:
    """Print the summary of a run; messages are not wrapped, so that a line can be pasted."""
    for subject, group in by_subject(tallies).items():
        name, settings = split_label(subject)
        if settings:
            console.print(Text(subject, style="bold"), soft_wrap=True)
        console.print(property_table(name, group))
        if len({name for tally in group for name in tally.coverage.get("operation", ())}) > 1:
            console.print(_crossed(group))
        if related := relation_table(group):
            console.print(related)
    coverages, regional = fault_coverages(tallies), region_coverages(tallies)
    if len(coverages) > 1:
        console.print(_fault_table(coverages))
    proved = (
        *_coverage(tallies),
        *_fault_lines(coverages),
        *_region_lines(regional),
        *judged_lines(tallies),
        *rounding_lines(tallies),
        *arithmetic_lines(tallies),
        *relation_lines(tallies),
        *_least(tallies),
        *_drawing(tallies),
        *_time(tallies),
        *_error(tallies),
    )
    declined = most_common("declined", totals(tally.declined for tally in tallies), limit=REASONS)
    known = most_common("known", totals(tally.known for tally in tallies))
    left_out = (
        *declined,
        *known,
        *_hidden_lines(coverages),
        *_closed_lines(regional),
        *note_lines(tallies),
        *few_lines(tallies),
    )
    print_lines(console, (*proved, *left_out))
    print_findings(console, tallies, conclusion)


def print_lines(console: Console, lines: Iterable[LabelledText]) -> None:
    """Print a line for each label, whose text is wrapped beside it."""
    for label, text in lines:
        grid = Table.grid()
        grid.add_column(min_width=11, no_wrap=True)
        grid.add_column()
        grid.add_row(label, Text(text))
        console.print(grid)


def print_findings(
    console: Console, tallies: Sequence[Tally], conclusion: str, *, is_drawn: bool = True
) -> None:
    """Print every finding, and what the run comes to; a message is not wrapped.

    With its elements, if it `is_drawn`.
    """
    for finding in findings(tallies):
        failure = finding.failure
        drawn = failure.wrong if is_drawn else NONE_WRONG
        console.print()
        console.print(failure_text(finding.text, word=failure.word, wrong=drawn), soft_wrap=True)
    console.print(Text(f"\n{conclusion}", style="bold"))


def table_of(title: str, columns: Iterable[str], *, header: str = "dim", wide: int | None = None) -> Table:
    """A table with a column of names and some of numbers."""
    table = Table(box=None, pad_edge=False, header_style=header, padding=(0, 1, 0, 0))
    table.add_column(Text(title), no_wrap=True, min_width=wide)
    for name in columns:
        table.add_column(name, justify="right")
    return table


def property_table(subject: str, tallies: Sequence[Tally]) -> Table:
    """The counts and the verdict of each property of a subject."""
    table = table_of(subject, COLUMNS, header="bold", wide=30)
    table.add_column("verdict", no_wrap=True)
    for tally in tallies:
        if tally.verdict == ABSENT:
            continue
        verdict = Text(tally.verdict, STYLES[tally.verdict])
        table.add_row(Text(tally.title), *tally.counts.values(), verdict)
    return table


def _crossed(tallies: Sequence[Tally]) -> Table:
    """Cases judged, by operation and dtype."""
    counts = totals(tally.coverage.get(CROSSED, Counter()) for tally in tallies)
    dtypes = shown_dtypes({name.split()[1] for name in counts})
    table = table_of("judged, by operation and dtype", dtypes, wide=30)
    for operation in OPERATIONS:
        row = [counts[f"{operation} {dtype}"] for dtype in dtypes]
        if any(row):
            table.add_row(operation, *(f"{count:,}" for count in row))
    return table


_PLURALS = {"data_format": "formats"}


def _coverage(tallies: Sequence[Tally]) -> list[LabelledText]:
    """How many cases were graded of each operation, rank, dtype and padding."""
    coverage: dict[str, Counter[str]] = {}
    for tally in tallies:
        for name, counts in tally.coverage.items():
            if name != CROSSED:
                coverage.setdefault(name, Counter()).update(counts)
    return [
        (
            _PLURALS.get(name, f"{name}s"),
            ", ".join(f"{value} {count:,}" for value, count in sorted(counts.items())),
        )
        for name, counts in coverage.items()
    ]


def spent(tallies: Sequence[Tally]) -> dict[str, float]:
    """Seconds of the run by part; the rest is drawing cases and their operands."""
    seconds = {part: sum(tally.seconds.get(part, 0.0) for tally in tallies) for part in TIME_PARTS}
    loading = sum(tally.seconds.get("loading", 0.0) for tally in tallies)
    elapsed = sum(tally.elapsed for tally in tallies) - loading
    seconds["drawing"] = max(elapsed - sum(seconds.values()), 0.0)
    return seconds


def _time(tallies: Sequence[Tally]) -> list[LabelledText]:
    """Shares of the run's time."""
    seconds = spent(tallies)
    elapsed = sum(seconds.values())
    if elapsed <= 0:
        return []
    shares = ", ".join(f"{part} {100 * share / elapsed:.0f} %" for part, share in seconds.items())
    return [("time", f"{elapsed:.1f} s: {shares}")]


def _error(tallies: Sequence[Tally]) -> list[LabelledText]:
    largest = max(tallies, key=lambda tally: tally.error, default=None)
    if largest is None or not largest.error:
        return []
    return [("error", f"{largest.error:.2f} of the bound at most ({largest.subject}, {largest.title})")]


def note_lines(tallies: Sequence[Tally]) -> list[LabelledText]:
    """What was cut short, or is absent, and why; once for all subjects of which the same is said."""
    groups = grouped((tally for tally in tallies if tally.note), lambda tally: (tally.subject, tally.note))
    subjects: dict[tuple[str, str], list[str]] = {}
    for (subject, note), group in groups.items():
        label = ABSENT if group[0].is_absent else "not drawn" if note == NONE_FOUND else "cut short"
        text = f"{', '.join(tally.title for tally in group)}: {note}"
        subjects.setdefault((label, text), []).append(subject)
    return [(label, f"{', '.join(named)}, {text}") for (label, text), named in subjects.items()]


def _advice(tallies: Sequence[Tally]) -> list[LabelledText]:
    """Which attribute would keep the most of the declined cases from being drawn, where they are many."""
    lines: list[LabelledText] = []
    for subject, group in by_subject(tallies).items():
        declined = sum(tally.declined.total() for tally in group)
        if declined < ENOUGH or declined < sum(tally.agreed for tally in group):
            continue
        inside, outside = (_merged(group, which) for which in ("coverage", "outside"))
        shares = {
            name: sum(count for trait, count in counts.items() if trait not in inside.get(name, ()))
            for name, counts in outside.items()
        }
        name = max(shares, key=lambda trait: shares[trait])
        if 2 * shares[name] > declined and inside.get(name):
            values = tuple(int(trait) if trait.isdigit() else trait for trait in sorted(inside[name]))
            share = f"{100 * shares[name] / declined:.0f} % of the declined cases have another"
            lines.append(("advice", f"{split_label(subject)[0]}: declare `{name}s = {values!r}`: {share}"))
    return lines


def _merged(tallies: Sequence[Tally], which: str) -> dict[str, Counter[str]]:
    merged: dict[str, Counter[str]] = {}
    for tally in tallies:
        for name, counts in getattr(tally, which).items():
            if name in TRAITS:
                merged.setdefault(name, Counter()).update(counts)
    return merged


def _remarks(tallies: Sequence[Tally]) -> list[LabelledText]:
    """What became of the data in a release that it does not have."""
    return [("release", remark) for tally in tallies for remark in tally.remarks]


def few_lines(tallies: Sequence[Tally]) -> list[LabelledText]:
    """What to change, so that a run proves more, and what became of the data in another release."""
    return [*_few(tallies), *_advice(tallies), *_remarks(tallies)]


def _few(tallies: Sequence[Tally]) -> list[LabelledText]:
    """What is not proved where fewer cases were asked for than a property needs."""
    asked = {tally.examples for tally in tallies if 0 < tally.examples < ENOUGH}
    if not asked:
        return []
    return [
        ("few", f"{max(asked)} cases of a property were asked for, where {ENOUGH} are needed to prove much")
    ]


def _least(tallies: Sequence[Tally]) -> list[LabelledText]:
    """The least budget that meets all that a subject has, which a run always asks."""
    return [
        ("least", f"{tally.subject}: {tally.cases:,} cases meet each way, operation, dtype and region")
        for tally in tallies
        if tally.name == "met"
    ]


def _drawing(tallies: Sequence[Tally]) -> list[LabelledText]:
    """How much of what was drawn lay outside the domain, and was thrown away."""
    draws = totals(tally.draws for tally in tallies)
    if not draws["thrown"] or not draws["drawn"]:
        return []
    share = 100 * draws["thrown"] / draws["drawn"]
    return [
        ("drawing", f"{share:.1f} % of {draws['drawn']:,} draws thrown away, as a condition had none of them")
    ]


def _fault_lines(coverages: Sequence[FaultCoverage]) -> list[LabelledText]:
    """The faults of a run with one subject, by family; with several, how many each would have shown."""
    if len(coverages) != 1:
        return [("faults", f"{coverage.subject}: {coverage.share} visible") for coverage in coverages]
    (coverage,) = coverages
    lines = [("faults", f"{coverage.share} visible; cases that would have shown each, at least:")]
    for family, names in families(coverages).items():
        counts = ", ".join(f"{name}\N{NO-BREAK SPACE}{coverage.visible[name]:,}" for name in names)
        lines.append(("", f"{family}: {counts}"))
    return lines


def _region_lines(coverages: Sequence[RegionCoverage]) -> list[LabelledText]:
    """How many regions were graded, and of one subject those with the fewest cases."""
    if len(coverages) != 1:
        return [("regions", f"{coverage.subject}: {coverage.share} graded") for coverage in coverages]
    (coverage,) = coverages
    fewest = coverage.graded.most_common()[: -FEWEST - 1 : -1]
    counts = ", ".join(f"{name}\N{NO-BREAK SPACE}{count:,}" for name, count in fewest)
    return [("regions", f"{coverage.share} graded; the fewest cases in {counts}")]


def _closed_lines(coverages: Sequence[RegionCoverage]) -> list[LabelledText]:
    """The regions in which nothing was graded, as the subject declines their cases."""
    return [
        ("declined", f"{coverage.subject} declines the cases of the regions {', '.join(coverage.declined)}")
        for coverage in coverages
        if coverage.declined
    ]


def _hidden_lines(coverages: Sequence[FaultCoverage]) -> list[LabelledText]:
    """The faults that no case could show, as the subject declines or is known to deviate on theirs."""
    declines = "declines, or is known to deviate on, the cases of"
    return [
        ("hidden", f"{coverage.subject} {declines} {', '.join(coverage.hidden)}")
        for coverage in coverages
        if coverage.hidden
    ]


def _fault_table(coverages: Sequence[FaultCoverage]) -> Table:
    """Faults by subjects: in how many cases each was visible."""
    table = table_of("cases that would have shown", [str(number) for number in range(1, len(coverages) + 1)])
    for name in chain.from_iterable(families(coverages).values()):
        table.add_row(name, *(_count(coverage, name) for coverage in coverages))
    numbered = (f"{number} {coverage.subject}" for number, coverage in enumerate(coverages, 1))
    table.caption = Text(", ".join(numbered))
    table.caption_justify = "left"
    return table


def _count(coverage: FaultCoverage, name: str) -> str:
    if name not in coverage.visible:
        return "–"
    return "hidden" if name in coverage.hidden else f"{coverage.visible[name]:,}"
