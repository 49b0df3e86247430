"""Ctrl-C: what is told of it, in blocks inside each other."""

from __future__ import annotations

import os
import signal

import pytest

from verify.checks.interrupts import Interrupted, interruptible


def test_a_block_that_tells_nothing_leaves_what_is_told_around_it() -> None:
    told: list[str] = []
    with interruptible(lambda: told.append("outer")):
        with pytest.raises(Interrupted), interruptible(ends=False):
            os.kill(os.getpid(), signal.SIGINT)
        assert told == ["outer"]


def test_a_block_tells_its_own_and_then_what_was_told_before() -> None:
    told: list[str] = []
    with interruptible(lambda: told.append("outer"), ends=False):
        with pytest.raises(Interrupted), interruptible(lambda: told.append("inner")):
            os.kill(os.getpid(), signal.SIGINT)
        with pytest.raises(Interrupted):
            os.kill(os.getpid(), signal.SIGINT)
    assert told == ["inner", "outer"]
