"""Subjects that are right, or wrong in one respect, for tests of the gate in processes of their own."""

from __future__ import annotations

import time
from itertools import count
from pathlib import Path

import numpy as np

from verify import Case, Declined, reference
from verify.cases.operands import Array
from verify.cases.predicates import Predicate
from verify.checks.deviations import Deviation
from verify.checks.limits import Limit


def right(case: Case) -> Array:
    return reference(case).astype(case.dtype)


def of_one_shape(case: Case) -> Array:
    """Right, where its domain is a condition that no case satisfies which is tried."""
    return right(case)


of_one_shape.supports = "min(size) == max(size) == 13 and channels == 19"  # type: ignore[attr-defined]


def pointwise(case: Case) -> Array:
    """Right, and leaves no cell of its input unread."""
    return right(case)


pointwise.max_kernel = pointwise.max_stride = 1  # type: ignore[attr-defined]


def mended(case: Case) -> Array:
    """Right, where its only deviation is recorded of another release."""
    return right(case)


mended.version = "2.0"  # type: ignore[attr-defined]
mended.known = (  # type: ignore[attr-defined]
    Deviation(
        name="of-before", subjects=("*",), kinds=("value",), when=Predicate("rank == 1"),
        word="conv_i1_k1_same_ones", sentence="It is off by one.", versions=("1.4",),
    ),
)  # fmt: skip


def widened(case: Case) -> Array:
    """Right, where its only limit is one of another release."""
    return right(case)


widened.version = "2.0"  # type: ignore[attr-defined]
widened.limits = (  # type: ignore[attr-defined]
    Limit(Predicate("max(dilations) > 1"), ("no dilation",), ("conv_i5_k2_d2_same_ones",), versions=("1.4",)),
)


def shifts_values(case: Case) -> Array:
    """Wrong in the values of exact fills alone."""
    return right(case) + (case.fill in ("ones", "iota", "ints", "impulse"))


def truncates(case: Case) -> Array:
    """Wrong in precision alone: wide integers keep 11 bits, as TF32 has."""
    answer = right(case)
    if case.fill != "dyadic" or case.format.token not in ("float32", "float64"):
        return answer
    fractions, exponents = np.frexp(answer)
    return np.ldexp(np.round(fractions * 2**11) / 2**11, exponents).astype(case.dtype)


def rounds_badly(case: Case) -> Array:
    """Wrong in rounding alone: real numbers come out 1 % too large."""
    answer = right(case)
    return (answer * 1.01).astype(case.dtype) if case.fill == "reals" else answer


def poisons(case: Case) -> Array:
    """Wrong where it should not read: a NaN in a cell of no window reaches the answer."""
    answer = right(case)
    if case.fill != "unread" or np.isfinite(case.input.astype(np.float64)).all():
        return answer
    return answer * case.dtype.type(np.nan)


def swallows(case: Case) -> Array:
    """Wrong where NaN and infinity are read: the answer is a number nevertheless."""
    answer = right(case)
    return np.where(np.isfinite(answer), answer, 0).astype(case.dtype) if case.fill == "nonfinite" else answer


def widens(case: Case) -> Array:
    """Wrong in dtype alone."""
    answer = reference(case)
    return answer if case.fill != "cs231n" else answer.astype(case.dtype)


def writes(case: Case) -> Array:
    """Wrong in what it does to its input."""
    answer = right(case)
    case.input[...] = 0
    return answer


_calls = count()


def wavers(case: Case) -> Array:
    """Wrong in every second answer to one case: +0 becomes −0, which equals it."""
    answer = right(case)
    return (
        answer
        if next(_calls) % 2 or answer.dtype.kind == "i"
        else np.where(answer == 0, -0.0, answer).astype(case.dtype)
    )


def declines(case: Case) -> Array:
    raise Declined(f"not today, with {case.rank} axes")


def refuses(case: Case) -> Array:
    if case.illegal:
        raise ValueError(case.why_illegal)
    return right(case)


refuses.refuses = ("conv",)  # type: ignore[attr-defined]


def answers_anything(case: Case) -> Array:
    """Answers a call that must be refused."""
    return np.zeros((1, 1, 1), case.dtype) if case.illegal else right(case)


answers_anything.refuses = ("conv",)  # type: ignore[attr-defined]


def has_two_faults(case: Case) -> Array:
    """With two channels a value is wrong, or with two axes as well an error comes."""
    if case.rank > 1 and case.channels > 1:
        raise RuntimeError("two axes are too many")
    return right(case) + (case.channels > 1)


def declines_in_brackets(case: Case) -> Array:
    if case.rank == 3:
        raise Declined("only [float32] and [/no] more")
    return right(case)


def raises_by_rank(case: Case) -> Array:
    """Two errors of different classes."""
    if case.rank == 1:
        raise KeyError("one axis")
    if case.rank == 3:
        raise TypeError("three axes")
    return right(case)


def waits_to_go_on(case: Case) -> Array:
    """Right, but at one case it waits for a file of the name `go`."""
    while str(case) == "conv_i3x3_k1x1_same_coded" and not Path("go").exists():
        time.sleep(0.01)
    return right(case)


def refuses_what_is_not_drawn(case: Case) -> Array:
    return right(case)


refuses_what_is_not_drawn.refuses = ("filtergrad",)  # type: ignore[attr-defined]


def wrong_in_blocks(case: Case) -> Array:
    """Wrong in plain 3x3 convolutions whose channels and filters fill blocks of 8, and there alone."""
    answer = right(case)
    is_plain = case.rank == 2 and set(case.kernel) == {3} and {*case.strides, *case.dilations} == {1}
    is_blocked = case.groups == 1 and case.channels % 8 == case.filter_count % 8 == 0
    if not (is_plain and is_blocked and case.format.token == "float32" and answer.size):
        return answer
    answer[..., -1] = 0
    return answer


wrong_in_blocks.operations = ("conv", "transpose", "filtergrad")  # type: ignore[attr-defined]
