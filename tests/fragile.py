"""Subjects that are lost: they crash, hang, or take all memory."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time

from tests.planted import answer
from verify import Case, Declined
from verify.case import Array


def aborts(case: Case) -> Array:
    print("no kernel for this", file=sys.stderr)
    os.abort()


def reads_nowhere(case: Case) -> Array:
    ctypes.string_at(0)
    raise AssertionError


def divides_by_zero(case: Case) -> Array:
    signal.raise_signal(signal.SIGFPE)
    return answer(case)


def exits(case: Case) -> Array:
    os._exit(7)


def hangs(case: Case) -> Array:
    while True:
        time.sleep(1)


def differs_by_interpreter(case: Case) -> Array:
    """Adds one where the interpreter is one of the test's, by its name, and declines three axes there."""
    if os.environ.get("FRAGILE", "") not in sys.executable:
        return answer(case)
    if case.rank == 3:
        raise Declined("three axes")
    return answer(case) + case.dtype.type(1)
