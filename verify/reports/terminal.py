"""The terminal as a console of rich."""

from __future__ import annotations

import os
import sys

from rich.console import Console
from rich.markdown import Markdown


class Terminal(Console):
    """A console on the original standard output, as pytest captures it during a run."""

    def __init__(self) -> None:
        copy = os.dup(sys.stdout.fileno())  # open until the process ends
        super().__init__(file=os.fdopen(copy, "w", encoding=sys.stdout.encoding, closefd=False))

    def on_broken_pipe(self) -> None:
        """Continue silently if the output is no longer read, so that the exit code is still right."""
        self.quiet = True
        os.dup2(os.open(os.devnull, os.O_WRONLY), self.file.fileno())

    def say(self, text: str) -> None:
        """Print a text unchanged, so that a line of it can be pasted."""
        self.print(text, highlight=False, markup=False, soft_wrap=True)

    def show(self, text: str) -> None:
        """Print a text in Markdown, as it is to be read."""
        self.print(Markdown(text))
