"""Lines on a subject that declares no scheme: which it follows, and where two answers are right."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from verify.checks.followed import CELLS, OPEN, TIED, TOLD
from verify.oracle.requantised import MOST_SHARE
from verify.oracle.schemes import SCHEMES
from verify.reports.phrases import LabelledText, plural
from verify.reports.tally import ENOUGH, Tally, by_name, totals


def rounding_lines(tallies: Sequence[Tally], *, of_ways: bool = True) -> list[LabelledText]:
    """For each subject, and each of its ways: the scheme that is followed, and the share of two answers.

    Those of ways, which may be many, are left out unless `of_ways`.
    """
    lines: list[LabelledText] = []
    for subject, group in by_name(tallies).items():
        for way in dict.fromkeys(way for tally in group for way in tally.rounding if of_ways or not way):
            counts = totals(tally.rounding.get(way, Counter()) for tally in group)
            name = f"{subject}/{way}" if way else subject
            lines += [("rounding", f"{name} {text}") for text in _said(counts)]
    return lines


def _said(counts: Counter[str]) -> Iterator[str]:
    told = counts[TOLD]
    if told:
        whole = [name for name in SCHEMES if counts[name] == told]
        cells = f"{told:,} {plural(told, 'cell')} where schemes differ"
        if whole:
            hint = f'with scheme = "{whole[0]}" it is held to that'
            hint = hint if told >= ENOUGH else "too few to be sure"
            yield f"declares no scheme: its answers are those of {' and '.join(whole)} in all {cells}; {hint}"
        else:
            nearest = max(SCHEMES, key=lambda name: counts[name])
            agreeing = f"{counts[nearest]:,} of {cells}"
            yield f"declares no scheme, and follows none: {nearest} is nearest, in {agreeing}"
    if counts[OPEN] or counts[TIED]:
        share = 100 * counts[OPEN] / max(counts[CELLS], 1)
        tied = f"{counts[TIED]:,} {plural(counts[TIED], 'case')}"
        yield (
            f"may give either of two answers in {share:.2g} % of {counts[CELLS]:,} graded cells; "
            f"{tied} with more than {100 * MOST_SHARE:.0f} % of them "
            f"{'counts' if counts[TIED] == 1 else 'count'} as vacuous"
        )
