"""Locks of files, which end with the process that holds them: so another knows what was left behind."""

from __future__ import annotations

from contextlib import suppress

try:
    import fcntl
except ImportError:  # not on Windows, where nothing is locked, and what a killed process left stays
    fcntl = None  # type: ignore[assignment]

CAN_LOCK = fcntl is not None
"""Whether files can be locked here; `require_lock` and `wait_for_lock` are called only where they can."""

UNLOCKED_S = 60.0
"""Seconds after which what is not locked yet will not be."""


def lock(handle: int) -> None:
    """Lock a new file, where files can be locked."""
    if CAN_LOCK:
        with suppress(OSError):  # of a file system that has no locks
            require_lock(handle)


def require_lock(handle: int) -> None:
    """Lock a file; raises OSError where another process holds it, or its file system has no locks."""
    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


def wait_for_lock(handle: int) -> None:
    """Lock a file, or a folder, once no other process holds it."""
    fcntl.flock(handle, fcntl.LOCK_EX)
