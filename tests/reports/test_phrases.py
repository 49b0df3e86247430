"""Phrases that reports share."""

from __future__ import annotations

from collections import Counter

import pytest

from verify.reports.phrases import most_common, plural

COUNTS = Counter({"no bias": 1200, "no groups": 3, "no int32": 2})


@pytest.mark.parametrize(
    ("count", "noun", "written"), [(1, "batch", "batch"), (2, "batch", "batches"), (0, "case", "cases")]
)
def test_noun_agrees_with_its_count(count: int, noun: str, written: str):
    assert plural(count, noun) == written


def test_counts_are_listed_from_the_largest():
    assert most_common("declined", COUNTS)[:2] == [
        ("declined", "1,200: no bias"),
        ("declined", "3: no groups"),
    ]


@pytest.mark.parametrize(
    ("limit", "last"),
    [(1, "5: for 2 more reasons"), (2, "2: for 1 more reason"), (3, "2: no int32"), (None, "2: no int32")],
)
def test_counts_beyond_the_limit_are_one_line(limit: int | None, last: str):
    assert most_common("declined", COUNTS, limit=limit)[-1] == ("declined", last)
