"""A failure as data, of which another process that has its subject makes the same failure again."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from verify.cases.case import Case
from verify.cases.operands import Array
from verify.checks.examination import Examination
from verify.checks.subject import Description, elsewhere
from verify.checks.ways import split_way
from verify.faults import fault_named
from verify.oracle.compare import Verdict


class Carried(NamedTuple):
    """A failure by the name of its way, its word, the class of its error and the names of its faults.

    A large answer, of which there is only one at a time, is left behind.
    """

    way: str
    word: str
    verdict: Verdict
    answer: Array | None
    error: str
    contradicted: str
    faults: tuple[str, ...] | None
    arithmetic: str
    probes: str
    flaky: str
    also: tuple[str, ...]

    @classmethod
    def of(cls, failure: Examination) -> Carried:
        """A failure, as data."""
        return cls(
            way=split_way(failure.subject.name)[1],
            word=str(failure.case),
            verdict=failure.verdict,
            answer=None if failure.case.is_large else failure.answer,
            error=failure.cause,
            contradicted=failure.contradicted,
            faults=None if failure.faults is None else tuple(fault.name for fault in failure.faults),
            arithmetic=failure.arithmetic,
            probes=failure.probes,
            flaky=failure.flaky,
            also=failure.also,
        )

    def failure(self, way_named: Callable[[str], Description]) -> Examination:
        """The failure, by the way of that name."""
        return Examination(
            case=Case.parse(self.word),
            subject=way_named(self.way),
            verdict=self.verdict,
            answer=self.answer,
            error=elsewhere(self.error)(self.verdict) if self.error else None,
            contradicted=self.contradicted,
            faults=None if self.faults is None else tuple(map(fault_named, self.faults)),
            arithmetic=self.arithmetic,
            probes=self.probes,
            flaky=self.flaky,
            also=self.also,
        )
