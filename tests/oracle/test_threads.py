"""Work spread over the threads of matrix products: every part once, and the threads as before."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from operator import length_hint

import numpy as np
import pytest
from threadpoolctl import ThreadpoolController

from tests.waiting import comes
from verify.oracle.threads import spread


def blas_threads() -> list[int]:
    return [library["num_threads"] for library in ThreadpoolController().select(user_api="blas").info()]


def spread_in(threads: int) -> str:
    """What a process prints whose BLAS has so many: the threads at work, a product's then and after."""
    script = (
        "import threading\n"
        "from tests.oracle.test_threads import blas_threads\n"
        "from verify.oracle.threads import spread\n"
        "seen = set()\n"
        f"all_at_work = threading.Barrier({threads}, timeout=60)\n"
        "def act(taken):\n"
        "    for _ in taken:\n"
        "        seen.add((threading.get_ident(), *blas_threads()))\n"
        "        all_at_work.wait()\n"
        "spread(act, range(20))\n"
        "print(len(seen), {left for _, left in seen}, blas_threads())\n"
    )
    return subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "OPENBLAS_NUM_THREADS": str(threads)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()


@pytest.mark.parametrize("count", [0, 1, 2, 3, 100])
def test_every_part_is_taken_once(count: int) -> None:
    taken: list[int] = []
    spread(taken.extend, range(count))
    assert sorted(taken) == list(range(count))


@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="one core")
def test_as_many_threads_work_as_a_product_has_each_with_products_of_one() -> None:
    assert spread_in(2) == "2 {1} [2]"
    assert spread_in(1) == "1 {1} [1]"


def test_what_a_part_raises_passes_through_and_products_have_their_threads_again() -> None:
    before = blas_threads()

    def act(taken: Iterator[int]) -> None:
        for number in taken:
            if number == 7:
                raise ZeroDivisionError(number)

    with pytest.raises(ZeroDivisionError, match="7"):
        spread(act, range(20))
    assert blas_threads() == before


@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="one core")
@pytest.mark.parametrize("wrong", [0, 1, 2, 3])
def test_no_part_is_begun_after_an_error(wrong: int) -> None:
    begun: list[int] = []
    none_is_left: list[bool] = []

    def act(taken: Iterator[int]) -> None:
        for number in taken:
            begun.append(number)
            if number == wrong:
                raise ZeroDivisionError
            if number > wrong:
                none_is_left.append(comes(lambda: length_hint(taken) == 0))
                return

    with pytest.raises(ZeroDivisionError):
        spread(act, range(500))
    assert len(begun) <= wrong + max(blas_threads())
    assert all(none_is_left)


def test_threads_that_spread_at_once_each_do_their_own() -> None:
    before, sums = blas_threads(), np.zeros(8, dtype=np.int64)

    def one(place: int) -> None:
        def act(taken: Iterator[int]) -> None:
            for number in taken:
                with lock:
                    sums[place] += number

        spread(act, range(100))

    lock = threading.Lock()
    spreading = [threading.Thread(target=one, args=(place,)) for place in range(len(sums))]
    for thread in spreading:
        thread.start()
    for thread in spreading:
        thread.join()
    assert sums.tolist() == [4950] * len(sums)
    assert blas_threads() == before
