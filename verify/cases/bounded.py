"""Arithmetic that can take neither long nor much memory, whatever it is asked."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

MOST = 1_000
"""Elements that a sequence may come to hold."""

LARGEST = 2**64
"""The magnitude that an integer may have."""

NUMBERS = (bool, int, float)
_SEQUENCES = (tuple, list, str)


def bounded(value: Any) -> Any:
    """A number that is none too large, and no complex one."""
    if isinstance(value, complex):
        raise TypeError("the result is a complex number")
    if isinstance(value, int) and not -LARGEST <= value <= LARGEST:
        raise OverflowError("an integer beyond 2**64")
    return value


def power(number: Any, exponent: Any) -> Any:
    if abs(exponent) > 64:
        raise OverflowError("a power beyond 64")
    return number**exponent


def added(one: Any, other: Any) -> Any:
    """The sum of two numbers, or two sequences of a kind joined."""
    if type(one) in NUMBERS and type(other) in NUMBERS:
        return bounded(one + other)
    if type(one) is not type(other) or not isinstance(one, _SEQUENCES):
        raise unsupported("+", one, other)
    if len(one) + len(other) > MOST:
        raise OverflowError(f"a sequence of more than {MOST:,} elements")
    return one + other


def total(values: Iterable[Any], start: Any = 0) -> Any:
    """As Python's `sum`."""
    result = start
    for value in values:
        result = added(result, value)
    return result


def elements(item: Any) -> int:
    """What an item holds, sequences in it included; a little more than MOST stands for all beyond."""
    parts, count = [item], 0
    while parts and count <= MOST:
        part = parts.pop()
        count += 1
        if isinstance(part, (tuple, list, set)):
            parts.extend(part)
    return count


def unsupported(sign: str, one: Any, other: Any) -> TypeError:
    types = f"{type(one).__name__!r} and {type(other).__name__!r}"
    return TypeError(f"unsupported operand type(s) for {sign}: {types}")
