"""What the cases of a run covered of the regions where libraries change their kernel."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from verify.cases.regions import region_names, regions
from verify.checks.subject import split_label
from verify.reports.tally import Tally, grouped


class RegionCoverage(NamedTuple):
    """For one subject under all its switches: the cases that were graded in each region of its domain.

    `declined` maps a region in which none was graded to the word of its own case, which the subject declined.
    """

    subject: str
    graded: Counter[str]
    declined: dict[str, str]

    @property
    def never_graded(self) -> list[str]:
        """Regions of the domain in which nothing was graded, though no case of theirs was declined."""
        return [name for name, count in self.graded.items() if not count and name not in self.declined]

    @property
    def share(self) -> str:
        return f"{sum(1 for count in self.graded.values() if count)} of {len(self.graded)}"


def region_coverages(tallies: Sequence[Tally]) -> list[RegionCoverage]:
    """The coverage of each subject whose regions were looked for."""
    coverages = []
    for subject, group in grouped(tallies, lambda tally: split_label(tally.subject)[0]).items():
        counts: Counter[str] = Counter()
        for tally in group:
            counts.update(tally.regions)
        graded = Counter({name: counts[name] for name in region_names() if name in counts})
        declined = {
            name: word for tally in group for name, word in tally.declined_regions.items() if not graded[name]
        }
        if graded:
            coverages.append(RegionCoverage(subject, graded, declined))
    return coverages


def never_graded(tallies: Sequence[Tally]) -> list[str]:
    """Every region of a subject's domain in which nothing was graded, with its sentence."""
    return [
        f"{name} of {coverage.subject} ({regions()[name].sentence})"
        for coverage in region_coverages(tallies)
        for name in coverage.never_graded
    ]
