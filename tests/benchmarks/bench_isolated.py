"""What a worker costs: for each case, and from a crash to the next answer."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings

from strategies import cases
from verify import Case
from verify.checks.subject import Elsewhere, Subject
from verify.subjects.isolated import Isolated
from verify.subjects.registry import load

LECTURE = Case.parse("conv_i7x7_c3_k3x3_f2_s2x2_valid_bias_cs231n")


@pytest.fixture(scope="module")
def isolated() -> Iterator[Isolated]:
    subject = Isolated("tensorflow")
    subject(LECTURE)
    yield subject
    subject.close()


def answered(subject: Subject, count: int) -> list[Case]:
    """Drawn cases that a subject answers."""
    taken: dict[Case, None] = {}

    @seed(1)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases())
    def collect(case: Case) -> None:
        try:
            subject(case)
        except Exception:  # noqa: BLE001 - it declines the case, or refuses it wrongly
            return
        taken[case] = None

    collect()
    return list(taken)


def seconds(subject: Subject, case: Case, runs: int = 5) -> float:
    """The best time of a call whose operands are there."""
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        subject(case)
        times.append(time.perf_counter() - start)
    return min(times)


def test_a_worker_costs_a_millisecond_a_case_at_most(benchmark: Any, isolated: Isolated) -> None:
    here = load("tensorflow")
    named = answered(here, 300)
    overheads = [seconds(isolated, case) - seconds(here, case) for case in named]
    benchmark(lambda: isolated(LECTURE))
    benchmark.extra_info["median_overhead_ms"] = 1e3 * statistics.median(overheads)
    benchmark.extra_info["cases"] = len(named)
    assert statistics.median(overheads) <= 1e-3


def test_from_an_abort_to_the_next_answer_is_half_a_second_at_most(benchmark: Any) -> None:
    subject = Isolated("tests.planted.fragile_tensorflow:aborts_on_two")
    deadly = Case.parse("conv_n2_i1_k1_same_ones")
    subject(LECTURE)

    def abort_and_answer() -> None:
        with pytest.raises(Elsewhere, match="SIGABRT"):
            subject(deadly)
        subject(LECTURE)

    benchmark.pedantic(abort_and_answer, rounds=9)
    subject.close()
    assert benchmark.stats.stats.median <= 0.5
