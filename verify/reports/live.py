"""What goes on in a block, shown on a terminal as it changes, or off one in the lines that are said of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.live import Live
from rich.text import Text

from verify.reports.heartbeat import Noted, doing


@contextmanager
def going_on(
    console: Console,
    phrase: Callable[[], str],
    *,
    at: Callable[[], Sequence[Noted]] | None = None,
    lines: Callable[[], str] | None = None,
) -> Iterator[None]:
    """Show in the block the phrase for what goes on; a terminal shows `lines` in its place, if any are given.

    `at` are the cases that it is at, where these are not those of the journal.
    """
    text = lines or phrase
    live = Live(get_renderable=lambda: Text(text()), console=console, transient=True)
    with live if console.is_terminal else doing(phrase, at):
        yield
