"""The message of a worker's loss: whether its case alone, or what its process was asked, brings it about."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from verify.cases.case import Case
from verify.cases.enumeration import Enumeration
from verify.checks.bulk import Counterexample
from verify.checks.examination import Examination, disagreement, line
from verify.checks.subject import Description
from verify.reports.phrases import plural
from verify.runs.in_order import SHORTENING_S, fewest, place_of_loss, replay_in_order_line
from verify.runs.sweep.progress import BLOCK

MOST = 20_000
"""Cases at most, before a loss, that are asked again in their order."""


def loss_message(first: Counterexample, subject: Description, enumeration: Enumeration) -> str:
    """The message of a loss that does not happen on its case alone.

    The process is asked the same cases again in their order; the line to replay them has the fewest of
    them that lose it, or those of its block.
    """
    cases = cases_before(first, enumeration)
    last = sum(stop - start for start, stop in first.asked) - 1
    is_quick = first.verdict.kind != "timed out"
    kept = fewest(cases, partial(place_of_loss, subject), limit_s=SHORTENING_S, is_quick=is_quick)
    if kept:
        others = len(kept) - 1
        again = f"not lost on this case alone, but again after {_cases(others)} before it in one process"
    else:
        again = (
            f"not lost again, on this case alone or after the {_cases(last)} that its process had answered "
            "before; memory that is written to wrongly, and races, look like this"
        )
    words = kept or cases[-BLOCK:]
    replay = replay_in_order_line(subject, words)
    found = as_found(first, subject)
    return disagreement(found, with_faults=False, more=[line("again", again)], replay=replay)


def as_found(first: Counterexample, whole: Description) -> Examination:
    """A counterexample as the sweep judged it, of the way that it was found in."""
    way = whole.ways.get(first.way, whole)
    return Examination(case=Case.parse(first.word), subject=way, verdict=first.verdict)


def cases_before(first: Counterexample, enumeration: Enumeration) -> Sequence[Case]:
    """The cases that a process was asked which was lost, the one that lost it last; the latest of many."""
    cases: list[Case] = []
    for start, stop in reversed(first.asked):
        latest = range(max(start, stop - MOST + len(cases)), stop)
        cases = [*(case for _, case in enumeration.cases(latest.start, latest.stop)), *cases]
    return cases


def _cases(count: int) -> str:
    return f"{count:,} {plural(count, 'case')}"
