"""What the cases of a run covered: the faults that they would have shown, and regions of the domain."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from verify.cases.regions import region_names, regions
from verify.faults import FAULTS
from verify.reports.tally import Tally, by_name, grouped


class FaultCoverage(NamedTuple):
    """For one subject under all its switches: the cases that would have shown each fault it could have.

    `hidden` maps a fault that no case showed to the word of its own case, where the subject declined
    that word or answered it with a recorded deviation.
    """

    subject: str
    visible: Counter[str]
    hidden: dict[str, str]

    @property
    def never_visible(self) -> list[str]:
        """Faults that no case would have shown, although the subject answers a case that shows them."""
        return _never(self.visible, self.hidden)

    @property
    def left_out(self) -> dict[str, str]:
        """Faults whose case was not judged."""
        return self.hidden

    @property
    def share(self) -> str:
        return _share(self.visible)


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
        return _never(self.graded, self.declined)

    @property
    def left_out(self) -> dict[str, str]:
        """Regions whose case was declined."""
        return self.declined

    @property
    def share(self) -> str:
        return _share(self.graded)


def _never(counts: Mapping[str, int], left_out: Mapping[str, str]) -> list[str]:
    return [name for name, count in counts.items() if not count and name not in left_out]


def _share(counts: Mapping[str, int]) -> str:
    return f"{sum(1 for count in counts.values() if count)} of {len(counts)}"


def fault_coverages(tallies: Sequence[Tally]) -> list[FaultCoverage]:
    """The fault coverage of each subject whose faults were looked for."""
    seen = (name for tally in tallies for name in tally.visible)  # other versions have other faults
    names = dict.fromkeys((*(fault.name for fault in FAULTS), *seen))
    added = _added(tallies, names, lambda tally: tally.visible, lambda tally: tally.hidden)
    return [FaultCoverage(*each) for each in added]


def region_coverages(tallies: Sequence[Tally]) -> list[RegionCoverage]:
    """The coverage of each subject whose regions were looked for."""
    added = _added(tallies, region_names(), lambda tally: tally.regions, lambda tally: tally.declined_regions)
    return [RegionCoverage(*each) for each in added]


def _added(
    tallies: Sequence[Tally],
    names: Iterable[str],
    counts_of: Callable[[Tally], Counter[str]],
    words_of: Callable[[Tally], Mapping[str, str]],
) -> Iterator[tuple[str, Counter[str], dict[str, str]]]:
    """For each subject that has some of the names: their counts, and words of those that count none."""
    for subject, group in by_name(tallies).items():
        counts: Counter[str] = Counter()
        for tally in group:
            counts.update(counts_of(tally))
        ordered = Counter({name: counts[name] for name in names if name in counts})
        words = {name: word for tally in group for name, word in words_of(tally).items()}
        if ordered:
            yield subject, ordered, {name: word for name, word in words.items() if not ordered[name]}


def families(coverages: Iterable[FaultCoverage]) -> dict[str, list[str]]:
    """The names of all faults that were looked for, by family."""
    possible = {name for coverage in coverages for name in coverage.visible}
    groups = grouped((fault for fault in FAULTS if fault.name in possible), lambda fault: fault.family)
    return {family: [fault.name for fault in faults] for family, faults in groups.items()}


def never_visible(tallies: Sequence[Tally]) -> list[str]:
    """Every fault that a subject could have had without a case to show it, with the subject."""
    return [
        f"{name} of {coverage.subject}"
        for coverage in fault_coverages(tallies)
        for name in coverage.never_visible
    ]


def never_graded(tallies: Sequence[Tally]) -> list[str]:
    """Every region of a subject's domain in which nothing was graded, with its sentence."""
    return [
        f"{name} of {coverage.subject} ({regions()[name].sentence})"
        for coverage in region_coverages(tallies)
        for name in coverage.never_graded
    ]
