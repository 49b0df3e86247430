"""A line every few seconds where no terminal shows what a command does, also while a case hangs."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread

from verify.checks.escaping import visible
from verify.checks.journal import journal
from verify.checks.outer import is_outside, once_inside
from verify.checks.streams import styled_error, styled_output
from verify.checks.ways import split_way

EVERY_S = 10.0
"""Seconds between two lines."""

_doing: list[Callable[[], str]] = []
"""What gives the phrase for what is being done, the current one last."""


@contextmanager
def doing(phrase: Callable[[], str]) -> Iterator[None]:
    """What lines say in the block that is being done."""
    _doing.append(phrase)
    try:
        yield
    finally:
        _doing.pop()


@contextmanager
def heartbeat(
    say: Callable[[str], object],
    noted: Callable[[], tuple[str, str]] = lambda: journal.noted(),  # noqa: PLW0108 - as it is then
    *,
    every_s: float = EVERY_S,
) -> Iterator[None]:
    """Say in the block, by a thread, what is being done, and at which case of which subject it is.

    `noted` are the subject and the word, empty where there are none.
    """
    ended = Event()

    def beat() -> None:
        before, times = ("", ""), 0
        while not ended.wait(every_s) and not is_outside():
            with suppress(Exception):  # it only says what goes on
                at = noted()
                times = times + 1 if at == before else 0
                before = at
                say(line_of(_doing[-1](), *at, seconds=times * every_s))

    def begin() -> None:
        Thread(target=beat, daemon=True).start()

    begin()
    try:
        with once_inside(begin):
            yield
    finally:
        ended.set()


def line_of(phrase: str, subject: str, word: str, *, seconds: float) -> str:
    """What is being done, and the case that it is at, with the time that it has been there at least."""
    long = f", for more than {seconds:.0f} s" if word and seconds else ""
    return f"… {with_case(phrase, subject, word)}{long}"


def with_case(phrase: str, subject: str, word: str) -> str:
    """What is being done, and the case of a subject that it is at, if any; the subject is named once."""
    if not word:
        return phrase
    is_named = split_way(subject.partition(" ")[0])[0] in phrase.split()[:1]
    return f"{phrase}, at {word}" if is_named else f"{phrase}, {subject} at {word}"


@contextmanager
def spoken(command: str, *, to_error: bool = False, every_s: float = EVERY_S) -> Iterator[None]:
    """A heartbeat, unless standard output is a terminal, which shows more.

    It is on standard output, or `to_error` where that is data.
    """
    try:
        is_terminal = sys.stdout.isatty()
    except (AttributeError, OSError, ValueError):  # it is closed
        yield
        return
    output = styled_error() if to_error else styled_output()  # pytest captures the originals
    with doing(lambda: command):
        if is_terminal:
            yield
        else:
            with heartbeat(lambda text: output.write(f"{visible(text)}\n"), every_s=every_s):
                yield
