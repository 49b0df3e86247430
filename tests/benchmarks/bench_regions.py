"""What the reference takes in regions: for the largest case of each, and for the median case of a run.

python -m tests.benchmarks.bench_regions prints a table of the largest cases, in milliseconds.
"""

from __future__ import annotations

import statistics
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pytest
from threadpoolctl import threadpool_limits

from strategies.sample import sample
from tests.strategies.test_plans import drawn_inside
from verify import Case
from verify.cases.domain import Domain
from verify.cases.exactness import promises_exact_sums
from verify.cases.regions import region_names, regions_of, work
from verify.oracle.epilogue import follow
from verify.oracle.problem import problem_of
from verify.oracle.reference import linear

DRAWS = 300
RUNS = 7
MOST_MS = {"exact": 5.0, "rounded": 5.0, "doubled": 20.0}
"""Kind of sums → what the reference may take: exact, of narrower dtypes, of float64 in doubled precision."""


def kind_of(case: Case) -> str:
    """What the sums of a case take."""
    if promises_exact_sums(case):
        return "exact"
    return "doubled" if case.format.token == "float64" else "rounded"


def milliseconds(case: Case) -> float:
    """The shortest time that the reference took of one thread, once its operands were made."""
    problem, operands, exact = problem_of(case), case.make_operands(), promises_exact_sums(case)
    times = []
    with threadpool_limits(1):
        for _ in range(RUNS):
            start = time.thread_time()
            follow(problem, operands, linear(problem, operands, exact=exact))
            times.append(time.thread_time() - start)
    return 1000 * min(times)


def largest(region: str) -> Iterator[Case]:
    """The drawn case of the most work in float32 and in float64, each with an exact fill and real numbers."""
    cases = [case for _, case in drawn_inside({"": Domain()}, DRAWS, regions=(region,)).asked]
    for dtype, fill in (("float32", "ints"), ("float32", "reals"), ("float64", "ints"), ("float64", "reals")):
        alike = [case for case in cases if case.format.token == dtype]
        if alike:
            most = max(alike, key=work)
            yield replace(most, fill=fill, seed=1)


@pytest.mark.parametrize("region", region_names())
def test_the_largest_case_of_a_region_is_bounded(region: str) -> None:
    slow = {
        str(case): took for case in largest(region) if (took := milliseconds(case)) > MOST_MS[kind_of(case)]
    }
    assert slow == {}


def test_the_median_case_of_a_run_takes_60_microseconds_at_most() -> None:
    cases = sample(1_000, 1)
    assert statistics.median(1000 * milliseconds(case) for case in cases) <= 60


def test_what_is_drawn_lies_in_regions_mostly() -> None:
    cases = sample(1_000, 1)
    assert sum(1 for case in cases if regions_of(case)) >= 0.6 * len(cases)


def main() -> None:
    counts = Counter(name for case in sample(6_000, 1) for name in regions_of(case))
    print(f"{'region':<36}{'drawn of 6,000':>15}{'largest, ms':>12}")
    for name in region_names():
        times = {str(case): milliseconds(case) for case in largest(name)}
        word = max(times, key=lambda each: times[each])
        print(f"{name:<36}{counts[name]:>15,}{times[word]:>12.2f}  {word}")


if __name__ == "__main__":
    main()
