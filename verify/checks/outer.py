"""An outer process, which ends as the command in it says: with 2 where that ends without its verdict."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import ClassVar, NoReturn

from verify.checks.escaping import shown
from verify.checks.exits import COULD_NOT_RUN, end_now, ending_of, is_waited_for, speak_into
from verify.checks.interrupts import end_interrupted
from verify.checks.journal import left_by
from verify.checks.parent import end_with_the_parent

PATIENCE_S = 2.0
"""Seconds after a second Ctrl-C until a process is killed that does not end by itself."""

_WATCHED = (signal.SIGCHLD, signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)

_KERNEL = 0x80
"""`si_code` of a signal of the terminal, which goes to all processes there; others are handed on."""


class _Command:
    """Whether this process is that of a command alone, which may be forked, or the one outside, that waits.

    What is in `begin` is done once in the process inside, which has no thread of this one.
    """

    is_alone = False
    is_outside = False
    begin: ClassVar[list[Callable[[], object]]] = []


def allow() -> None:
    """This process is a command's alone, and may be forked."""
    _Command.is_alone = True


def is_outside() -> bool:
    """Whether this process only waits for the one that does its work."""
    return _Command.is_outside


@contextmanager
def once_inside(begin: Callable[[], object]) -> Iterator[None]:
    """Where this process goes on inside another in the block, do this there."""
    _Command.begin.append(begin)
    try:
        yield
    finally:
        _Command.begin.remove(begin)


def go_on_inside() -> None:
    """Go on in a process that another waits for, where that is allowed and there is none yet.

    A subject in this process may end it in any way: what stays outside says so, and where.
    """
    if not _Command.is_alone or is_waited_for() or sys.platform != "linux":
        return
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, OSError, ValueError):
            stream.flush()
    reading, writing = os.pipe()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _WATCHED)
    inside = os.fork()
    if inside:
        _Command.is_outside = True
        os.close(writing)
        _wait_for(inside, reading)
    os.close(reading)
    signal.pthread_sigmask(signal.SIG_SETMASK, before)
    end_with_the_parent()
    speak_into(writing)
    for begin in _Command.begin:
        begin()


def _wait_for(inside: int, verdict: int) -> NoReturn:
    """Wait for the process inside, hand on what signals come, and end as it said."""
    interrupted = 0
    kill_at = float("inf")
    while True:
        pid, status = os.waitpid(inside, os.WNOHANG)
        if pid:
            break
        if time.monotonic() >= kill_at:
            os.kill(inside, signal.SIGKILL)
            kill_at = float("inf")
        left_s = max(0.0, kill_at - time.monotonic())
        signalled = signal.sigtimedwait(_WATCHED, min(left_s, 3600.0))
        if signalled is None or signalled.si_signo == signal.SIGCHLD:
            continue
        if signalled.si_code != _KERNEL:
            os.kill(inside, signalled.si_signo)
        if signalled.si_signo == signal.SIGINT:
            interrupted += 1
            kill_at = time.monotonic() + PATIENCE_S if interrupted > 1 else kill_at
    os.set_blocking(verdict, False)
    with suppress(BlockingIOError):
        if said := os.read(verdict, 1):
            end_now(said[0])
    if interrupted > 1:
        end_interrupted()
    with suppress(OSError):
        os.write(2, shown(f"conv-verify: {_without_verdict(inside, status)}\n").encode(errors="replace"))
    end_now(COULD_NOT_RUN)


def _without_verdict(inside: int, status: int) -> str:
    """How a process ended that said no verdict, and at which case, in one sentence."""
    how = ending_of(os.waitstatus_to_exitcode(status))
    subject, word = left_by(inside)
    where = f" when {subject} was at {word}" if word else ""
    return (
        f"the process {how}{where} before the verdict was said, so that nothing is proved; "
        "without --no-isolate such an end is judged like any other disagreement"
    )
