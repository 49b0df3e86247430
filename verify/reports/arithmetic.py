"""Lines on the arithmetics that a subject declares: how much of the bound of each its answers used."""

from __future__ import annotations

from collections.abc import Sequence

from verify.reports.phrases import LabelledText
from verify.reports.tally import Tally, by_name


def arithmetic_lines(tallies: Sequence[Tally]) -> list[LabelledText]:
    """For each subject, the largest error by each arithmetic, in units of its bound, the largest first."""
    return [("bound", line) for name, group in by_name(tallies).items() if (line := _said(name, group))]


def _said(subject: str, tallies: Sequence[Tally]) -> str:
    largest: dict[str, float] = {}
    for tally in tallies:
        for arithmetic, error in tally.errors.items():
            largest[arithmetic] = max(largest.get(arithmetic, 0.0), error)
    used = sorted(largest.items(), key=lambda pair: -pair[1])
    shares = ", ".join(f"{error:.2g} by {arithmetic}" for arithmetic, error in used)
    return f"{subject} used, where the dtype itself sums, at most {shares} of it" if used else ""
