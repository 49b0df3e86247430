"""Whether what is printed has colours: as is asked for, as the environment says, or as a terminal has."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Literal

When = Literal["auto", "always", "never"]

_asked: ContextVar[When] = ContextVar("asked", default="auto")


@contextmanager
def coloured(when: When) -> Iterator[None]:
    """What is asked for in the block."""
    token = _asked.set(when)
    try:
        yield
    finally:
        _asked.reset(token)


def has_colours(*, is_terminal: bool) -> bool:
    """Whether a stream has colours: what is asked for wins, then NO_COLOR, then FORCE_COLOR, as in pytest."""
    when = _asked.get()
    if when != "auto":
        return when == "always"
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or (is_terminal and os.environ.get("TERM") != "dumb")
