"""What a sweep found, as lines and in one sentence."""

from __future__ import annotations

from collections.abc import Iterator

from verify.cases.enumeration import Domain, described, fixed
from verify.checks.bulk import Swept
from verify.reports.explanation.lines import plural

KINDS, COUNTEREXAMPLES = 3, 100
"""Counterexamples of so many kinds, or so many of them, are enough."""

REASONS = 12
"""Reasons to decline, or names of deviations, that are listed."""

PARTS = ("subject", "reference", "comparison")

Line = tuple[str, str]


def is_enough(swept: Swept) -> bool:
    """Whether there are counterexamples enough to end a sweep."""
    found = swept.counterexamples
    return len(found) >= KINDS or found.total() >= COUNTEREXAMPLES


def exit_code(domain: Domain, swept: Swept) -> int:
    """0 holds, 1 disagrees, 3 proves too little: cases are left, or none could have failed."""
    if swept.counterexamples:
        return 1
    return 0 if swept.cases == domain.count and swept.graded else 3


def sentence(domain: Domain, swept: Swept) -> str:
    """What a sweep proved, in one sentence."""
    total, what = domain.count, f"of {described(domain)}"
    found, known, declined = (each.total() for each in (swept.counterexamples, swept.known, swept.declined))
    if found:
        cases = f"all {total:,} cases" if swept.cases == total else f"{swept.cases:,} of {total:,} cases"
        return f"Disagrees: {found:,} {plural(found, 'counterexample')} among {cases} {what}."
    if swept.cases < total:
        return f"Interrupted: no counterexample so far, after {swept.cases:,} of {total:,} cases {what}."
    if not swept.graded:
        return f"Proves too little: none of all {total:,} cases {what} could have failed."
    but = f", but for {known:,} known {plural(known, 'deviation')}" if known else ""
    less = f"; {declined:,} of them {'was' if declined == 1 else 'were'} declined" if declined else ""
    return f"No counterexample among all {total:,} cases {what}{but}{less}."


def of_domain(domain: Domain) -> Iterator[Line]:
    """What is swept, before anything is."""
    yield "domain", f"{domain.count:,} cases, each with {fixed(domain)}"
    if domain.excluded:
        yield "excluded", f"{domain.excluded:,} combinations whose output size would be negative"


def of_cases(swept: Swept) -> Iterator[Line]:
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


def of_time(swept: Swept, jobs: int, rate: float) -> Iterator[Line]:
    """Where the jobs spent their time; what no part accounts for made cases and carried messages."""
    if spent := swept.seconds["job"]:
        shares = ", ".join(f"{part} {100 * swept.seconds[part] / spent:.0f} %" for part in PARTS)
        yield "time", f"{spent:.1f} s in {jobs} {plural(jobs, 'job')}, {rate:,.0f} cases a second: {shares}"


def clock(seconds: float) -> str:
    """A length of time as hours, minutes and seconds."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
