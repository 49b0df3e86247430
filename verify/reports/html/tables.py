"""What many cases add up to: coverage, errors in units of the bound, and time, as tables of numbers."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import product
from typing import NamedTuple

from verify.cases.case import Case
from verify.cases.dtypes import FORMATS
from verify.cases.operations import OPERATIONS

PADDINGS = ("same", "valid", "explicit")
RANKS = (1, 2, 3)
"""Ranks that a case may have."""

_FINEST = 12
"""Errors below 2^−12 of the bound are counted together."""


class Judged(NamedTuple):
    """A case that was put to a subject: how that ended, and its error in units of what was allowed."""

    subject: str
    case: Case
    outcome: str
    error: float


class Square(NamedTuple):
    """One number of a table; `share` of the largest, from 0 to 1, is how dark it is drawn.

    `is_wrong` draws it as what a reader must look at, and `note` says more of it.
    """

    text: str
    share: float = 0.0
    note: str = ""
    is_wrong: bool = False


class Table(NamedTuple):
    """Numbers with their headings; `groups` are headings above several columns and how many they span."""

    caption: str
    corner: str
    groups: tuple[tuple[str, int], ...]
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Square, ...]], ...]


def coverage(cases: Iterable[Judged], caption: str) -> Table:
    """Cases judged, by operation and rank down, and by dtype and padding across.

    What a search asked while it shrank a disagreement is counted too.
    """
    seen: dict[tuple[str, int, str, str], Counter[str]] = {}
    for each in cases:
        case = each.case
        key = (case.operation, case.rank, case.format.token, case.padding_mode)
        seen.setdefault(key, Counter())[each.outcome] += 1
    columns = [(dtype, padding) for dtype in FORMATS for padding in PADDINGS]
    asked = {key[:2] for key in seen}
    kinds = [kind for kind in product(OPERATIONS, RANKS) if kind in asked]
    most = max((_judged(outcomes) for outcomes in seen.values()), default=0)
    rows = [
        (f"{operation}, {rank}-D", tuple(_covered(seen.get((operation, rank, *at)), most) for at in columns))
        for operation, rank in kinds
    ]
    groups = tuple((dtype, len(PADDINGS)) for dtype in FORMATS)
    return Table(caption, "judged", groups, tuple(padding for _, padding in columns), tuple(rows))


def _judged(outcomes: Counter[str]) -> int:
    return outcomes.total() - outcomes["declined"]


def _covered(outcomes: Counter[str] | None, most: int) -> Square:
    if outcomes is None:
        return Square("0", note="none drawn")
    judged, wrong = _judged(outcomes), outcomes["disagrees"]
    if not judged:
        return Square("–", note=f"all {outcomes['declined']:,} declined")
    share = math.sqrt(judged / most)  # the root keeps apart the squares that have few cases
    if wrong:
        return Square(f"× {judged:,}", share, f"{wrong:,} disagree", is_wrong=True)
    return Square(f"{judged:,}", share)


def errors(cases: Iterable[Judged]) -> Table:
    """Cases that agree within a derived bound, by the part of it that their largest error took."""
    found: dict[str, Counter[int]] = {dtype: Counter() for dtype in FORMATS}
    for each in cases:
        if each.outcome == "agrees" and each.error:
            found[each.case.format.token][_bin(each.error)] += 1
    dtypes = [dtype for dtype, bins in found.items() if bins]
    used = sorted({number for bins in found.values() for number in bins})
    most = max((count for bins in found.values() for count in bins.values()), default=1)
    rows = []
    for number in range(used[0], used[-1] + 1) if used else ():
        counts = [found[dtype][number] for dtype in dtypes]
        squares = [Square(f"{count:,}", count / most) for count in counts]
        rows.append((_bin_name(number), (*squares, Square(f"{sum(counts):,}"))))
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


def times(seconds: Mapping[str, Mapping[str, float]], parts: tuple[str, ...]) -> Table:
    """Seconds by part across, and by what is named down."""
    rows = []
    for name, spent in seconds.items():
        total = sum(spent.values())
        squares = [Square(f"{spent[part]:.1f}", spent[part] / (total or 1.0)) for part in parts]
        rows.append((name, (*squares, Square(f"{total:.1f}"))))
    return Table("Seconds by part", "subject", (), (*parts, "all"), tuple(rows))
