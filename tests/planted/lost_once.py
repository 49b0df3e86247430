"""Subjects that are lost at one call of their process, or once in all: no case alone loses them."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path

import numpy as np

from tests.planted.convolutions import answer
from verify import Case
from verify.cases.operands import Array

_CALLS = count(1)

CALL = 32
"""The call at which they are lost."""


def aborts_late(case: Case) -> Array:
    if next(_CALLS) == CALL:
        os.abort()
    return answer(case)


def exits_late(case: Case) -> Array:
    if next(_CALLS) == CALL:
        os._exit(0)
    return answer(case)


def hangs_late(case: Case) -> Array:
    while next(_CALLS) == CALL:
        time.sleep(1000)
    return answer(case)


def _once(lose: Callable[[], object]) -> None:
    mark = Path(os.environ["LOST_ONCE"])
    if next(_CALLS) == CALL and not mark.exists():
        mark.touch()
        lose()


def is_killed_once(case: Case) -> Array:
    _once(lambda: os.kill(os.getpid(), signal.SIGKILL))
    return answer(case)


def aborts_when_tried(case: Case) -> Array:
    """Once in all, at the first call."""
    mark = Path(os.environ["LOST_ONCE"])
    if not mark.exists():
        mark.touch()
        os.abort()
    return answer(case)


_WRITTEN: list[Case] = []


def breaks_what_comes_later(case: Case) -> Array:
    """As memory that is written to wrongly: a size of 2 is answered, and ends a kernel of 2 of size 3."""
    if case.size == (3,) and case.kernel == (2,) and _WRITTEN:
        os.abort()
    _WRITTEN.extend([case] * (case.size == (2,)))
    return answer(case)


def waits_to_be_killed(case: Case) -> Array:
    """Says at which case it waits, and waits there, from the tenth call on."""
    if next(_CALLS) > 10:
        Path(os.environ["WAITS"]).write_text(str(case), encoding="utf-8")
        time.sleep(1000)
    return answer(case)


def aborts_when_it_is_diagnosed(case: Case) -> Array:
    """Wrong for a kernel of 2 and a size of 3, and aborts at the next other case that it is asked."""
    if (case.size, case.kernel, case.fill) == ((3,), (2,), "ones"):
        _WRITTEN.append(case)
        return answer(case) + np.float32(1)
    if _WRITTEN:
        os.abort()
    return answer(case)
