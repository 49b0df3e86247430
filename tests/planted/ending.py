"""Subjects that end the process they run in, or try to."""

from __future__ import annotations

import atexit
import ctypes
import itertools
import os
import sys
import time
from pathlib import Path

from tests.planted.convolutions import answer
from verify import Case
from verify.cases.operands import Array


def exits_at_once(case: Case) -> Array:
    os._exit(0)


def exits(case: Case) -> Array:
    sys.exit(0)


def exits_late(case: Case) -> Array:
    return answer(case) if next(_CALLS) < 2 else sys.exit(0)


def ends_late(case: Case) -> Array:
    return answer(case) if next(_CALLS) < 2 else os._exit(0)


_CALLS = itertools.count()


def interrupts_itself(case: Case) -> Array:
    raise KeyboardInterrupt


def becomes_another(case: Case) -> Array:
    os.execv("/bin/true", ["true"])


def exits_natively(case: Case) -> Array:
    ctypes.CDLL(None)._exit(0)
    raise AssertionError


def exits_at_the_end(case: Case) -> Array:
    """Wrong, and hides it when the process exits."""
    atexit.register(os._exit, 0)
    return answer(case) + case.dtype.type(1)


def exits_natively_at_the_end(case: Case) -> Array:
    atexit.register(ctypes.CDLL(None)._exit, 0)
    return answer(case) + case.dtype.type(1)


def copies_the_process(case: Case) -> Array:
    """Right, by two processes, of which the second would go on as the first does."""
    os.fork()
    return answer(case)


def swallows_interrupts(case: Case) -> Array:
    """Hangs, whatever is raised in it; says when it does."""
    Path(os.environ.get("HANGS", os.devnull)).touch()
    while True:
        try:
            time.sleep(1000)
        except BaseException:  # noqa: BLE001 - that is what it is for
            continue


def has_a_name(case: Case) -> Array:
    """Right, under a name of its own."""
    return answer(case)


has_a_name.name = "mine"  # type: ignore[attr-defined]
