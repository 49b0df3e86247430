"""Lines of styled text, 80 columns wide, and how numbers and sums are written in them."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from typing import Literal, NamedTuple, TypeAlias

Style = Literal[
    "plain", "heading", "padding", "window", "filter", "product", "result", "failure", "wrong", "right"
]

WIDTH = 80
LABEL = 9
PADDING_SIGN = "·"
_ANSI = {
    "heading": "1",
    "padding": "90",
    "window": "36",
    "filter": "35",
    "product": "33",
    "result": "1;32",
} | {"failure": "1;31", "wrong": "31", "right": "32"}


class Span(NamedTuple):
    """A piece of a line, and how it is shown."""

    text: str
    style: Style = "plain"


Line: TypeAlias = tuple[Span, ...]


def plain_text(lines: Iterable[Line]) -> str:
    """The lines without their styles."""
    return "\n".join("".join(span.text for span in line) for line in lines)


def coloured(lines: Iterable[Line]) -> str:
    """The lines with ANSI escapes, for a terminal."""
    return "\n".join("".join(map(_escaped, line)) for line in lines)


def _escaped(span: Span) -> str:
    return f"\x1b[{_ANSI[span.style]}m{span.text}\x1b[0m" if span.style in _ANSI else span.text


def entry(label: str, *texts: str, style: Style = "plain") -> list[Line]:
    """A label with texts beside it, one below the other, each wrapped."""
    lines: list[Line] = []
    for text in texts:
        first, *more = textwrap.wrap(text, WIDTH - LABEL)
        lines.append((Span(f"{label:<{LABEL}}", "heading"), Span(first, style)))
        lines += [(Span(" " * LABEL + rest, style),) for rest in more]
        label = ""
    return lines


def pairs_of(lines: Iterable[Line]) -> list[tuple[str, str]]:
    """Labels with their texts; what was wrapped is one text again."""
    pairs: list[tuple[str, str]] = []
    for label, *rest in lines:
        text = "".join(span.text for span in rest)
        if rest:
            pairs.append((label.text.strip(), text))
        else:
            name, before = pairs.pop()
            pairs.append((name, f"{before} {label.text.strip()}"))
    return pairs


def number_text(value: float, places: int = 6) -> str:
    """A number: a whole one without a point, others with `places` decimals or with an exponent.

    Others are `nan`, `inf` and `-inf`.
    """
    if value % 1 == 0 and (isinstance(value, int) or abs(value) < 1e16):
        return str(int(value))
    return f"{value:.{places}f}" if 1e-3 <= abs(value) < 1e6 else f"{value:.{places - 3}e}"


def addition(terms: list[float], total: float) -> str:
    first, *others = map(number_text, terms)
    signed = [f" - {text[1:]}" if text[0] == "-" else f" + {text}" for text in others]
    return f"{first}{''.join(signed)} = {number_text(total)}" if others else first
