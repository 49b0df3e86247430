"""An answer's bits, written as the distance of each value from the correctly rounded one.

A distance counts the numbers of the dtype from one to the other, the two zeros as neighbours. With the
reference, which anyone can compute, such a text gives back every bit of the answer but those of NaNs.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from verify.cases.case import Array

NAN, NUMBER = "nan", "number"
"""A NaN where none is due, and a number where a NaN is due."""

BUCKETS = (0, 1, 2, 4, 8, 16, 64, 256)
"""Distances that a distribution counts up to, each from the one before."""

_TOKEN = re.compile(rf"(-?\d+|{NAN}|{NUMBER})(?:\*(\d+))?")


def spelled(got: Array, due: Array) -> str:
    """The distances of all values, in C order: `1 0*3 -2`; both arrays have one shape and dtype."""
    numbers = zip(_is_nan(got), _is_nan(due), ordinals(got), ordinals(due), strict=True)
    runs = ((token, len([*run])) for token, run in groupby(_token(*each) for each in numbers))
    return " ".join(token if count == 1 else f"{token}*{count}" for token, count in runs)


def distances(text: str) -> list[str]:
    """What `spelled` has written, one for each value. ValueError for what it cannot have written."""
    found: list[str] = []
    for part in text.split():
        match = _TOKEN.fullmatch(part)
        if match is None:
            raise ValueError(f"{part!r} is no distance")
        found += [match[1]] * int(match[2] or 1)
    return found


def answer_of(text: str, due: Array) -> Array:
    """The answer of which a text was spelled; a number where a NaN is due is 0."""
    pairs = zip(ordinals(due), distances(text), strict=True)
    places = [0 if each in (NAN, NUMBER) else int(place) + int(each) for place, each in pairs]
    answer = _numbers(np.array(places, np.int64), due.dtype)
    if due.dtype.kind != "i":
        answer[[each == NAN for each in distances(text)]] = np.nan
    return answer.reshape(due.shape)


def distribution(found: Iterable[str]) -> dict[str, int]:
    """How many values lie how far off: `0`, `1`, `2`, then `to 4`, `to 8` … and `more`; NaNs apart."""
    return dict(Counter(map(_bucket, found)))


def ordinals(values: Array) -> NDArray[np.int64]:
    """The place of each value among the numbers of its dtype: 0 for +0, and -1 for −0."""
    signed = np.frombuffer(values.tobytes(), f"i{values.dtype.itemsize}")
    return _mirrored(signed, values.dtype).astype(np.int64)


def _numbers(places: NDArray[np.int64], dtype: np.dtype[Any]) -> Array:
    """The values that have these places."""
    return _mirrored(places.astype(f"i{dtype.itemsize}"), dtype).view(dtype)


def _mirrored(signed: Array, dtype: np.dtype[Any]) -> Array:
    """The bits of floating-point numbers put in their order, or back, as both are the same step."""
    if dtype.kind == "i":
        return signed
    return np.where(signed < 0, np.iinfo(signed.dtype).min - signed - 1, signed)


def _is_nan(values: Array) -> Array:
    with np.errstate(invalid="ignore"):  # of a signalling NaN
        return np.asarray(values != values).ravel()


def _token(is_nan: np.bool_, nan_is_due: np.bool_, place: np.int64, wanted: np.int64) -> str:
    if is_nan or nan_is_due:
        return "0" if is_nan and nan_is_due else NAN if is_nan else NUMBER
    return str(int(place) - int(wanted))


def _bucket(distance: str) -> str:
    if distance in (NAN, NUMBER):
        return distance
    size = abs(int(distance))
    limit = next((each for each in BUCKETS if size <= each), None)
    if limit is None:
        return "more"
    return str(limit) if limit <= 2 else f"to {limit}"
