"""What is tried where a condition refuses a case: fuller ones than the plain, and those near one inside."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from itertools import product
from typing import Any

from verify.cases.case import Case
from verify.cases.domain import Condition
from verify.cases.predicates import Predicate
from verify.cases.word import InvalidCase

Change = Mapping[str, int]
"""Numbers of a fuller case: its `size` and `kernel` along each axis, `batch`, `channels` and `filters`."""

SIZES = (1, 2, 3, 4, 5, 7, 8, 9, 10, 12, 16, 24, 32)
KERNELS = (1, 3, 4, 5, 6, 7)
BATCHES = (2, 3, 4, 8)
COUNTS = (1, 2, 3, 5, 8, 16, 32, 64)
COUNTED = (("channels",), ("filters",), ("channels", "filters"))

_FEW_SIZES, _FEW_KERNELS, _FEW_COUNTS = (8, 12, 16, 32), (1, 3, 5, 7), (1, 3, 8, 16, 64)

_FIELDS: tuple[tuple[str, ...], ...] = (
    ("kernel",),
    ("channels", "filter_count", "groups", "multiplier"),
    ("size",),
    ("batch",),
    ("strides",),
    ("dilations",),
    ("padding", "padding_mode"),
    ("epilogue",),
    ("border", "trimmed"),
)
"""Fields of a case that are taken from another together."""


_NUMBERS = re.compile(r"\b(batch|channels|filters|groups|kernel|multiplier|out|pads|products|size|span)\b")


def asks_for_numbers(condition: Condition) -> bool:
    """Whether a condition may hold of fuller cases, as it names their numbers or is a function."""
    return not isinstance(condition.test, Predicate) or bool(_NUMBERS.search(condition.test.text))


def changes() -> Iterator[Change]:
    """What makes a plain case fuller: one number that a condition may ask for, then two of them."""
    counts = [dict.fromkeys(names, count) for count in COUNTS for names in COUNTED]
    few_counts = [dict.fromkeys(names, count) for count in _FEW_COUNTS for names in COUNTED]
    few_sizes = [{"size": size} for size in _FEW_SIZES]
    few_kernels = [{"kernel": kernel} for kernel in _FEW_KERNELS]
    yield from counts
    yield from ({"size": size} for size in SIZES)
    yield from ({"kernel": kernel} for kernel in KERNELS)
    yield from ({"batch": batch} for batch in BATCHES)
    for pairs in ((few_sizes, few_counts), (few_kernels, few_sizes), (few_kernels, few_counts)):
        yield from ({**first, **second} for first, second in product(*pairs))


def fuller(case: Case, change: Change) -> Case | None:
    """A plain case with these numbers; None where there is no such case."""
    channels = change.get("channels", case.channels)
    fields: dict[str, Any] = {"batch": change.get("batch", case.batch), "channels": channels}
    fields |= {name: (change[name],) * case.rank for name in ("size", "kernel") if name in change}
    if case.traits.has_filters:
        fields["filter_count"] = change.get("filters", case.filter_count)
    if case.groups == case.channels > 1:
        fields["groups"] = channels
    with suppress(InvalidCase):
        return replace(case, **fields)
    return None


def towards(case: Case, other: Case) -> Iterator[dict[str, Any]]:
    """Changes of a case that take fields of another: those of one kind, then of ever more, at last of all."""
    taken: list[dict[str, Any]] = [{name: getattr(other, name) for name in names} for names in _FIELDS]
    yield from taken
    together: dict[str, Any] = taken[0]
    for more in taken[1:]:
        together = {**together, **more}
        yield together
