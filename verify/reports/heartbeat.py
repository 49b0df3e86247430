"""A line every few seconds where no terminal shows what a command does, also while a case hangs."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from threading import Event, Thread
from typing import NamedTuple

from verify.checks.escaping import visible
from verify.checks.journal import journal
from verify.checks.outer import is_outside, once_inside
from verify.checks.streams import styled_error
from verify.checks.ways import split_way

EVERY_S = 10.0
"""Seconds between two lines."""

Noted = tuple[str, str]
"""A subject, or what is asked of it, and the word that it is at, as a journal has them; "" for none."""


class _Doing(NamedTuple):
    """What gives the phrase for what is being done, and the cases that it is at."""

    phrase: Callable[[], str]
    at: Callable[[], Sequence[Noted]]


_doing: list[_Doing] = []
"""What is being done, the current one last."""


@contextmanager
def doing(phrase: Callable[[], str], at: Callable[[], Sequence[Noted]] | None = None) -> Iterator[None]:
    """What lines say in the block that is being done, and at which cases; the journal's if none are given."""
    _doing.append(_Doing(phrase, at or (lambda: [journal.noted()])))
    try:
        yield
    finally:
        _doing.pop()


@contextmanager
def heartbeat(say: Callable[[str], object], *, every_s: float | None = None) -> Iterator[None]:
    """Say in the block, by a thread, what is being done, at which cases, and how long it has been there.

    It is said every 10 s unless another number is given.
    """
    ended, pause_s = Event(), every_s or EVERY_S

    def beat() -> None:
        times: Mapping[Noted, int] = {}
        while not ended.wait(pause_s) and not is_outside():
            with suppress(Exception):  # it only says what goes on
                current = _doing[-1]
                times = {at: times.get(at, -1) + 1 for at in current.at()}
                say(line_of(current.phrase(), {at: count * pause_s for at, count in times.items()}))

    def begin() -> None:
        Thread(target=beat, daemon=True).start()

    begin()
    try:
        with once_inside(begin):
            yield
    finally:
        ended.set()


def line_of(phrase: str, cases: Mapping[Noted, float]) -> str:
    """What is being done, and the cases that it is at, each with the least seconds that it has been there."""
    line, separator = f"… {phrase}", ", "
    for (subject, word), seconds in cases.items():
        if word:
            line += separator + _case(phrase, subject, word, seconds)
            separator = "; "
    return line


def _case(phrase: str, subject: str, word: str, seconds: float) -> str:
    """The case of a subject, which is named once; a case may last."""
    named = phrase.partition(" ")[0].removesuffix(":")
    is_named = split_way(subject.partition(" ")[0])[0] == named
    long = f", for more than {seconds:.0f} s" if seconds else ""
    return f"{'' if is_named else f'{subject} '}at {word}{long}"


@contextmanager
def spoken(command: str, *, every_s: float | None = None) -> Iterator[None]:
    """A heartbeat on standard error, unless standard output is a terminal, which shows more."""
    try:
        is_terminal = sys.stdout.isatty()
    except (AttributeError, OSError, ValueError):  # it is closed
        yield
        return
    output = styled_error()  # pytest captures the original
    with doing(lambda: command):
        if is_terminal:
            yield
        else:
            with heartbeat(lambda text: output.write(f"{visible(text)}\n"), every_s=every_s):
                yield
