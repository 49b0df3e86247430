"""The processes that a subject started: adopted by the process that forks its lives, and ended with them."""

from __future__ import annotations

import ctypes
import os
import signal
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path

ENDING_S = 20.0
"""Seconds for which what goes on starting processes is killed again."""

STEP_S = 0.001
"""Seconds in which what was killed ends."""

_PR_SET_CHILD_SUBREAPER = 36


def adopt_orphans() -> None:
    """Become the parent of each descendant whose own parent has ended, if the kernel can (Linux 3.4)."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def children() -> frozenset[int]:
    """The processes whose parent this one is; those that have ended and are not waited for, too."""
    try:
        lists = [file.read_text(encoding="ascii") for file in Path("/proc/self/task").glob("*/children")]
    except OSError:
        lists = []
    return frozenset(map(int, " ".join(lists).split())) if lists else _children_seen()


def _children_seen() -> frozenset[int]:
    """The same, from the states of all processes: for kernels that keep no list."""
    here, seen = str(os.getpid()), set()
    for file in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, IndexError):
            if file.read_text(errors="replace").rpartition(")")[2].split()[1] == here:
                seen.add(int(file.parent.name))
    return frozenset(seen)


def end_children(kept: Collection[int], *, listed: Callable[[], Collection[int]] = children) -> None:
    """Kill all children but these, and those that they leave behind, until there are none."""
    end = time.monotonic() + ENDING_S
    while not _has_none() and time.monotonic() < end:
        # The kernel's list may lack some while others end.
        found = {*listed()} - {*kept} or {*_children_seen()} - {*kept}
        if kept and not found:
            return
        for pid in found:
            with suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        # One that may not be killed, as it became another user's, is not waited for.
        if not sum(map(_has_ended, found)):
            time.sleep(STEP_S)


def _has_none() -> bool:
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return True
    return False


def _has_ended(pid: int) -> bool:
    with suppress(OSError):
        return os.waitpid(pid, os.WNOHANG)[0] == pid
    return False
