"""A process that ends when the one that started it does, however that ends."""

from __future__ import annotations

import os
import signal
from contextlib import suppress

_SET_DEATH_SIGNAL = 1
"""PR_SET_PDEATHSIG of prctl(2)."""


def end_with_the_parent(parent: int | None = None, *, by: int | None = None) -> None:
    """Have the kernel kill this process, or send it a signal, when its parent dies, if it can (Linux).

    It ends if that is gone.
    """
    import ctypes  # which few processes need

    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_SET_DEATH_SIGNAL, signal.SIGKILL if by is None else by)
        if parent is not None and os.getppid() != parent:
            os._exit(2)
