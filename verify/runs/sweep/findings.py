"""What a sweep found, as lines and in one sentence."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from verify.cases.enumeration import COUNTS, Enumeration
from verify.checks.bulk import Swept
from verify.reports.phrases import plural

ENOUGH_KINDS, ENOUGH_COUNTEREXAMPLES = 3, 100
"""Counterexamples of so many kinds, or so many of them, end a sweep."""

REASONS = 12
"""Reasons to decline, or names of deviations, that are listed."""

PARTS = ("subject", "reference", "comparison")

Row = tuple[str, str]
"""A label and the text beside it."""


def is_enough(swept: Swept) -> bool:
    """Whether there are counterexamples enough to end a sweep."""
    counts = swept.counterexamples
    return len(counts) >= ENOUGH_KINDS or counts.total() >= ENOUGH_COUNTEREXAMPLES


def exit_code(enumeration: Enumeration, swept: Swept) -> int:
    """0 holds, 1 disagrees, 3 proves too little: cases are left, or none could have failed."""
    if swept.counterexamples:
        return 1
    return 0 if swept.cases == enumeration.count and swept.graded else 3


def sentence(enumeration: Enumeration, swept: Swept) -> str:
    """What a sweep proved, in one sentence."""
    total, what = enumeration.count, f"of {described(enumeration)}"
    wrong, known, declined = (each.total() for each in (swept.counterexamples, swept.known, swept.declined))
    if wrong:
        cases = f"all {total:,} cases" if swept.cases == total else f"{swept.cases:,} of {total:,} cases"
        return f"Disagrees: {wrong:,} {plural(wrong, 'counterexample')} among {cases} {what}."
    if swept.cases < total:
        return f"Interrupted: no counterexample so far, after {swept.cases:,} of {total:,} cases {what}."
    if not swept.graded:
        return f"Proves too little: none of all {total:,} cases {what} could have failed."
    but = f", but for {known:,} known {plural(known, 'deviation')}" if known else ""
    less = f"; {declined:,} of them {'was' if declined == 1 else 'were'} declined" if declined else ""
    return f"No counterexample among all {total:,} cases {what}{but}{less}."


def described(enumeration: Enumeration) -> str:
    """The enumeration in one phrase: `conv, rank 2, with size ≤ 6, kernel ≤ 4, …, both paddings`."""
    ranks = f"rank{'s' * (len(enumeration.ranks) > 1)} {_listed(enumeration.ranks)}"
    numbers = [f"{name} ≤ {getattr(enumeration, name)}" for name in ("size", "kernel", "stride", "dilation")]
    more = [f"{name} ≤ {getattr(enumeration, name)}" for name in COUNTS if getattr(enumeration, name) > 1]
    dtypes = [f"in {_listed(enumeration.dtypes)}"] * (enumeration.dtypes != ("f32",))
    layout = ["channels first"] * enumeration.channels_first
    parts = (_listed(enumeration.operations), ranks, ", ".join((f"with {numbers[0]}", *numbers[1:], *more)))
    return ", ".join((*parts, _paddings(enumeration), *dtypes, *layout))


def fixed(enumeration: Enumeration) -> str:
    """What all cases of a enumeration share, in one phrase."""
    single = {"batch": "batch 1", "channels": "1 channel", "filters": "1 filter"}
    counts = [text for name, text in single.items() if getattr(enumeration, name) == 1]
    dtypes = [enumeration.dtypes[0]] * (len(enumeration.dtypes) == 1)
    layout = "channels first" if enumeration.channels_first else "channels last"
    return ", ".join((*counts, *dtypes, layout, "filled coded"))


def _paddings(enumeration: Enumeration) -> str:
    named = [padding.upper() for padding in ("same", "valid") if padding in enumeration.paddings]
    words = ["both paddings"] if len(named) == 2 else [f"{each} padding" for each in named]
    if "explicit" in enumeration.paddings:
        words.append(f"explicit padding of ≤ {enumeration.cells} cell{'s' * (enumeration.cells > 1)} an end")
    return " and ".join(words)


def _listed(names: tuple[Any, ...]) -> str:
    *most, last = map(str, names)
    return f"{', '.join(most)} and {last}" if most else last


def rows_of_enumeration(enumeration: Enumeration) -> Iterator[Row]:
    """What is swept, before anything is."""
    yield "cases", f"{enumeration.count:,}, each with {fixed(enumeration)}"
    if enumeration.excluded:
        yield "excluded", f"{enumeration.excluded:,} combinations whose output size would be negative"


def rows_of_cases(swept: Swept) -> Iterator[Row]:
    """What became of the cases: together they are all of them."""
    yield "graded", f"{swept.graded:,}"
    if swept.vacuous:
        yield "vacuous", f"{swept.vacuous:,}: right, as any answer of zeros would be"
    for label, counts in (("declined", swept.declined), ("known", swept.known)):
        yield from ((label, f"{count:,}: {text}") for text, count in counts.most_common(REASONS))
        rest = counts.total() - sum(count for _, count in counts.most_common(REASONS))
        if rest:
            yield label, f"{rest:,}: for {len(counts) - REASONS:,} more reasons"
    if swept.repeated:
        yield "repeated", f"{swept.repeated:,} cases have operands in which a number occurs twice"


def rows_of_time(swept: Swept, *, jobs: int, rate: float) -> Iterator[Row]:
    """Where the jobs spent their time; what no part accounts for made cases and carried messages."""
    if spent := swept.seconds["job"]:
        shares = ", ".join(f"{part} {100 * swept.seconds[part] / spent:.0f} %" for part in PARTS)
        yield "time", f"{spent:.1f} s in {jobs} {plural(jobs, 'job')}, {rate:,.0f} cases a second: {shares}"


def duration(seconds: float) -> str:
    """A length of time as hours, minutes and seconds."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
