"""How fast the reference, the bound and the comparison are; `pytest tests/benchmarks/bench_*.py`."""

from __future__ import annotations

import itertools
import statistics
import time
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.models.exactness import promises_exactness
from tests.planted.plain import cases
from verify import Case, Verdict, conv, reference
from verify.oracle.bounds import judge_operands
from verify.oracle.compare import compare_values
from verify.oracle.problem import problem_of

LECTURE = Case.parse("conv_i7x7_c3_k3x3_f2_s2x2_valid_bias_cs231n")


def four_loops(x: Any, w: Any, bias: Any, stride: int) -> Any:
    """Four nested loops: over filters, rows, columns and channels, a plane of a window at a time."""
    size, _, channels, filters = w.shape
    out = (x.shape[1] - size) // stride + 1
    answer = np.zeros((1, out, out, filters))
    for f in range(filters):
        for row in range(out):
            for column in range(out):
                top, left = row * stride, column * stride
                for c in range(channels):
                    plane = x[0, top : top + size, left : left + size, c]
                    answer[0, row, column, f] += np.sum(plane * w[:, :, c, f])
                answer[0, row, column, f] += bias[f]
    return answer


def three_loops(x: Any, w: Any, bias: Any, stride: int) -> Any:
    """The same with whole windows: over filters, rows and columns."""
    size, filters = w.shape[0], w.shape[3]
    out = (x.shape[1] - size) // stride + 1
    answer = np.zeros((1, out, out, filters))
    for f in range(filters):
        for row in range(out):
            for column in range(out):
                top, left = row * stride, column * stride
                window = x[0, top : top + size, left : left + size]
                answer[0, row, column, f] = np.sum(window * w[..., f]) + bias[f]
    return answer


def seconds(act: Callable[[], object], rounds: int) -> float:
    """The time of one call."""
    start = time.perf_counter()
    for _ in range(rounds):
        act()
    return (time.perf_counter() - start) / rounds


def ratio(
    first: Callable[[], object], second: Callable[[], object], rounds: int, runs: int = 15, rest: float = 0.0
) -> float:
    """How much longer the first takes than the second: the median over alternating runs.

    A run is the best of five of each, so that what else the machine does counts for little, `rest`
    seconds after the one before.
    """
    first(), second()

    def best(act: Callable[[], object]) -> float:
        time.sleep(rest)
        return min(seconds(act, rounds) for _ in range(5))

    return statistics.median(best(first) / best(second) for _ in range(runs))


@pytest.mark.parametrize(("loops", "least"), [(four_loops, 8), (three_loops, 3)])
def test_the_reference_is_faster_than_loops_on_the_lecture(
    benchmark: Any, loops: Callable[..., Any], least: float
) -> None:
    x, w, b = (part.astype(np.float64) for part in LECTURE.make_operands() if part is not None)
    assert np.array_equal(loops(x, w, b, 2), reference(LECTURE))
    benchmark(lambda: reference(LECTURE))
    measured = ratio(lambda: loops(x, w, b, 2), lambda: reference(LECTURE), rounds=200)
    benchmark.extra_info["ratio"] = measured
    assert measured >= least


def test_the_reference_reaches_60_percent_of_the_rate_of_a_matrix_product(benchmark: Any) -> None:
    generator = np.random.default_rng(1)
    x, w = generator.standard_normal((4, 56, 56, 64)), generator.standard_normal((3, 3, 64, 64))
    a, b = generator.standard_normal((2, 1024, 1024))
    benchmark.pedantic(lambda: conv(x, w, padding="SAME"), rounds=7, warmup_rounds=1)
    work = (4 * 56 * 56 * 9 * 64 * 64) / 1024**3
    # The threads of a product spin for 0.1 s when it is done, and take a core from whatever comes next.
    measured = work * ratio(lambda: a @ b, lambda: conv(x, w, padding="SAME"), rounds=1, rest=0.3)
    benchmark.extra_info["ratio"] = measured
    assert measured >= 0.6


def drawn(count: int) -> list[Case]:
    chosen: list[Case] = []

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
        chosen.append(case)

    collect()
    return chosen


def judged(case: Case) -> Callable[[], Verdict]:
    """The reference, the bound and the comparison of a case whose operands and answer are there."""
    operands, answer = case.make_operands(), reference(case).astype(case.dtype)
    exact = promises_exactness(case)

    def judge() -> Verdict:
        rule = judge_operands(problem_of(case), operands, products=case.products, exact=exact)
        return compare_values(rule, answer)

    return judge


def test_a_drawn_case_is_judged_below_200_microseconds(benchmark: Any) -> None:
    judges = [judged(case) for case in drawn(600)]
    median = statistics.median(
        statistics.median(seconds(judge, rounds=1) for _ in range(5)) for judge in judges
    )
    endless = itertools.cycle(judges)
    benchmark(lambda: next(endless)())
    benchmark.extra_info["median_microseconds"] = 1e6 * median
    assert median < 200e-6


@pytest.mark.parametrize("shape", [(4, 56, 56, 64), (1, 224, 224, 16)])
def test_the_reference_takes_3_times_what_it_reads_and_writes_at_most(shape: tuple[int, ...]) -> None:
    x, w = np.ones(shape), np.ones((3, 3, shape[-1], 64))
    windows = shape[0] * shape[1] * shape[2] * 9 * shape[-1] * 8
    tracemalloc.start()
    answer = conv(x, w, padding="SAME")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak <= 3 * (x.nbytes + w.nbytes + min(windows, 2**21) + answer.nbytes)
