"""How long a search goes on: by what this process works, whatever else the machine does."""

from __future__ import annotations

import time
from collections.abc import Callable

CONTENTION = 3
"""Seconds that may pass for each second of work: others need the cores, or a worker answers."""


def patience(seconds: float) -> Callable[[], bool]:
    """Whether this process has worked for so many seconds since, or `CONTENTION` times as many passed."""
    worked, passed = time.process_time() + seconds, time.monotonic() + CONTENTION * seconds
    return lambda: time.process_time() >= worked or time.monotonic() >= passed
