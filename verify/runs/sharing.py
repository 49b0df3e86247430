"""How a run is shared out to jobs: its subjects, the longest first, and of a long one its properties."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from verify.checks.carried import Carried
from verify.checks.subject import split_label
from verify.runs.behaviour.baseline import Watch
from verify.runs.gating import Outcome, Request, gate_all
from verify.runs.jobs import Choose, Line
from verify.subjects.server import end_lives

SHARES = (
    ("pinned", "elsewhere"),
    ("known", "limits", "faults"),
    ("met", "large", "relations"),
    ("values", "precision", "rounding", "unread"),
    ("nonfinite", "form", "inputs", "bits", "refusals"),
)
"""Properties that one job judges of a subject, in the order in which they are asked and recorded."""


FEWEST = 100
"""Examples from which on the parts of a subject repay a process each, if no number of jobs is asked for."""


class Part(NamedTuple):
    """Subjects that a job gates one after another, or of one subject some properties, named in `only`.

    `before` are the numbers of the parts that have the properties before these, and `cost` says how long it
    takes beside others.
    """

    subjects: Sequence[str]
    only: Sequence[str] = ()
    before: Sequence[int] = ()
    cost: float = 1.0


def parts_of(request: Request, jobs: int) -> list[Part]:
    """What the jobs share out: the subjects, one each, or where time is short as many of them for each.

    A subject that takes so long that jobs would wait for its end is a part for each of the SHARES, where the
    run may divide it.
    """
    subjects, parts = request.subjects, list[Part]()
    if request.is_quick:
        many = -(-len(subjects) // jobs)
        return [Part(subjects[place : place + many]) for place in range(0, len(subjects), many)]
    costs = [_cost(label, request.costs) for label in subjects]
    for label, cost in zip(subjects, costs, strict=True):
        first, is_long = len(parts), 2 * jobs * cost >= sum(costs)
        shares = SHARES if is_long and may_divide(request) else ((),)
        parts += [
            Part([label], only, range(first, first + number), cost / len(shares))
            for number, only in enumerate(shares)
        ]
    return parts


def may_divide(request: Request) -> bool:
    """Whether a subject may become several parts: in a run of few examples only if jobs are asked for."""
    examples = request.options.examples
    is_short = request.jobs is None and examples is not None and examples < FEWEST
    return not (request.is_quick or request.only or is_short)


def _cost(label: str, costs: Mapping[str, int]) -> float:
    """How long a subject takes beside others: what is drawn, which costs the same, and what is written down.

    Of a subject whose cases cost more, so many fewer are drawn.
    """
    return 1 + costs.get(split_label(label)[0], 1) / 4


def longest_alike(parts: Sequence[Part]) -> Choose:
    """The choice of the longest part, but of the first of all first, as it is shown first.

    The parts of a subject are begun in their order. Those come first that have the settings of a job's last
    part, or else settings that no other job has, so that a framework is imported once for each, as far as
    that keeps no job waiting.
    """
    settings = [split_label(part.subjects[0])[1] for part in parts]

    def choose(left: Sequence[int], last: int | None, others: Sequence[int]) -> int:
        taken = [settings[number] for number in others]
        same = [number for number in left if last is not None and settings[number] == settings[last]]
        free = [number for number in left if settings[number] not in taken]
        return min(same or free or left, key=lambda number: (number > 0, -parts[number].cost, number))

    return choose


class Gating:
    """Gates a part in a job, in its share of the time that is left."""

    def __init__(self, request: Request, jobs: int, watch: Watch | None) -> None:
        self._request, self._jobs, self._watch = request, jobs, watch
        self._settings: object = None

    def __call__(self, part: Part, left: int, line: Line) -> Outcome:
        settings = split_label(part.subjects[0])[1]
        if self._settings not in (None, settings):
            end_lives()  # so that there is one at a time
        self._settings = settings
        now, until = time.monotonic(), self._request.until
        if not self._request.is_quick:
            until = now + max(until - now, 0) * min(self._jobs, left) / left
        only = part.only or self._request.only
        request = replace(self._request, subjects=part.subjects, only=only, until=until)

        def earlier() -> list[Carried]:
            outcomes = line.results_of(part.before)
            return [cause for outcome in outcomes if outcome for cause in outcome.causes]

        if part.before:
            return gate_all(request, line, earlier=earlier)
        return gate_all(request, line, self._watch)
