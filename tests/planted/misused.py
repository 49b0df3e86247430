"""What is given for a subject and is none: each is wrong in how it is written, not in what it computes."""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from functools import partial, wraps
from typing import Any

from tests.planted.convolutions import answer
from verify import Case, Declined
from verify.cases.operands import Array
from verify.checks.subject import NotAsked


def right(case: Case) -> Array:
    return answer(case)


def takes_nothing() -> Array:
    raise AssertionError


def takes_operands(x: Array, w: Array) -> Array:
    raise AssertionError


def takes_a_name(*, case: Case) -> Array:
    raise AssertionError


class Convolution:
    def __call__(self, case: Case) -> Array:
        return answer(case)

    def forward(self, case: Case) -> Array:
        return answer(case)


class Asynchronous:
    async def __call__(self, case: Case) -> Array:
        return answer(case)


class Inherits(Asynchronous):
    """Asynchronous as its base is."""


instance = Convolution()
asynchronous = Inherits()


async def awaited(case: Case) -> Array:
    return answer(case)


def yields(case: Case) -> Iterator[Array]:
    yield answer(case)


async def yields_and_awaits(case: Case) -> AsyncIterator[Array]:
    yield answer(case)


def hides_a_coroutine(case: Case) -> Coroutine[Any, Any, Array]:
    return awaited(case)


def hides_a_generator(case: Case) -> Iterator[Array]:
    return yields(case)


def returns_declined(case: Case) -> Declined:
    return Declined("not today")


def returns_the_class(case: Case) -> type[Declined]:
    return Declined


def declines_two_axes(case: Case) -> Array | Declined:
    """Right where it is tried."""
    return Declined("two axes") if case.rank == 2 else answer(case)


@wraps(takes_operands)
def stands_in(case: Case) -> Array:
    return answer(case)


def with_defaults(case: Case, scale: int = 1, *more: int, **others: int) -> Array:
    return answer(case)


def _scaled(scale: int, case: Case) -> Array:
    return answer(case)


prepared = partial(_scaled, 1)


def raises(case: Case) -> Array:
    raise TypeError("what it computes is wrong")


def leaves(case: Case) -> Array:
    raise SystemExit(3)


def aborts(case: Case) -> Array:
    os.abort()


def hangs(case: Case) -> Array:
    while True:
        time.sleep(1)


class _Ways:
    def __init__(self, **ways: Callable[[Case], Any]) -> None:
        self.ways = ways

    def __call__(self, case: Case) -> Array:
        raise AssertionError("a case is put to a way")


one_way_returns_declined = _Ways(eager=right, compiled=returns_declined)
one_way_is_a_coroutine = _Ways(eager=right, compiled=awaited)


def cannot_be_asked(case: Case) -> Array:
    """As one in a worker, where none can be started any more."""
    raise NotAsked("no worker of 'it' can be started: it cannot be forked: Resource temporarily unavailable")
