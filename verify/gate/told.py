"""What a test of a gate found, as pytest prints it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from verify.reports.failing import message_lines

MARKUP: Mapping[str, Mapping[str, bool]] = MappingProxyType(
    {
        "failure": {"red": True, "bold": True},
        "wrong": {"red": True},
        "right": {"green": True},
        "heading": {"bold": True},
        "product": {"yellow": True},
    }
)
"""The styles of a message as those of pytest."""


class Told(str):
    """What a test of a gate found, which pytest prints in colours where it prints any."""

    __slots__ = ()

    def toterminal(self, writer: Any) -> None:
        for number, message in enumerate(self.split("\n\n")):
            if number:
                writer.line()
            for line in message_lines(message):
                for span in line:
                    writer.write(span.text, **MARKUP.get(span.style, {}))
                writer.line()
