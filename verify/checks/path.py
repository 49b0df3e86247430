"""The path of a case: noted, asked, judged and excused; where it still fails, simplified and diagnosed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from verify.cases.case import Case
from verify.cases.simplify import SIMPLIFYING_S, simplest
from verify.checks.check import Judging
from verify.checks.deviations import Deviation, explains
from verify.checks.examination import Examination
from verify.checks.journal import journal
from verify.checks.subject import Description


@dataclass(frozen=True, kw_only=True)
class Examiner:
    """Who puts cases to a subject: what is judged, and which known deviations excuse a disagreement.

    Each case is noted in the journal before, under the name `noted_as`, unless that is empty.
    """

    subject: Description
    known: Iterable[Deviation] = ()
    judging: Judging = field(default_factory=Judging)
    noted_as: str = ""

    def examine(self, case: Case) -> Examination:
        """What becomes of a case."""
        __tracebackhide__ = True
        if self.noted_as:
            journal.note(self.noted_as, str(case))
        return excused(self.judging.examine(case, self.subject), self.known)

    def simplified(self, examination: Examination, *, limit_s: float = SIMPLIFYING_S) -> Examination:
        """The simplest failure of the same sort that is found in so many seconds."""
        examinations = {examination.case: examination}

        def fails(case: Case) -> bool:
            examinations[case] = again = self.examine(case)
            return again.fails and again.sort == examination.sort

        return examinations[simplest(examination.case, fails, limit_s=limit_s)]


def excused(examination: Examination, known: Iterable[Deviation]) -> Examination:
    """A disagreement with the first deviation that explains it, if there is one; all else as it is.

    A deviation that names an accumulator explains only values that sums in it may have, for which the
    subject is asked again.
    """
    if examination.verdict.kind is None:
        return examination
    deviation = next((entry for entry in known if explains(entry, examination)), None)
    if deviation is None or (
        deviation.accumulator and not _is_of_sums_in(deviation.accumulator, examination)
    ):
        return examination
    return replace(examination, deviation=deviation)


def _is_of_sums_in(accumulator: str, examination: Examination) -> bool:
    token = examination.case.format.token if accumulator == "own" else accumulator
    return Judging(accumulator=token).examine(examination.case, examination.subject).verdict.holds
