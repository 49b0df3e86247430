"""Tables of what many cases add up to: coverage, errors in units of the bound, and time."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from verify.cases.case import Case
from verify.cases.dtypes import DTYPES
from verify.cases.operations import OPERATIONS
from verify.cases.regions import region_names, regions
from verify.cases.word import PADDINGS
from verify.reports.coverage import FaultCoverage, RegionCoverage, families
from verify.reports.summary import TIME_PARTS, spent
from verify.reports.tally import OFTEN_SHOWN, Tally, by_subject

_FINEST = 12
"""Errors below 2^−12 of the bound are counted together."""


class Judged(NamedTuple):
    """A case that was put to a subject: the outcome, and the error in units of what was allowed."""

    subject: str
    case: Case
    outcome: str
    error: float


class Square(NamedTuple):
    """One number of a table; `share`, from 0 to 1, is how dark it is drawn.

    `is_wrong` makes it stand out, `note` says more about it, and `sign` stands for a word where columns are
    narrow.
    """

    text: str
    share: float = 0.0
    note: str = ""
    is_wrong: bool = False
    sign: str = ""


class Table(NamedTuple):
    """Numbers with their headings."""

    caption: str
    corner: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Square, ...]], ...]


class Tables(NamedTuple):
    """Small tables of the same columns; of several subjects these are numbers, which `legend` explains."""

    caption: str
    tables: tuple[Table, ...]
    legend: tuple[str, ...] = ()

    @property
    def is_numbered(self) -> bool:
        """Whether the columns are numbers."""
        return len(self.legend) > 1


def coverage_tables(cases: Iterable[Judged], caption: str) -> Tables:
    """Cases judged: a table for each operation and rank, dtypes down and paddings across.

    The dtypes are those of any case. Cases that a search asked while it shrank a disagreement count too.
    """
    outcomes: dict[tuple[str, int, str, str], Counter[str]] = {}
    for judged in cases:
        case = judged.case
        key = (case.operation, case.rank, case.format.token, case.padding_kind)
        outcomes.setdefault(key, Counter())[judged.outcome] += 1
    largest = max(map(_judged_in, outcomes.values()), default=0)
    kinds = sorted({key[:2] for key in outcomes}, key=lambda kind: ([*OPERATIONS].index(kind[0]), kind[1]))
    drawn = {key[2] for key in outcomes}
    dtypes = [dtype for dtype in DTYPES if dtype in drawn]
    tables = []
    for kind in kinds:
        counts = (
            (dtype, [outcomes.get((*kind, dtype, padding)) for padding in PADDINGS]) for dtype in dtypes
        )
        rows = tuple((dtype, tuple(_coverage_square(each, largest) for each in row)) for dtype, row in counts)
        tables.append(Table(f"{kind[0]}, {kind[1]}-D", "dtype", PADDINGS, rows))
    return Tables(caption, tuple(tables))


def _judged_in(outcomes: Counter[str]) -> int:
    return outcomes.total() - outcomes["declined"]


def _coverage_square(outcomes: Counter[str] | None, largest: int) -> Square:
    if outcomes is None:
        return Square("0", note="none drawn")
    judged, wrong = _judged_in(outcomes), outcomes["disagrees"]
    if not judged:
        return Square("–", note=f"all {outcomes['declined']:,} declined")
    share = math.sqrt(judged / largest)  # the root keeps squares with few cases distinguishable
    if wrong:
        return Square(f"× {judged:,}", share, f"{wrong:,} disagree", is_wrong=True)
    return Square(f"{judged:,}", share)


def error_table(cases: Iterable[Judged]) -> Table:
    """Cases that agree within a derived bound, by the part of it that their largest error took."""
    counts: dict[str, Counter[int]] = {dtype: Counter() for dtype in DTYPES}
    for judged in cases:
        if judged.outcome == "agrees" and 0 < judged.error < math.inf:
            counts[judged.case.format.token][_bin(judged.error)] += 1
    dtypes = [dtype for dtype, bins in counts.items() if bins]
    used = sorted({number for bins in counts.values() for number in bins})
    largest = max((count for bins in counts.values() for count in bins.values()), default=1)
    rows = []
    for number in range(used[0], used[-1] + 1) if used else ():
        row = [counts[dtype][number] for dtype in dtypes]
        squares = [Square(f"{count:,}", count / largest) for count in row]
        rows.append((_bin_name(number), (*squares, Square(f"{sum(row):,}"))))
    caption = "Cases by their largest error, in units of the bound"
    return Table(caption, "error", (*dtypes, "all"), tuple(rows))


def _bin(error: float) -> int:
    """The number n of 2^−(n+1) < error ≤ 2^−n."""
    return min(max(math.floor(-math.log2(error)), 0), _FINEST)


def _bin_name(number: int) -> str:
    if number == _FINEST:
        return f"up to 1/{2**number:,}"
    upper = "1" if number == 0 else f"1/{2**number:,}"
    return f"1/{2 ** (number + 1):,} to {upper}"


def fault_tables(coverages: Sequence[FaultCoverage]) -> Tables | None:
    """A table for each family, faults down and subjects across: how many cases would have shown each."""
    if not coverages:
        return None
    columns, legend = _columns([f"{coverage.subject}: {coverage.share} visible" for coverage in coverages])
    tables = []
    for family, names in families(coverages).items():
        rows = ((name, tuple(_fault_square(coverage, name) for coverage in coverages)) for name in names)
        tables.append(Table(family, "fault", columns, tuple(rows)))
    return Tables("Cases that would have shown each fault, at least", tuple(tables), legend)


def _columns(subjects: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The headings of columns, one for each subject, and what they mean."""
    numbers = tuple(str(number) for number in range(1, len(subjects) + 1))
    return (numbers if len(subjects) > 1 else ("cases",)), tuple(subjects)


def _fault_square(coverage: FaultCoverage, name: str) -> Square:
    if name not in coverage.visible:
        return Square("–", note="it cannot have this fault")
    if name in coverage.hidden:
        return Square("hidden", note=f"{coverage.hidden[name]} is declined or a known deviation", sign="○")
    count = coverage.visible[name]
    share = min(count / OFTEN_SHOWN, 1) / 3
    return Square(f"{count:,}", share) if count else Square("never", is_wrong=True, sign="✗")


REGION_ROWS = 24
"""Regions that stand in one table, so that a wide window has several beside each other."""


def region_tables(coverages: Sequence[RegionCoverage]) -> Tables | None:
    """Regions down and subjects across: how many cases were graded in each."""
    names = [name for name in region_names() if any(name in coverage.graded for coverage in coverages)]
    if not names:
        return None
    largest = max(max(coverage.graded.values()) for coverage in coverages) or 1
    rows = [
        (name, tuple(_region_square(coverage, name, largest) for coverage in coverages)) for name in names
    ]
    columns, legend = _columns([f"{coverage.subject}: {coverage.share} graded" for coverage in coverages])
    tables = []
    for start in range(0, len(rows), REGION_ROWS):
        part = tuple(rows[start : start + REGION_ROWS])
        caption = f"{start + 1} to {start + len(part)} of {len(rows)}"
        tables.append(Table(caption, "region", columns, part))
    return Tables("Cases graded in each region", tuple(tables), legend)


def _region_square(coverage: RegionCoverage, name: str, largest: int) -> Square:
    sentence = regions()[name].sentence
    if name not in coverage.graded:
        return Square("–", note="outside the domain")
    if name in coverage.declined:
        return Square("declined", note=f"{coverage.declined[name]} is declined", sign="○")
    count = coverage.graded[name]
    return Square(f"{count:,}", math.sqrt(count / largest), sentence, is_wrong=not count)


def time_table(tallies: Sequence[Tally]) -> Table:
    """Seconds by subject down, and by part across; all subjects together first, if there are several."""
    rows = []
    groups: dict[str, Sequence[Tally]] = {**by_subject(tallies)}
    for name, group in ({"All subjects": tallies, **groups} if len(groups) > 1 else groups).items():
        seconds = spent(group)
        total = sum(seconds.values())
        squares = [Square(f"{share:.1f}", share / (total or 1.0)) for share in seconds.values()]
        rows.append((name, (*squares, Square(f"{total:.1f}"))))
    return Table("Seconds by part", "subject", (*TIME_PARTS, "all"), tuple(rows))
