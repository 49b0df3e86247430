"""What a subject leaves running: threads and processes, which cannot keep this process from ending."""

from __future__ import annotations

import atexit
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Thread
from types import FrameType
from typing import Any

from verify.checks.exits import COULD_NOT_RUN, end_now

LEFT_S = 1.0
"""Seconds that what is left running has to end by itself, once all else is done."""

AT_EXIT_S = 5.0
"""Seconds that what is registered to run at exit may then take."""

STEP_S = 0.05
"""Seconds between two looks whether the process is ending."""


class _Leftovers:
    """What was left running while subjects were asked, and what the process ends with."""

    threads: set[Thread] = set()  # noqa: RUF012 - there is one process
    children: set[Any] = set()  # noqa: RUF012
    code: Callable[[], int] | None = None


@contextmanager
def noting_leftovers() -> Iterator[None]:
    """Note what runs at the end of the block that did not at its start."""
    before = {*_threads()}, {*_children()}
    try:
        yield
    finally:
        _Leftovers.threads |= {*_threads()} - before[0]
        _Leftovers.children |= {*_children()} - before[1]


def note_all() -> None:
    """Note all that runs, where nothing but subjects can have started it."""
    _Leftovers.threads |= {*_threads()}
    _Leftovers.children |= {*_children()}


def end_in_spite_of_leftovers(code: Callable[[], int]) -> None:
    """Have the process end with a code, as soon as it is ending, though what was noted may still run.

    What is registered to run at exit does. The last code counts. Where nothing runs, nothing is changed.
    """
    is_first, _Leftovers.code = _Leftovers.code is None, code
    if is_first and _left():
        Thread(target=_see_to_the_end, name="the end of conv-verify", daemon=True).start()
    elif is_first:
        _Leftovers.code = None


def _see_to_the_end() -> None:
    """Wait until Python ends, give what is left its time, and end the process."""
    while not _is_ending():
        time.sleep(STEP_S)
    end = time.monotonic() + LEFT_S
    while (left := _left()) and time.monotonic() < end:
        time.sleep(STEP_S)
    for child in _Leftovers.children:
        with suppress(Exception):
            child.kill()  # by which what waits for it at exit goes on
    if not any(isinstance(each, Thread) for each in left):
        return
    several = "s were" if len(left) > 1 else " was"
    said = (
        f"conv-verify: {len(left)} thread{several} still running that a subject started; the process ends\n"
    )
    with suppress(OSError):
        os.write(2, said.encode())
    last = Thread(target=atexit._run_exitfuncs, daemon=True)  # noqa: SLF001 - nothing public runs them
    with suppress(RuntimeError):
        last.start()
        last.join(AT_EXIT_S)
    for stream in (sys.stdout, sys.stderr):
        with suppress(Exception):
            stream.flush()
    end_now(_Leftovers.code() if _Leftovers.code else COULD_NOT_RUN)


def _left() -> list[Any]:
    """What was noted and still runs."""
    threads = [thread for thread in _Leftovers.threads if thread.is_alive()]
    return [*threads, *(child for child in _Leftovers.children if child.is_alive())]


def _threads() -> list[Thread]:
    """The threads that Python waits for before it ends."""
    main = threading.main_thread()
    return [thread for thread in threading.enumerate() if not thread.daemon and thread is not main]


def _children() -> list[Any]:
    """The processes that `multiprocessing` waits for before Python ends, if it was imported."""
    library = sys.modules.get("multiprocessing")
    return [child for child in library.active_children() if not child.daemon] if library else []


def _is_ending() -> bool:
    """Whether the main thread has done all that it was to do."""
    main = threading.main_thread()
    return not main.is_alive() or _is_in_shutdown(sys._current_frames().get(main.ident or 0))  # noqa: SLF001


def _is_in_shutdown(frame: FrameType | None) -> bool:
    """Whether Python waits there for threads to end, or runs what is registered for its exit."""
    last = getattr(threading, "_shutdown", None)
    while frame is not None:
        if last is not None and frame.f_code is last.__code__:
            return True
        frame = frame.f_back
    return False
