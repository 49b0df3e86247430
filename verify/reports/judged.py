"""What the cases of a run were judged by: the reference, what a deviation predicts, or nothing."""

from __future__ import annotations

from collections.abc import Sequence

from verify.reports.phrases import LabelledText
from verify.reports.tally import UNDRAWN, Tally, by_name, totals


def judged_lines(tallies: Sequence[Tally]) -> list[LabelledText]:
    """For each subject of which something is recorded, the shares of what was drawn by what judged it."""
    lines: list[LabelledText] = []
    drawn = [tally for tally in tallies if tally.name not in UNDRAWN]
    for subject, group in by_name(drawn).items():
        predicted, blind = shares(group)
        if predicted or blind:
            by = f"{predicted:.1%} of what was drawn by what a deviation predicts, {blind:.1%} not judged"
            lines.append(("judged", f"{subject}: {by}, the rest by the reference"))
    return lines


def shares(tallies: Sequence[Tally]) -> tuple[float, float]:
    """The shares of what was drawn that were judged by a prediction, and that were not judged.

    What was unjudged and therefore not asked counts as the part of all draws that it is.
    """
    by, draws = totals(tally.judged_by for tally in tallies), totals(tally.draws for tally in tallies)
    left_out = draws["unjudged"] / draws["drawn"] if draws["drawn"] else 0.0
    asked = max(by.total(), 1)
    predicted, blind = by["a prediction"] / asked, by["nothing"] / asked
    return (1 - left_out) * predicted, left_out + (1 - left_out) * blind
