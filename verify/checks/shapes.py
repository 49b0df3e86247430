"""The shapes of data: what takes a value that a file may have, and refuses any other in one sentence."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from reprlib import Repr
from types import MappingProxyType
from typing import Any, TypeAlias

from verify.checks.reading import DataError

Takes: TypeAlias = Callable[[Any], Any]
"""Gives back a value that it takes; raises DataError, "… is not …", for another."""

LARGEST = 10**12
"""The largest count, and the longest time in seconds."""

_SHORT = Repr()
_SHORT.maxstring = _SHORT.maxother = _SHORT.maxlong = 60
_SHORT.maxlevel = 2


def refused(value: Any, expected: str) -> DataError:
    return DataError(f"{_SHORT.repr(value)} is not {expected}")


def text(most: int = 2**20, *, is_line: bool = False, is_empty: bool = True) -> Takes:
    """A text; one that is a line has no control characters."""
    what = "a text" if not is_line else f"a line of at most {most:,} characters"

    def taken(value: Any) -> Any:
        if not isinstance(value, str) or len(value) > most or not (value or is_empty):
            raise refused(value, what)
        if is_line and not value.isprintable():
            raise refused(value, what)
        return value

    return taken


def one_of(words: Collection[Any]) -> Takes:
    """A word of a vocabulary, or a number of it."""

    def taken(value: Any) -> Any:
        if isinstance(value, bool | list | dict) or value not in words:
            raise refused(value, f"one of {', '.join(repr(word) for word in words)}")
        return value

    return taken


def whole(least: int = 0, most: int = LARGEST) -> Takes:
    """A whole number."""

    def taken(value: Any) -> Any:
        if type(value) is not int or not least <= value <= most:
            raise refused(value, f"a whole number from {least:,} to {most:,}")
        return value

    return taken


def number(least: float = 0.0, most: float = LARGEST, *, words: Collection[str] = ()) -> Takes:
    """A number, or one of the words for those that JSON lacks."""

    def taken(value: Any) -> Any:
        if isinstance(value, str) and value in words:
            return value
        if type(value) not in (int, float) or not least <= value <= most:
            named = "".join(f", or {word!r}" for word in words)
            raise refused(value, f"a number from {least:g} to {most:g}{named}")
        return value

    return taken


def any_number(value: Any) -> Any:
    """A number, one that JSON lacks too, or the word for it."""
    if type(value) not in (int, float) and value not in ("inf", "-inf", "nan"):
        raise refused(value, "a number")
    return value


def flag(value: Any) -> Any:
    if not isinstance(value, bool):
        raise refused(value, "true or false")
    return value


def list_of(takes: Takes, *, most: int = 100_000) -> Takes:
    def taken(value: Any) -> Any:
        if not isinstance(value, list) or len(value) > most:
            raise refused(value, "a list")
        for part in value:
            takes(part)
        return value

    return taken


def map_of(takes: Takes, *, keys: Takes | None = None) -> Takes:
    """An object of any keys, whose values are all alike."""

    def taken(value: Any) -> Any:
        if not isinstance(value, dict):
            raise refused(value, "an object")
        for key, part in value.items():
            if keys is not None:
                keys(key)
            takes(part)
        return value

    return taken


def nullable(takes: Takes) -> Takes:
    return lambda value: None if value is None else takes(value)


def fields(
    needed: Mapping[str, Takes],
    other: Mapping[str, Takes] = MappingProxyType({}),
    *,
    is_closed: bool = False,
) -> Takes:
    """An object that has what is needed and may have the other keys; a closed one has none besides."""

    def taken(value: Any) -> Any:
        if not isinstance(value, dict):
            raise refused(value, "an object")
        for key, takes in needed.items():
            if key not in value:
                raise DataError(f"it has no {key!r}")
            _take(takes, key, value[key])
        for key, takes in other.items():
            if key in value:
                _take(takes, key, value[key])
        if is_closed and (strange := [key for key in value if key not in needed and key not in other]):
            raise DataError(f"it has {_SHORT.repr(strange[0])}, which is none of its keys")
        return value

    return taken


def _take(takes: Takes, key: str, value: Any) -> None:
    try:
        takes(value)
    except DataError as wrong:
        raise DataError(f"{key}: {wrong}") from None
