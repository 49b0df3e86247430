"""Work spread over as many threads as NumPy's matrix products use, each thread with its own products.

A block that one core fills and others multiply is moved between their caches. Here each thread fills
and multiplies its own blocks, so that nothing is moved.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from threading import Lock
from typing import Any, TypeVar

_Item = TypeVar("_Item")

_LIMITING = Lock()


def spread(act: Callable[[Iterator[_Item]], None], items: Iterable[_Item]) -> None:
    """Call `act` in each thread with one shared iterator over the items.

    The threads of a matrix product are limited to 1 meanwhile, in the whole process. Errors of `act`
    pass through, and no thread begins another item after it or after Ctrl-C.
    """
    listed = list(items)
    left = iter(listed)
    count = min(blas_threads(), len(listed))
    if count <= 1:
        act(left)
        return
    from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait

    with _LIMITING, _blas().limit(limits=1), ThreadPoolExecutor(count) as pool:
        running = [pool.submit(act, left) for _ in range(count)]
        try:
            wait(running, return_when=FIRST_EXCEPTION)
        finally:
            deque(left, maxlen=0)
    for thread in running:
        thread.result()


def blas_threads() -> int:
    """How many threads a matrix product has now."""
    return max((library["num_threads"] for library in _blas().info()), default=1)


@cache
def _blas() -> Any:
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController().select(user_api="blas")
