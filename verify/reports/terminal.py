"""The terminal, written to as rich writes to it."""

from __future__ import annotations

import os
import sys

from rich.console import Console


class TerminalConsole(Console):
    """A console on the standard output that a run began with, which pytest captures meanwhile."""

    def __init__(self) -> None:
        super().__init__(file=os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding=sys.stdout.encoding))

    def on_broken_pipe(self) -> None:
        """Go on in silence where the reader has gone, so that the exit code is still right."""
        self.quiet = True
        os.dup2(os.open(os.devnull, os.O_WRONLY), self.file.fileno())

    def say(self, text: str) -> None:
        """Print a text as it is, so that a line of it can be pasted."""
        self.print(text, highlight=False, markup=False, soft_wrap=True)
