"""Text from outside as it is shown: what would act on a terminal or on a log of CI is written by its code."""

from __future__ import annotations

import re

_HIDDEN = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f"  # control characters but the newline
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # what turns the direction of reading
    "\u2028\u2029\ud800-\udfff]"  # other ends of lines; halves of characters, which no encoding has
)

_STYLE = r"\x1b\[[0-9;?]*[A-Za-z]"

_COMMAND = re.compile(rf"(?m)(^(?:[^\S\n]|{_STYLE})*:):|(##\w{{0,20}})\[")
"""What begins a command in a log: `::` at the start of a line on GitHub, `##[` and `##vso[` anywhere."""


def shown(text: str, before: str = "") -> str:
    r"""A text of which nothing acts: what would is written as Python writes it, such as `\x1b`.

    That are control characters but the newline, what turns the direction of reading, halves of characters,
    and commands to a log; `before` is what stands before it in its line.
    """
    return inert(visible(text), before)


def visible(text: str) -> str:
    """A text without hidden characters: each of them by its code."""
    return _HIDDEN.sub(lambda hidden: ascii(hidden[0])[1:-1], text)


def inert(text: str, before: str = "") -> str:
    """A text without commands to a log, which may have styles of our own."""
    line = before + text
    return _COMMAND.sub(_broken, line)[len(before) :] if "::" in line or "##" in line else text


def line_of(text: str, most: int) -> str:
    """A text as a line of a record: what cannot be printed is escaped, and what is too long is cut."""
    return "".join(each if each.isprintable() else repr(each)[1:-1] for each in text)[:most]


def _broken(command: re.Match[str]) -> str:
    """A command whose last character is a code, so that it is none."""
    return rf"{command[1]}\x3a" if command[1] else rf"{command[2]}\x5b"
