"""How far two answers lie apart, and which is nearer to the reference, in words."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from verify.runs.behaviour.comparison import differences
from verify.runs.behaviour.nearness import difference_lines, nearer_phrase
from verify.runs.behaviour.record import Behaviour, Response
from verify.runs.behaviour.ulps import most_ulps
from verify.subjects.protocol import bytes_of

WORD = "conv_i2_k1_valid_ones"


def behaviour(values: list[float], error: float) -> Behaviour:
    bits = b64encode(bytes_of(np.array(values, np.float32).reshape(1, 2, 1))).decode()
    return Behaviour({WORD: Response("answered", bits, error)}, {}, {})


def lines(first: tuple[list[float], float], second: tuple[list[float], float]) -> list[str]:
    (change,) = differences(behaviour(*first), behaviour(*second))
    return difference_lines(change, ("A", "B"), "again")


def test_a_difference_says_how_far_and_which_is_nearer() -> None:
    above = float(np.nextafter(np.float32(2), np.float32(3)))
    assert lines(([1, 2], 0.25), ([1, above], 0.5)) == [
        WORD,
        "  differ   1 of 2 values, by at most 1 ulp; first at (0, 1, 0): A 2.0, B 2.0000002",
        "  bound    A 0.25 of the bound, B 0.5 of the bound: A is nearer",
        "  replay   again",
    ]


def test_an_exact_answer_is_nearer_than_one_beyond_a_bound_of_zero() -> None:
    assert lines(([1, 2], float("inf")), ([1, 3], 0.0))[2] == (
        "  bound    A beyond a bound of 0, B 0 of the bound: B is nearer"
    )


def test_equal_errors_are_said_to_be() -> None:
    assert lines(([1, 2], 0.5), ([1, 3], 0.5))[2].endswith(": neither is nearer")


def test_a_number_on_one_side_alone_is_said() -> None:
    assert "some of which are a number on one side alone" in lines(([1, 2], 0.0), ([1, np.nan], 1.0))[1]


def test_one_without_an_answer_is_shown_as_what_it_is() -> None:
    before, after = behaviour([1, 2], 0.0), Behaviour({WORD: Response("declined")}, {}, {})
    (change,) = differences(before, after)
    assert difference_lines(change, ("A", "B"), "again") == [
        WORD,
        "  differ   A answered, B declined",
        "  replay   again",
    ]
    assert nearer_phrase([change], ("A", "B")) == ""


@pytest.mark.parametrize(
    ("dtype", "first", "second", "ulps"),
    [
        (np.float32, 1.0, np.nextafter(np.float32(1), np.float32(2)), 1),
        (np.float32, -0.0, 0.0, 0),
        (np.float64, -5e-324, 5e-324, 2),
        (np.float16, 1.0, 2.0, 1024),
        (ml_dtypes.bfloat16, 1.0, 2.0, 128),
        (np.int32, -(2**31), 2**31 - 1, 2**32 - 1),
    ],
)
def test_distances_count_the_numbers_between(dtype: Any, first: Any, second: Any, ulps: int) -> None:
    assert most_ulps(np.array([first], dtype), np.array([second], dtype)) == ulps


@given(st.floats(allow_nan=False, allow_infinity=False, width=32))
def test_a_number_and_the_next_are_one_apart(number: float) -> None:
    value = np.array([number], np.float32)
    with np.errstate(over="ignore"):
        following = np.nextafter(value, np.float32(np.inf))
    assert most_ulps(value, following) == (1 if np.isfinite(following).all() else None)
