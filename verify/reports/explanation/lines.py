"""Lines of styled text, 80 columns wide, and how numbers and sums are written in them."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterable
from typing import Literal, NamedTuple, TypeAlias

from verify.cases.operands import Array

Style = Literal["plain", "heading", "padding", "window", "filter", "product", "result"]

WIDTH = 80
LABEL = 9
PADDING = "·"
_ANSI = {"heading": "1", "padding": "90", "window": "36", "filter": "35", "product": "33", "result": "1;32"}


class Span(NamedTuple):
    """A piece of a line, and how it is shown."""

    text: str
    style: Style = "plain"


Line: TypeAlias = tuple[Span, ...]


def plain(lines: Iterable[Line]) -> str:
    """The lines without their styles."""
    return "\n".join("".join(span.text for span in line) for line in lines)


def coloured(lines: Iterable[Line]) -> str:
    """The lines with ANSI escapes, for a terminal."""
    return "\n".join("".join(map(_escaped, line)) for line in lines)


def _escaped(span: Span) -> str:
    return f"\x1b[{_ANSI[span.style]}m{span.text}\x1b[0m" if span.style in _ANSI else span.text


def entry(label: str, text: str, style: Style = "plain") -> list[Line]:
    """A label with its text beside it, wrapped."""
    first, *more = textwrap.wrap(text, WIDTH - LABEL)
    start = (Span(f"{label:<{LABEL}}", "heading"), Span(first, style))
    return [start, *((Span(" " * LABEL + each, style),) for each in more)]


def number(value: float, places: int = 6) -> str:
    """A whole number without a point; another with so many decimals, or few and an exponent.

    `nan`, `inf` and `-inf` as such.
    """
    if value % 1 == 0 and (isinstance(value, int) or abs(value) < 1e16):
        return str(int(value))
    return f"{value:.{places}f}" if 1e-3 <= abs(value) < 1e6 else f"{value:.{places - 3}e}"


def adding(terms: list[float], total: float) -> str:
    first, *others = map(number, terms)
    signed = [f" - {text[1:]}" if text[0] == "-" else f" + {text}" for text in others]
    return f"{first}{''.join(signed)} = {number(total)}" if others else first


def plural(count: int, noun: str) -> str:
    """The noun as it stands after a count: 1 batch, 2 batches."""
    return noun if count == 1 else noun + ("es" if noun.endswith("ch") else "s")


def sum_of(terms: Array) -> float:
    """The sum: an integer, or rounded once; as floats add up where a term is NaN or infinite."""
    numbers: list[float] = terms.ravel().tolist()
    if terms.dtype.kind == "i":
        return sum(numbers)
    lost = [each for each in numbers if not math.isfinite(each)]
    return sum(lost) if lost else math.fsum(numbers)
