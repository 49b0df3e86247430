"""Waiting for what is to come, so that no test depends on how fast the machine is at that moment."""

from __future__ import annotations

import time
from collections.abc import Callable

LIMIT_S = 60.0
"""Seconds after which what has not come is missing, also on a machine that has much else to do."""


def comes(has_come: Callable[[], bool]) -> bool:
    """Whether something comes to be; waits until it does."""
    end = time.monotonic() + LIMIT_S
    while not has_come() and time.monotonic() < end:
        time.sleep(0.01)
    return has_come()
