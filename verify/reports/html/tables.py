"""Tables of what many cases add up to: coverage, errors in units of the bound, and time."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import product
from typing import NamedTuple

from verify.cases.case import Case
from verify.cases.dtypes import FORMATS
from verify.cases.operations import OPERATIONS
from verify.cases.regions import region_names, regions
from verify.cases.word import PADDING_MODES
from verify.reports.coverage import RegionCoverage
from verify.reports.summary import TIME_PARTS, spent
from verify.reports.tally import Tally, by_subject

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

    `is_wrong` makes it stand out, and `note` says more about it.
    """

    text: str
    share: float = 0.0
    note: str = ""
    is_wrong: bool = False


class Table(NamedTuple):
    """Numbers with their headings; `groups` are headings above several columns, with how many they span."""

    caption: str
    corner: str
    groups: tuple[tuple[str, int], ...]
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Square, ...]], ...]


def coverage_table(cases: Iterable[Judged], caption: str) -> Table:
    """Cases judged, by operation and rank down, and by dtype and padding across.

    Cases that a search asked while it shrank a disagreement are counted too.
    """
    outcomes: dict[tuple[str, int, str, str], Counter[str]] = {}
    for judged in cases:
        case = judged.case
        key = (case.operation, case.rank, case.format.token, case.padding_mode)
        outcomes.setdefault(key, Counter())[judged.outcome] += 1
    largest = max(map(_judged_in, outcomes.values()), default=0)
    kinds = sorted({key[:2] for key in outcomes}, key=lambda kind: ([*OPERATIONS].index(kind[0]), kind[1]))
    columns = [*product(FORMATS, PADDING_MODES)]
    rows = []
    for operation, rank in kinds:
        squares = (_coverage_square(outcomes.get((operation, rank, *column)), largest) for column in columns)
        rows.append((f"{operation}, {rank}-D", tuple(squares)))
    groups = tuple((dtype, len(PADDING_MODES)) for dtype in FORMATS)
    return Table(caption, "judged", groups, tuple(padding for _, padding in columns), tuple(rows))


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
    counts: dict[str, Counter[int]] = {dtype: Counter() for dtype in FORMATS}
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
    return Table(caption, "error", (), (*dtypes, "all"), tuple(rows))


def _bin(error: float) -> int:
    """The number n of 2^−(n+1) < error ≤ 2^−n."""
    return min(max(math.floor(-math.log2(error)), 0), _FINEST)


def _bin_name(number: int) -> str:
    if number == _FINEST:
        return f"up to 1/{2**number:,}"
    upper = "1" if number == 0 else f"1/{2**number:,}"
    return f"1/{2 ** (number + 1):,} to {upper}"


def region_table(coverages: Sequence[RegionCoverage]) -> Table | None:
    """Regions down and subjects across: how many cases were graded in each."""
    names = [name for name in region_names() if any(name in coverage.graded for coverage in coverages)]
    if not names:
        return None
    largest = max(max(coverage.graded.values()) for coverage in coverages) or 1
    rows = [
        (name, tuple(_region_square(coverage, name, largest) for coverage in coverages)) for name in names
    ]
    columns = tuple(f"{coverage.subject}: {coverage.share}" for coverage in coverages)
    return Table("Cases graded in each region", "region", (), columns, tuple(rows))


def _region_square(coverage: RegionCoverage, name: str, largest: int) -> Square:
    sentence = regions()[name].sentence
    if name not in coverage.graded:
        return Square("–", note="outside the domain")
    if name in coverage.declined:
        return Square("declined", note=f"{coverage.declined[name]} is declined")
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
    return Table("Seconds by part", "subject", (), (*TIME_PARTS, "all"), tuple(rows))
