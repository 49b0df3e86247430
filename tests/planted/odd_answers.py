"""Subjects whose answers are arrays, but not of numbers, or not as they should be."""

from __future__ import annotations

from itertools import count

import numpy as np

from tests.planted.convolutions import answer
from verify import Case, Declined
from verify.cases.operands import Array

_CALLS = count()


class Own(np.ndarray):
    """An array of one's own class."""


def objects(case: Case) -> Array:
    """Another one each time."""
    y = np.empty(case.output_shape, object)
    y.fill(object())
    return y


def structs(case: Case) -> Array:
    return np.zeros(case.output_shape, [("value", "f4"), ("error", "f4")])


def structs_of_objects(case: Case) -> Array:
    return np.zeros(case.output_shape, [("value", "f4"), ("unit", "O")])


def records(case: Case) -> Array:
    return structs(case).view(np.recarray)


def words(case: Case) -> Array:
    return np.full(case.output_shape, f"word {next(_CALLS) % 7}")


def new_words(case: Case) -> Array:
    return np.full(case.output_shape, "one", np.dtypes.StringDType())


def bytes_(case: Case) -> Array:
    return np.full(case.output_shape, b"one")


def dates(case: Case) -> Array:
    return np.zeros(case.output_shape, "M8[ns]")


def spans(case: Case) -> Array:
    return np.zeros(case.output_shape, "m8[D]")


def complex_(case: Case) -> Array:
    """Of another imaginary part each time."""
    return answer(case).astype(np.complex64) + 1j * next(_CALLS)


def masked(case: Case) -> Array:
    return np.ma.masked_array(answer(case), mask=True)


def of_a_subclass(case: Case) -> Array:
    return answer(case).view(Own)


def far_too_many(case: Case) -> Array:
    return np.zeros((1000, 1000), np.float64)


def without_end(case: Case) -> Array:
    """One number, spread over more than any memory has."""
    return np.broadcast_to(np.float64(1), (2**31, 2**31))


def at_length(case: Case) -> Array:
    raise Declined("no kernel, \U0001f600 " * 10_000)
