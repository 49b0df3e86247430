"""Ctrl-C: the first ends the case that runs, wherever it waits, and the second the process."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import current_thread, main_thread
from types import FrameType
from typing import NoReturn

from verify.checks.clock import handling
from verify.checks.exits import end_now
from verify.checks.journal import journal

SAME_S = 0.3
"""Seconds in which another signal is of the same Ctrl-C: `timeout` sends two at a time."""

INTERRUPTED = 3
"""The exit code of a command that was interrupted before it found anything."""

_SHOW_CURSOR = b"\x1b[?25h"


class Interrupted(KeyboardInterrupt):
    """Ctrl-C; a plain KeyboardInterrupt is what a subject raised by itself."""


class Interrupts:
    """The handler of Ctrl-C. It raises Interrupted at once, or after what is shielded from it.

    `told` is called first. A second Ctrl-C ends the process, if this handler `ends` it.
    """

    def __init__(self, *, ends: bool) -> None:
        self.told: Callable[[], object] = lambda: None
        self.shields = 0
        self._ends = ends
        self._is_due = False
        self._first = 0.0

    def __call__(self, number: int, frame: FrameType | None) -> None:
        now = time.monotonic()
        if not self._ends or not self._first:
            self._first = now
            self.told()
            self._is_due = current_thread() is main_thread()  # which signals interrupt alone
            self.raise_due()
        elif now - self._first > SAME_S:
            _end_process()

    def raise_due(self) -> None:
        """Raise what is due, unless something is shielded."""
        if self._is_due and not self.shields:
            self._is_due = False
            raise Interrupted


@contextmanager
def interruptible(told: Callable[[], object] | None = None, *, ends: bool = True) -> Iterator[None]:
    """Handle Ctrl-C in the block, by the handler that is there or a new one; `told` is called at first.

    Without it what is called around the block stays: an error that is raised in a callback may be dropped
    there, and what was told then still ends the work. Only the main thread can do so; in others the block
    just runs.
    """
    handler = signal.getsignal(signal.SIGINT)
    if current_thread() is not main_thread():
        yield
    elif isinstance(handler, Interrupts):
        before, handler.told = handler.told, told or handler.told
        try:
            yield
        finally:
            handler.told = before
    else:
        handler = Interrupts(ends=ends)
        handler.told = told or handler.told
        with handling(signal.SIGINT, handler):
            yield


@contextmanager
def shielded() -> Iterator[None]:
    """What is done in the block is done whole: Ctrl-C is raised after it."""
    handler = signal.getsignal(signal.SIGINT)
    if not isinstance(handler, Interrupts):
        yield
        return
    handler.shields += 1
    try:
        yield
    finally:
        handler.shields -= 1
    handler.raise_due()


def is_of_a_subject(interrupt: KeyboardInterrupt) -> bool:
    """Whether a subject raised it by itself, as far as that can be known."""
    is_known = current_thread() is not main_thread() or isinstance(
        signal.getsignal(signal.SIGINT), Interrupts
    )
    return is_known and type(interrupt) is KeyboardInterrupt


def _end_process() -> NoReturn:
    """End this process without waiting for anything; what workers it has end with it."""
    journal.close()
    if sys.stdout is not None and os.isatty(1):
        os.write(1, _SHOW_CURSOR)
    end_interrupted()


def end_interrupted() -> NoReturn:
    """End this process, and say that it was interrupted twice."""
    with suppress(OSError):
        os.write(2, b"conv-verify: interrupted twice, and ended at once\n")
    end_now(INTERRUPTED)
