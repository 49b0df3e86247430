"""What judging by projection costs beside the reference; `pytest tests/benchmarks/bench_*.py`."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from verify import Case
from verify.oracle.bounds import _judgement, judgement
from verify.oracle.compare import compare_values
from verify.oracle.projecting import judge_by_projection

MOST = 1 / 8
"""The share of the reference's time that judging by projection may take, for 256 filters of 3×3."""

ROUNDS = 5


def least(act: Callable[[], object]) -> float:
    """The CPU time of one call, all threads together: the least of several."""
    times = []
    for _ in range(ROUNDS):
        start = time.process_time()
        act()
        times.append(time.process_time() - start)
    return min(times)


@pytest.mark.parametrize(
    "word",
    [
        "conv_n16_i56x56_c256_k3x3_f256_same_ints1",
        "conv_n32_i56x56_c64_k3x3_f256_same_ints1",
        "conv_n64_i28x28_c256_k3x3_f256_same_ints1",
    ],
)
def test_projection_takes_an_eighth_of_the_references_time_at_most(word: str) -> None:
    case = Case.parse(word)
    answer = judgement(case).wanted.astype(case.dtype)

    def by_reference() -> None:
        _judgement.cache_clear()
        assert compare_values(judgement(case), answer).outcome == "agrees"

    def by_projection() -> None:
        assert judge_by_projection(case, answer).outcome == "agrees"

    whole, projected = least(by_reference), least(by_projection)
    print(
        f"{word}: {whole:.2f} s by the reference, {projected:.3f} s by projection, 1/{whole / projected:.1f}"
    )
    assert projected <= MOST * whole
