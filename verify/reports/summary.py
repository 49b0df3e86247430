"""What a run proved, as tables: properties, coverage, time, known deviations and failures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from verify.cases.dtypes import FORMATS
from verify.cases.operations import OPERATIONS
from verify.cases.shards import ALL, Shard
from verify.reports.fault_coverage import fault_lines, fault_table, hidden_lines, unseen
from verify.reports.tally import CROSSED, Failure, Tally
from verify.subjects.registry import split_label

PARTS = ("drawing", "reference", "subject", "comparison", "faults")
REASONS = 12
"""Reasons to decline that are listed."""

LITTLE = ("nothing graded", "too little")
"""Verdicts of properties that prove too little."""

STYLES = {"holds": "green", "disagrees": "bold red", "declined": "dim", **dict.fromkeys(LITTLE, "yellow")}


def exit_code(tallies: Sequence[Tally], *, shard: Shard = ALL) -> int:
    """0 holds, 1 disagrees, 3 proves too little.

    That is no property at all, one that graded too little, or a fault that no case would have shown;
    of a shard it is that nothing was graded, as what is proved is for all shards to say.
    """
    if any(tally.failures for tally in tallies):
        return 1
    if shard.is_part:
        return 0 if any(tally.agreed or tally.known for tally in tallies) else 3
    is_little = not tallies or any(tally.verdict in LITTLE for tally in tallies)
    return 3 if is_little or unseen(tallies) else 0


def print_summary(
    console: Console,
    tallies: Sequence[Tally],
    *,
    interrupted: bool = False,
    shard: Shard = ALL,
    lacks: Sequence[str] = (),
) -> None:
    """Everything that a run has to say, and what it lacks to prove more.

    Messages are not wrapped, so that a line can be pasted.
    """
    for subject in dict.fromkeys(tally.subject for tally in tallies):
        own = [tally for tally in tallies if tally.subject == subject]
        name, settings = split_label(subject)
        if settings:
            console.print(Text(subject, style="bold"), soft_wrap=True)
        console.print(_properties(name, own))
        if len({name for tally in own for name in tally.coverage.get("operation", ())}) > 1:
            console.print(_crossed(own))
    if (table := fault_table(tallies)) is not None:
        console.print(table)
    proved = (*_coverage(tallies), *fault_lines(tallies), *_time(tallies), *_error(tallies))
    left = (*_declined(tallies), *_known(tallies), *hidden_lines(tallies), *_notes(tallies))
    for label, text in (*proved, *left):
        grid = Table.grid()
        grid.add_column(min_width=11, no_wrap=True)
        grid.add_column()
        grid.add_row(label, Text(text))
        console.print(grid)
    for message in failure_texts(tallies):
        console.print(f"\n{message}", highlight=False, markup=False, soft_wrap=True)
    said = sentence(tallies, interrupted=interrupted, shard=shard, lacks=lacks)
    console.print(Text(f"\n{said}", style="bold"))


def sentence(
    tallies: Sequence[Tally], *, interrupted: bool = False, shard: Shard = ALL, lacks: Sequence[str] = ()
) -> str:
    """The run in one sentence."""
    cases = sum(tally.cases for tally in tallies)
    graded = sum(tally.agreed for tally in tallies)
    failures = distinct(tallies)
    if failures:
        noun = "disagreement" if len(failures) == 1 else "disagreements"
        return f"Disagrees: {len(failures)} distinct {noun} in {cases:,} cases."
    if interrupted:
        return f"Interrupted: {graded:,} of {cases:,} cases graded so far and none disagrees."
    if shard.is_part and graded:
        of = f"{graded:,} of {cases:,} cases of shard {shard}"
        return f"Holds so far: {of} graded and none disagrees; `report` says what all shards prove."
    little = "; ".join([*lacks, *filter(None, [_too_little(tallies)])])
    if little:
        return f"Proves too little: {little}."
    return f"Holds: {graded:,} of {cases:,} cases graded and none disagrees."


def _too_little(tallies: Sequence[Tally]) -> str:
    """What graded nothing, or less than it takes before its time was up, or was never to be seen."""
    nothing, few = (
        ", ".join(dict.fromkeys(tally.title for tally in tallies if tally.verdict == each)) for each in LITTLE
    )
    if not tallies:
        nothing = "any property"
    said = (
        f"nothing was graded for {nothing}" if nothing else "",
        f"the time was up too soon for {few}" if few else "",
        f"no case would have shown {', '.join(faults)}" if (faults := unseen(tallies)) else "",
    )
    return "; ".join(filter(None, said))


def distinct(tallies: Iterable[Tally]) -> list[tuple[Failure, list[str]]]:
    """Each distinct failure once, by its shortest word, with the properties that found it.

    Failures of one subject are one where they look like the same fault, or where they have the same kind
    and geometry, whatever the fill that showed them.
    """
    found: dict[tuple[str, ...], tuple[Failure, list[str]]] = {}
    for tally in tallies:
        for failure in tally.failures.values():
            same = (failure.fault,) if failure.fault else (failure.kind, failure.word.rpartition("_")[0])
            key = (tally.subject, *same)
            shortest, titles = found.get(key, (failure, []))
            if len(failure.word) < len(shortest.word):
                shortest = failure
            found[key] = (shortest, [*titles, tally.title])
    return list(found.values())


def failure_texts(tallies: Iterable[Tally]) -> list[str]:
    """The message of each distinct failure, and the properties that found it."""
    found = [(failure.text, dict.fromkeys(titles)) for failure, titles in distinct(tallies)]
    return [f"{text}\n  found by {', '.join(titles)}" for text, titles in found]


def _properties(subject: str, tallies: Sequence[Tally]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(Text(subject), no_wrap=True, min_width=30)
    for name in ("cases", "declined", "vacuous", "known"):
        table.add_column(name, justify="right")
    table.add_column("verdict", no_wrap=True)
    for tally in tallies:
        counts = (tally.cases, tally.declined.total(), tally.vacuous, tally.known.total())
        row = [f"{count:,}" for count in counts]
        table.add_row(Text(tally.title), *row, Text(tally.verdict, STYLES[tally.verdict]))
    return table


def _crossed(tallies: Sequence[Tally]) -> Table:
    """Cases judged, by operation and dtype."""
    counts: Counter[str] = Counter()
    for tally in tallies:
        counts.update(tally.coverage.get(CROSSED, {}))
    operations = [each for each in OPERATIONS if any(name.startswith(f"{each} ") for name in counts)]
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("judged, by operation and dtype", no_wrap=True, min_width=30)
    for dtype in FORMATS:
        table.add_column(dtype, justify="right")
    for operation in operations:
        table.add_row(operation, *(f"{counts[f'{operation} {dtype}']:,}" for dtype in FORMATS))
    return table


Line = tuple[str, str]


def _coverage(tallies: Sequence[Tally]) -> list[Line]:
    """How many cases were graded of each operation, rank, dtype and padding."""
    seen: dict[str, Counter[str]] = {}
    for tally in tallies:
        for name, counts in tally.coverage.items():
            if name == CROSSED:
                continue
            seen.setdefault(name, Counter()).update(counts)
    return [
        (f"{name}s", ", ".join(f"{value} {count:,}" for value, count in sorted(counts.items())))
        for name, counts in seen.items()
    ]


def spent(tallies: Sequence[Tally]) -> dict[str, float]:
    """Seconds of the run by part; what no part accounts for went to drawing cases and their operands."""
    seconds = {part: sum(tally.seconds.get(part, 0.0) for tally in tallies) for part in PARTS}
    loading = sum(tally.seconds.get("loading", 0.0) for tally in tallies)
    elapsed = sum(tally.elapsed for tally in tallies) - loading
    seconds["drawing"] = max(elapsed - sum(seconds.values()), 0.0)
    return seconds


def _time(tallies: Sequence[Tally]) -> list[Line]:
    """Shares of the run's time."""
    seconds = spent(tallies)
    elapsed = sum(seconds.values())
    if elapsed <= 0:
        return []
    shares = ", ".join(f"{part} {100 * each / elapsed:.0f} %" for part, each in seconds.items())
    return [("time", f"{elapsed:.1f} s: {shares}")]


def _error(tallies: Sequence[Tally]) -> list[Line]:
    largest = max(tallies, key=lambda tally: tally.error, default=None)
    if largest is None or not largest.error:
        return []
    return [("error", f"{largest.error:.2f} of the bound at most ({largest.subject}, {largest.title})")]


def _declined(tallies: Sequence[Tally]) -> list[Line]:
    reasons: Counter[str] = Counter()
    for tally in tallies:
        reasons.update(tally.declined)
    lines = [("declined", f"{count:,}: {reason}") for reason, count in reasons.most_common(REASONS)]
    rest = reasons.total() - sum(count for _, count in reasons.most_common(REASONS))
    return [*lines, ("declined", f"{rest:,}: for {len(reasons) - REASONS:,} more reasons")] if rest else lines


def _known(tallies: Sequence[Tally]) -> list[Line]:
    seen: Counter[str] = Counter()
    for tally in tallies:
        seen.update(tally.known)
    return [("known", f"{count:,}: {name}") for name, count in seen.most_common()]


def _notes(tallies: Sequence[Tally]) -> list[Line]:
    noted: dict[tuple[str, str], list[str]] = {}
    for tally in tallies:
        if tally.note:
            noted.setdefault((tally.subject, tally.note), []).append(tally.title)
    return [
        ("cut short", f"{subject}, {', '.join(titles)}: {note}") for (subject, note), titles in noted.items()
    ]
