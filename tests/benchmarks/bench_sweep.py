"""Where a sweep of TensorFlow spends its time, and how many cases it asks a second."""

from __future__ import annotations

from typing import Any

import pytest

from verify.cases.enumeration import enumeration_upto
from verify.checks.deviations import applying, to_text
from verify.checks.subject import describe
from verify.runs.sweep.progress import BLOCK
from verify.subjects.isolated import Isolated


@pytest.mark.parametrize("rank", [1, 2])
def test_three_fifths_of_a_sweep_are_spent_in_tensorflow(benchmark: Any, rank: int) -> None:
    """Messages to the worker count as the sweep's own time."""
    enumeration = enumeration_upto(
        6, ranks=(rank,), channels=1 if rank > 1 else 4, filters=1 if rank > 1 else 2
    )
    subject = Isolated("tensorflow", alone=True)
    known = to_text(applying(subject.known, describe(subject)))
    places = [(start, start + BLOCK) for start in range(0, enumeration.count - BLOCK, BLOCK)][:8]
    spent: list[float] = []

    def sweep() -> None:
        for start, stop in places:
            swept = subject.sweep(enumeration.to_text(), start=start, stop=stop, known=known)
            assert swept is not None
            spent.append(swept.seconds["subject"])

    sweep()
    spent.clear()
    benchmark.pedantic(sweep, rounds=5)
    subject.close()
    share = sum(spent) / benchmark.stats.stats.total
    benchmark.extra_info["share"] = share
    benchmark.extra_info["cases_a_second"] = len(places) * BLOCK / benchmark.stats.stats.median
    assert share >= 0.6
