"""The relations of a subject's answers, measured on a case of each region."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from verify.cases.case import Case
from verify.cases.operands import Array
from verify.cases.regions import is_affordable, regions
from verify.cases.word import InvalidCase
from verify.checks.asking import ask
from verify.checks.relations import part_of, unlike, varied
from verify.checks.subject import Description
from verify.subjects.isolated import Isolated, worker_of

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
"""What says how many threads a subject has that declares no setting of its own for it."""

Answers = Mapping[str, Array]
"""The answers to the cases of regions, by the names of these; those that were declined have none."""


@dataclass(frozen=True, kw_only=True)
class Related:
    """A subject and, by region, the way and the case that are asked of it."""

    subject: Description
    asked: Mapping[str, tuple[Description, Case]]

    def answers(self, through: Callable[[Description], Description] = lambda way: way) -> dict[str, Array]:
        """The answer to each case, asked as it is drawn."""
        found = {name: ask(through(way), case.copied())[0] for name, (way, case) in self.asked.items()}
        return {name: answer.copy() for name, answer in found.items() if isinstance(answer, np.ndarray)}

    def measured(self, relation: str, first: Answers) -> dict[str, str]:
        """By region, how the answers that a relation compares differ: "" where their bits are the same.

        Regions are left out whose case has no such relation, or where either is declined.
        """
        match relation:
            case "repeatability":
                return _compared(first, self.answers())
            case "process-invariance":
                return _compared(first, self._in_a_process({}))
            case "thread-invariance" if not self._has_threads():
                return {}
            case "thread-invariance":
                one, two = (self._in_a_process(self._threads(number)) for number in (1, 2))
                return _compared(one, two)
        return dict(self._varied(relation, first))

    def unmeasured(self, relation: str) -> str:
        """Why a relation is measured in no region, in a phrase."""
        if relation == "thread-invariance" and not self._has_threads():
            return "none of its settings is of threads"
        if relation in ("process-invariance", "thread-invariance") and self._worker is None:
            return "it runs in this process"
        return "no case could show it"

    def _varied(self, relation: str, first: Answers) -> Iterator[tuple[str, str]]:
        for name, answer in first.items():
            way, case = self.asked[name]
            if (other := varied(case.copied(), relation)) is not None and way.domain.holds(other):
                again, _ = ask(way, other)
                if isinstance(again, np.ndarray):
                    yield name, unlike(np.asarray(part_of(case, answer, relation)), again)

    def _has_threads(self) -> bool:
        """Whether its threads can be set: what declares a matrix without them is not known to read others."""
        return not self.subject.matrix or any("THREADS" in name for name in self.subject.matrix)

    def _threads(self, number: int) -> dict[str, str]:
        """The settings that give the subject so many threads."""
        own = [name for name in self.subject.matrix if "THREADS" in name]
        return dict.fromkeys(own or THREADS, str(number))

    def _in_a_process(self, environment: Mapping[str, str]) -> dict[str, Array]:
        """The answers in a worker of their own; none for a subject that runs in this process."""
        if self._worker is None:
            return {}
        with _another(self._worker, environment) as other:
            return self.answers(lambda way: replace(way, call=_Elsewhere(other, way)))

    @property
    def _worker(self) -> Isolated | None:
        """The worker that it runs in, if it does."""
        return next(filter(None, (worker_of(way) for way, _ in self.asked.values())), None)


@contextmanager
def _another(worker: Isolated, environment: Mapping[str, str]) -> Iterator[Isolated]:
    """A worker of the same subject that shares its process with no other."""
    other = replace(worker, environment={**worker.environment, **environment}, alone=True)
    try:
        yield other
    finally:
        other.close()


class _Elsewhere:
    """A way of a subject in another worker."""

    runs_elsewhere = True

    def __init__(self, worker: Isolated, way: Description) -> None:
        self._worker = worker
        self._way = getattr(way.call, "way", "")

    def __call__(self, case: Case) -> Any:
        return self._worker.answer(case, self._way)


def _compared(first: Answers, again: Answers) -> dict[str, str]:
    return {name: unlike(answer, again[name]) for name, answer in first.items() if name in again}


def wider(case: Case, region: str, holds: Callable[[Case], bool]) -> Case:
    """A case of a region with several images and filters, where there is one inside."""
    more: dict[str, Any] = {"batch": max(case.batch, 3)}
    filters: dict[str, Any] = {"filter_count": max(case.filter_count, 4 * case.groups)}
    for change in ({**more, **filters}, more, filters):
        with suppress(InvalidCase):
            larger = replace(case, **change)
            if regions()[region].holds(larger) and is_affordable(larger) and holds(larger):
                return larger
    return case


def lacking(subject: str, related: Related, relation: str, measured: Mapping[str, str]) -> str:
    """Why a relation that is demanded does not hold, in one sentence; "" where it does."""
    differing = {name: how for name, how in measured.items() if how}
    if not measured:
        return f"{subject}: {relation} is demanded, and {related.unmeasured(relation)}"
    if not differing:
        return ""
    name, how = next(iter(differing.items()))
    shown: Sequence[str] = [*differing][:4]
    more = " …" if len(differing) > len(shown) else ""
    where = f"in {len(differing)} of {len(measured)} regions the bits are others ({', '.join(shown)}{more})"
    return f"{subject}: {relation} is demanded, and {where}: {how}, in {related.asked[name][1]}"
