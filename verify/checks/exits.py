"""A subject in this process cannot end it as if all were well: what it calls to end it is its verdict."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import wraps
from typing import Any, NoReturn

COULD_NOT_RUN = 2
"""The exit code of a process that ends before it has said its verdict."""


class Exited(BaseException):
    """Raised in a subject in place of what it called to end this process, or to become another program."""


class _Ending:
    """How this process may end: what gives the code that is said, and how many subjects are being asked.

    The code goes into a `pipe` where another process waits for it.
    """

    owner = 0
    said: Callable[[], int] | None = None
    pipe: int | None = None
    asking = 0


_ending = _Ending()


@contextmanager
def asking() -> Iterator[None]:
    """A subject is asked in the block: what it calls to end the process raises Exited.

    A copy of this process that it makes ends there, as it would judge, print and record, too.
    """
    here = os.getpid()
    _ending.asking += 1
    try:
        yield
    finally:
        _ending.asking -= 1
        if os.getpid() != here:
            os._exit(0)


def ending_of(code: int) -> str:
    """How a process ended, by its exit code, or by the signal that ended it, which is a negative one."""
    if code >= 0:
        return f"exited with code {code}"
    try:
        return f"was killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"was killed by signal {-code}"


def say(code: Callable[[], int]) -> None:
    """The verdict is said: what runs at the exit of this process cannot change its code."""
    _ending.said = code


def say_outside(code: int) -> None:
    """Tell the process that waits for this one, if one does, what the verdict is."""
    say(lambda: code)
    if _ending.pipe is not None:
        with suppress(OSError):  # a subject may have closed it
            os.write(_ending.pipe, bytes([code]))


def is_waited_for() -> bool:
    return _ending.pipe is not None


def speak_into(pipe: int) -> None:
    """Another process waits for what this one says into a pipe."""
    _ending.pipe = pipe


def end_now(code: int) -> NoReturn:
    """End this process with this code, which is said, and run nothing that waits for its exit."""
    say_outside(code)
    _really_exit(code)


_really_exit = os._exit


def keep_from_exiting() -> None:
    """Have what ends this process at once, or replaces it, ask here first; forks of it end as they like."""
    if _ending.owner == os.getpid():
        return
    _ending.owner = os.getpid()
    for module in (os, __import__(os.name)):
        for name in ("_exit", "execv", "execve"):
            setattr(module, name, _asked(getattr(module, name)))


def _asked(end: Callable[..., NoReturn]) -> Callable[..., NoReturn]:
    if hasattr(end, "__wrapped__"):  # by a process that this one was forked from
        return end

    @wraps(end)
    def asked(*arguments: Any, **named: Any) -> NoReturn:
        if _ending.owner == os.getpid():
            if _ending.asking:
                raise Exited(f"os.{end.__name__} was called, which ends the process")
            if end.__name__ == "_exit":
                code = arguments[0] if arguments else named.get("status")
                end((code or COULD_NOT_RUN) if _ending.said is None else _ending.said())
        end(*arguments, **named)

    return asked
