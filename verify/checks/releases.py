"""Ranges of releases, such as "2.21" and ">=2.20,<2.22", and whether a version is in one."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable
from itertools import zip_longest
from typing import Any

_PART = re.compile(r"(>=|<=|==|!=|<|>|)\s*(\d+(?:\.\d+)*)")
_RELEASE = re.compile(r"\d+(?:\.\d+)*")
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
}


def require_range(text: str) -> None:
    """Raise ValueError, one sentence, for a text that covers no releases."""
    _parts(text)


def seen_in(versions: Iterable[str], version: str | None) -> bool:
    """Whether a version is among those listed; any is where none is listed, or where it is unknown."""
    listed = tuple(versions)
    return not listed or version is None or any(covers(text, version) for text in listed)


def covers(text: str, version: str) -> bool:
    """Whether a range covers a version: 2.21 covers any 2.21.x, and all parts must hold.

    A pre-release counts as its release: neither 2.22.0 nor 2.22.0rc1 is below 2.22.
    """
    return all(_holds(how, bound, version) for how, bound in _parts(text))


def _parts(text: str) -> list[tuple[str, str]]:
    parts = [_PART.fullmatch(part.strip()) for part in text.split(",")]
    if not all(parts):
        raise ValueError(f"{text!r} is no range of versions, such as '2.21' or '>=2.20,<2.22'")
    return [(part[1], part[2]) for part in parts if part]


def _holds(how: str, bound: str, version: str) -> bool:
    if not how:
        return f"{version}.".startswith(f"{bound}.")
    numbers = _RELEASE.match(version)
    if numbers is None:
        return False
    pairs = zip_longest(map(int, numbers.group().split(".")), map(int, bound.split(".")), fillvalue=0)
    return _COMPARE[how](*zip(*pairs, strict=True))
