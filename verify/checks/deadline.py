"""A time at which what runs is stopped: between two lines of Python, or where it waits."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

GRACE_S = 1.0
"""Seconds that what runs may go on for when its time is up."""

AGAIN_S = 0.5
"""Seconds after which what has not stopped is stopped again: it may be a callback that drops errors."""


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
    before = signal.signal(signal.SIGALRM, _raise)
    signal.setitimer(signal.ITIMER_REAL, max(end - time.monotonic(), 1e-3), AGAIN_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _raise(number: int, frame: object) -> None:
    raise TimeUp
