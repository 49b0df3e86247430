"""What a run comes to: an exit code and one sentence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from verify.cases.shards import ALL, Shard
from verify.reports.coverage import never_graded, never_visible
from verify.reports.findings import findings
from verify.reports.phrases import plural
from verify.reports.tally import ENOUGH, TIME_UP, Tally

LITTLE = ("nothing graded", "too little")
"""Verdicts of properties that prove too little."""

NOTHING_JUDGED = "Proves too little: no case was judged on values that could have failed."
"""What asking named cases comes to where all of them are declined or vacuous."""


def exit_code(tallies: Sequence[Tally], *, shard: Shard = ALL) -> int:
    """0 holds, 1 has findings, 3 proves too little.

    A run proves too little if nothing was graded, if a property graded too little, if a fault was never
    visible, or if nothing was graded in a region of the domain. One shard proves too little only if it graded
    nothing: the rest is judged for all together.
    """
    if any(tally.failures for tally in tallies):
        return 1
    if shard.is_part:
        return 0 if _any_graded(tallies) else 3
    is_little = not _any_graded(tallies) or any(tally.verdict in LITTLE for tally in tallies)
    return 3 if is_little or never_visible(tallies) or never_graded(tallies) else 0


def _any_graded(tallies: Sequence[Tally]) -> bool:
    return any(tally.agreed for tally in tallies)


def run_sentence(
    tallies: Sequence[Tally],
    *,
    interrupted: bool = False,
    shard: Shard = ALL,
    lacks: Sequence[str] = (),
    broken: str = "",
) -> str:
    """The run in one sentence; `lacks` says what else is missing, and `broken` why it could not be done."""
    cases = sum(tally.cases for tally in tallies)
    graded = sum(tally.agreed for tally in tallies)
    if causes := len(findings(tallies)):
        return f"Disagrees: {causes} {plural(causes, 'finding')} in {cases:,} {plural(cases, 'case')}."
    if broken:
        return f"Could not run: {broken}"
    if interrupted:
        return f"Interrupted: {graded:,} of {cases:,} cases graded so far and none disagrees."
    if shard.is_part and graded:
        share = f"{graded:,} of {cases:,} cases of shard {shard}"
        return f"Holds so far: {share} graded and none disagrees; `report` says what all shards prove."
    if little := "; ".join([*lacks, *_too_little(tallies)]):
        return f"Proves too little: {little}."
    return f"Holds: {graded:,} of {cases:,} cases graded and none disagrees."


def _too_little(tallies: Sequence[Tally]) -> Iterable[str]:
    """What graded nothing or too little, what ran out of time, which faults and regions were never met."""
    nothing, too_little = ([tally for tally in tallies if tally.verdict == verdict] for verdict in LITTLE)
    if nothing or not _any_graded(tallies):
        yield f"nothing was graded for {_titles(nothing) or 'any property'}"
    if late := [tally for tally in too_little if tally.note == TIME_UP]:
        yield f"the time was up too soon for {_titles(late)}"
    if few := [tally for tally in too_little if tally.note != TIME_UP]:
        yield f"fewer than {ENOUGH} cases were graded for {_titles(few)}"
    if faults := never_visible(tallies):
        yield f"no case would have shown {', '.join(faults)}"
    if regions := never_graded(tallies):
        yield f"nothing was graded in the regions {', '.join(regions)}"


def _titles(tallies: Iterable[Tally]) -> str:
    return ", ".join(dict.fromkeys(tally.title for tally in tallies))
