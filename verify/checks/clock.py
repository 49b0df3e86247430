"""The time of a run: where it goes, and when it is up for what runs: between two lines, or where it waits."""

from __future__ import annotations

import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

Told = TypeVar("Told")


class Clock:
    """Adds up seconds under the names of parts: `with clock.part("subject"): …`."""

    def __init__(self) -> None:
        self.seconds: Counter[str] = Counter()

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] += time.perf_counter() - start  # type: ignore[assignment]


GRACE_S = 1.0
"""Seconds that a running case may still take when its time is up."""

AGAIN_S = 0.5
"""Seconds after which what has not stopped is stopped again: it may be a callback that drops errors."""


@contextmanager
def handling(number: int, handler: Callable[[int, Any], None]) -> Iterator[None]:
    """Have a signal handled so in the block."""
    before = signal.signal(number, handler)
    try:
        yield
    finally:
        signal.signal(number, before)


class TimeUp(KeyboardInterrupt):
    """The time is up. Like Ctrl-C, it is no error of what it stops, and passes by `except Exception`."""


@contextmanager
def stopping_at(end: float) -> Iterator[None]:
    """Raise TimeUp in the block once `time.monotonic` has reached `end`, if it is not left before.

    Native code is stopped when it returns. Only the main thread can be stopped so.
    """
    if end == float("inf"):
        yield
        return
    with handling(signal.SIGALRM, _raise):
        signal.setitimer(signal.ITIMER_REAL, max(end - time.monotonic(), 1e-3), AGAIN_S)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)


def within(end: float, ask: Callable[[], Told]) -> Told | None:
    """What `ask` returns; None if the time is up before it is called, or a little after it should be done."""
    with suppress(TimeUp):
        if time.monotonic() <= end:
            with stopping_at(end + GRACE_S):
                return ask()
    return None


def _raise(number: int, frame: object) -> None:
    raise TimeUp
