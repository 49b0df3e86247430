"""The fault coverage of a run: how many of its cases would have shown each fault."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from rich.table import Table

from verify.checks.subject import split_label
from verify.faults import FAULTS
from verify.reports.phrases import LabelledText
from verify.reports.tally import Tally


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
        return [name for name, count in self.visible.items() if not count and name not in self.hidden]

    @property
    def share(self) -> str:
        return f"{sum(1 for count in self.visible.values() if count)} of {len(self.visible)}"


def fault_coverages(tallies: Sequence[Tally]) -> list[FaultCoverage]:
    """The fault coverage of each subject whose faults were looked for."""
    by_name: dict[str, list[Tally]] = {}
    for tally in tallies:
        by_name.setdefault(split_label(tally.subject)[0], []).append(tally)
    coverages = []
    for subject, group in by_name.items():
        possible = {name for tally in group for name in tally.visible}
        visible = Counter({fault.name: 0 for fault in FAULTS if fault.name in possible})
        for tally in group:
            visible.update(tally.visible)
        hidden = {name: word for tally in group for name, word in tally.hidden.items() if not visible[name]}
        if possible:
            coverages.append(FaultCoverage(subject, visible, hidden))
    return coverages


def never_visible(tallies: Sequence[Tally]) -> list[str]:
    """Every fault that a subject could have had without a case to show it, with the subject."""
    return [
        f"{name} of {coverage.subject}"
        for coverage in fault_coverages(tallies)
        for name in coverage.never_visible
    ]


def fault_lines(tallies: Sequence[Tally]) -> list[LabelledText]:
    """The faults of a run with one subject, by family; with several, how many each would have shown."""
    coverages = fault_coverages(tallies)
    if len(coverages) != 1:
        return [("faults", f"{coverage.subject}: {coverage.share} visible") for coverage in coverages]
    (coverage,) = coverages
    lines = [("faults", f"{coverage.share} visible; cases that would have shown each, at least:")]
    for family in dict.fromkeys(fault.family for fault in FAULTS):
        names = [fault.name for fault in FAULTS if fault.family == family and fault.name in coverage.visible]
        if names:
            counts = ", ".join(f"{name}\N{NO-BREAK SPACE}{coverage.visible[name]:,}" for name in names)
            lines.append(("", f"{family}: {counts}"))
    return lines


def hidden_lines(tallies: Sequence[Tally]) -> list[LabelledText]:
    """The faults that no case could show, as the subject declines or is known to deviate on theirs."""
    return [
        (
            "hidden",
            f"{coverage.subject} declines, or is known to deviate on, the cases of "
            + ", ".join(coverage.hidden),
        )
        for coverage in fault_coverages(tallies)
        if coverage.hidden
    ]


def fault_table(tallies: Sequence[Tally]) -> Table | None:
    """Faults by subjects, if there are several: in how many cases each was visible."""
    coverages = fault_coverages(tallies)
    if len(coverages) < 2:
        return None
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("cases that would have shown", no_wrap=True)
    for number, _ in enumerate(coverages, start=1):
        table.add_column(str(number), justify="right")
    for fault in FAULTS:
        if any(fault.name in coverage.visible for coverage in coverages):
            table.add_row(fault.name, *(_count(coverage, fault.name) for coverage in coverages))
    table.caption = ", ".join(f"{number} {coverage.subject}" for number, coverage in enumerate(coverages, 1))
    table.caption_justify = "left"
    return table


def _count(coverage: FaultCoverage, name: str) -> str:
    if name not in coverage.visible:
        return "–"
    return "hidden" if name in coverage.hidden else f"{coverage.visible[name]:,}"
