"""Work spread over as many threads as NumPy's matrix products use, each thread with products of its own.

What one core has written, another must fetch before it can multiply it, and the first must take it
back before it can write there again. Where each thread fills and multiplies its own block, nothing
crosses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from threading import Lock
from typing import Any, TypeVar

Part = TypeVar("Part")

_LIMITING = Lock()


def spread(act: Callable[[Iterator[Part]], None], parts: Iterable[Part]) -> None:
    """Call `act` in each thread with one iterator over the parts, of which each thread takes the next.

    The threads of a matrix product are limited to 1 meanwhile, in the whole process. What `act`
    raises passes through.
    """
    listed = list(parts)
    left = iter(listed)
    threads = min(_threads(), len(listed))
    if threads <= 1:
        act(left)
        return
    with _LIMITING, _blas().limit(limits=1), ThreadPoolExecutor(threads) as pool:
        for done in [pool.submit(act, left) for _ in range(threads)]:
            done.result()


@cache
def _blas() -> Any:
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController().select(user_api="blas")


def _threads() -> int:
    return max((library["num_threads"] for library in _blas().info()), default=1)
