"""An examination: what became of a case that was put to a subject, as one frozen value."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from verify.cases.case import Case
from verify.cases.operands import Array
from verify.checks.deviations import Deviation
from verify.checks.subject import Description
from verify.faults import Fault
from verify.faults.matching import matching_faults
from verify.oracle.compare import Verdict


@dataclass(frozen=True, kw_only=True, eq=False)
class Examination:
    """A case, a subject, and the verdict; with them the answer and the error behind it, where there is one.

    A disagreement may have the known `deviation` that excuses it. `faults` are those that it was found
    to look like, and `probes` says where its wrong terms come from: both are unknown until it is
    diagnosed.
    """

    case: Case
    subject: Description
    verdict: Verdict
    answer: Array | None = None
    error: BaseException | None = None
    deviation: Deviation | None = None
    faults: tuple[Fault, ...] | None = None
    probes: str = ""

    @property
    def outcome(self) -> str:
        """That of the verdict, or "known" for a disagreement that is excused."""
        return "known" if self.deviation else self.verdict.outcome

    @property
    def fails(self) -> bool:
        """Whether it is a disagreement that nothing excuses."""
        return self.verdict.kind is not None and self.deviation is None

    @property
    def cause(self) -> str:
        """The class of the error behind a disagreement, or nothing."""
        return type(self.error).__name__ if self.error else ""

    @property
    def sort(self) -> tuple[str | None, type]:
        """What tells one disagreement of a search from another, to Hypothesis as well."""
        return self.verdict.kind, type(self.error)

    @cached_property
    def looks_like(self) -> tuple[Fault, ...]:
        """The faults that would have answered so: by this case alone, until it is diagnosed."""
        if self.faults is not None:
            return self.faults
        faults = matching_faults(self.case, self.answer, kind=self.verdict.kind)
        return faults if len(faults) == 1 else ()

    @property
    def fault(self) -> str:
        """The name of the one fault that it looks like, or nothing."""
        return self.looks_like[0].name if len(self.looks_like) == 1 else ""
