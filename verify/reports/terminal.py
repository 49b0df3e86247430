"""The terminal as a console of rich."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any, Literal

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from verify.checks.escaping import visible
from verify.checks.streams import Out, styled_output
from verify.reports.colour import has_colours


class Plain(Console):
    """A console that shows every text as it is: it reads no markup, and hidden characters are seen."""

    def __init__(self, **options: Any) -> None:
        super().__init__(markup=False, emoji=False, highlight=False, **options)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        for segment in super().render(renderable, options):
            yield segment if segment.control else segment._replace(text=visible(segment.text))


class Terminal(Plain):
    """A console on the original standard output, as pytest captures it during a run.

    Its colours are those that are asked for; lines that change are for a terminal alone.
    """

    def __init__(self) -> None:
        output = styled_output()
        is_terminal = output.isatty()
        colours: Literal["auto", "standard"] | None = None
        if has_colours(is_terminal=is_terminal):
            colours = "auto" if is_terminal and os.environ.get("TERM") != "dumb" else "standard"
        super().__init__(file=output, force_terminal=is_terminal, no_color=False, color_system=colours)

    def say(self, text: str) -> None:
        """Print a text unchanged, so that a line of it can be pasted."""
        self.print(text, soft_wrap=True)

    def command(self, line: str) -> None:
        """Print a command to a log of CI, which nothing but this begins."""
        assert isinstance(self.file, Out)
        self.file.command(line)

    def show(self, text: str) -> None:
        """Print a text in Markdown, as it is to be read."""
        from rich.markdown import Markdown  # which takes as long to import as all else that a replay needs

        self.print(Markdown(text))
