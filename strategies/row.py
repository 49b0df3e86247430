"""A row of bytes that decides a case: every decision has a place of its own, and 0 is the simplest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

Value = TypeVar("Value")


class Row:
    """Bytes that are read one after another, each of which chooses one of some options."""

    def __init__(self, row: bytes) -> None:
        self._row = row
        self._next = 0

    def of(self, options: Sequence[Value]) -> Value:
        """The option that the next byte chooses; the first is the simplest."""
        return options[self.byte() % len(options)]

    def byte(self) -> int:
        self._next += 1
        return self._row[self._next - 1]


def decided(length: int, decide: Callable[[Row], Value]) -> SearchStrategy[Value]:
    """What a row of so many bytes decides.

    One draw decides everything, so that Hypothesis shrinks each decision alone, whatever became of the
    others, and varies all of them at once: cases that are made of one another's parts show little that is
    new. Shrinks towards a row of zeros.
    """
    return st.binary(min_size=length, max_size=length).map(lambda row: decide(Row(row)))
