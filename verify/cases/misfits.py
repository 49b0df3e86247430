"""Operands that an illegal call is given as its numbers do not make them: of another shape or dtype."""

from __future__ import annotations

import operator
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from verify.cases.dtypes import DTYPES
from verify.cases.quantised import BIAS as QUANTISED_BIAS
from verify.cases.quantised import FILTERS, PLAIN

if TYPE_CHECKING:
    from verify.cases.case import Case

ArrayRole: TypeAlias = Literal["source", "filters", "pointwise", "result"]

PARTS: Mapping[str, ArrayRole] = MappingProxyType(
    {"x": "source", "w": "filters", "v": "pointwise", "y": "result"}
)
"""Letter of a token → what it gives, in the order in which tokens are written."""

LETTERS: Mapping[str, str] = MappingProxyType({part: letter for letter, part in PARTS.items()})

_GIVEN = (*PARTS, "bias")

_HAVE: Mapping[str, str] = MappingProxyType(
    {
        "x": "its input has",
        "w": "its filters have",
        "v": "its second filters have",
        "y": "its cotangent has",
    }
)
"""Letter → how a sentence about it begins."""

BIAS = "bias"
"""How the token of a bias of another dtype begins, in place of a letter: that of a quantised call."""

MOST_AXES = 8
SCALAR = "scalar"
"""How the shape () is written, as there is no number."""

ILLEGAL_LIMIT = 2**32
"""How large a number of an illegal case may be, which an integer of 32 bits need not hold."""

ILLEGAL_DIGITS = len(str(ILLEGAL_LIMIT))

NUMBER = f"-?[0-9]{{1,{ILLEGAL_DIGITS}}}"
"""A number of a word, as a pattern."""


def given_field(token: str) -> tuple[str, Any] | None:
    """The field of a token such as `w3x3`, `xscalar` or `wfloat16`, and its letter with what is given."""
    letters, others = "".join(PARTS), MOST_AXES - 1
    if match := re.fullmatch(f"([{letters}])({SCALAR}|{NUMBER}(?:x{NUMBER}){{0,{others}}})", token):
        numbers = () if match[2] == SCALAR else tuple(map(int, match[2].split("x")))
        return "given_shapes", (match[1], numbers)
    if re.match(f"[{letters}]", token) and token[1:] in DTYPES:
        return "given_dtypes", (token[0], token[1:])
    if token.startswith(BIAS) and token.removeprefix(BIAS) in DTYPES:
        return "given_dtypes", (BIAS, token.removeprefix(BIAS))
    return None


def normal_given(case: Case) -> dict[str, tuple[tuple[str, Any], ...]]:
    """What is given, as pairs in the order of the letters; ValueError for another letter or dtype."""
    if case.given_shapes == () == case.given_dtypes:
        return {"given_shapes": (), "given_dtypes": ()}
    shapes = {letter: tuple(map(operator.index, shape)) for letter, shape in dict(case.given_shapes).items()}
    dtypes = {letter: _known(str(dtype)) for letter, dtype in dict(case.given_dtypes).items()}
    if others := [letter for letter in {**shapes, **dtypes} if letter not in _GIVEN]:
        raise ValueError(f"{others[0]!r} is none of {', '.join(PARTS)}")
    given: dict[str, dict[str, Any]] = {"given_shapes": shapes, "given_dtypes": dtypes}
    return {
        name: tuple((letter, by_letter[letter]) for letter in _GIVEN if letter in by_letter)
        for name, by_letter in given.items()
    }


def _known(dtype: str) -> str:
    if dtype not in DTYPES:
        raise ValueError(f"{dtype!r} is none of {', '.join(DTYPES)}")
    return dtype


def given_tokens(case: Case) -> list[str]:
    """The tokens of what is given, shapes first."""
    shapes = [letter + ("x".join(map(str, shape)) or SCALAR) for letter, shape in case.given_shapes]
    return [*shapes, *(letter + dtype for letter, dtype in case.given_dtypes)]


def arrays_of(case: Case) -> tuple[str, ...]:
    """The letters of the arrays that a call takes."""
    traits = case.traits
    second = ("v",) if traits.has_pointwise else ()
    return (LETTERS[traits.input], LETTERS[traits.factor], *second)


def asked_of(case: Case) -> str:
    """The letter of the sizes that a gradient is asked for; "" for a convolution, which is asked for none."""
    return "" if case.traits.answer == "result" else LETTERS[case.traits.answer]


def given_sizes(case: Case) -> tuple[int, ...]:
    """The spatial sizes of an illegal gradient's cotangent: 1 where its numbers have no answer."""
    plain = case.copied(illegal=False, given_shapes=(), given_dtypes=(), given_out=(), quantised=PLAIN)
    return case.given_out or ((1,) * case.rank if plain.why_illegal else tuple(a.out for a in plain.axes))


def is_misquantised(case: Case) -> bool:
    """Whether a case is illegal by its scales, zero points or dtypes alone, as a quantised call."""
    if not case.illegal or not case.format.is_quantised or case.given_shapes or case.given_out:
        return False
    return not case.copied(illegal=False, given_dtypes=(), quantised=PLAIN).why_illegal


def wrong_given(case: Case) -> str | None:
    """Why what is given is not even an argument of the call."""
    arrays, asked = arrays_of(case), asked_of(case)
    for token, (letter, shape) in zip(given_tokens(case), case.given_shapes, strict=False):
        if letter not in (*arrays, asked):
            return f"{token!r} is no operand of a {case.operation}"
        if letter in arrays and min(shape, default=0) < 0:
            return f"{token!r} has a size below 0, which no array can have"
    for letter, dtype in case.given_dtypes:
        if letter not in arrays and not (letter == BIAS and case.format.is_quantised):
            return f"'{letter}{dtype}' is no array that a {case.operation} takes"
    if case.given_out and "y" in dict(case.given_shapes):
        return "its y token gives the sizes of its o token a second time"
    return None


def why_ungiven(case: Case) -> str | None:
    """Why the operands that are given, beside legal numbers, fit no convolution; None where they do."""
    if not case.given_shapes and not case.given_dtypes:
        return None
    return _wrong_axes(case) or _wrong_dtypes(case) or _wrong_shapes(case)


def _wrong_axes(case: Case) -> str | None:
    for letter, shape in case.given_shapes:
        what = _HAVE[letter] if letter != asked_of(case) else "the sizes that it is asked for have"
        if len(shape) != case.rank + 2:
            return f"{what} shape {shape}, of {len(shape)} axes and not {case.rank + 2}"
        if min(shape) < 0:
            return f"{what} shape {shape}, with a size below 0"
    return None


def _wrong_dtypes(case: Case) -> str | None:
    given = dict(case.given_dtypes)
    if case.format.is_quantised:
        return _wrong_quantised_dtypes(case, given)
    first, *others = arrays_of(case)
    dtype = given.get(first, case.format.token)
    for letter in others:
        if (other := given.get(letter, case.format.token)) != dtype:
            return f"{_HAVE[letter]} dtype {other}, and {_HAVE[first]} {dtype}"
    return None


def _wrong_quantised_dtypes(case: Case, given: Mapping[str, str]) -> str | None:
    """Why dtypes do not go together with that of a quantised case, which its input has unless it is given."""
    token = case.format.token
    due = {"x": token, "w": FILTERS[token], BIAS: QUANTISED_BIAS[token]}
    what = {**_HAVE, BIAS: "its bias has"}
    for letter, dtype in given.items():
        if dtype != due[letter]:
            return f"{what[letter]} dtype {dtype}, which is {due[letter]} in a convolution of {token}"
    return None


def _wrong_shapes(case: Case) -> str | None:
    """Why shapes of the right numbers of axes do not fit together."""
    source, filters = case.channels_last(case.source_shape), case.filter_shape
    batch, *size, channels = source
    *kernel, members, count = filters
    numbers: dict[str, Any] = {"batch": batch, "size": tuple(size), "channels": channels}
    numbers["kernel"] = tuple(kernel)
    if case.traits.has_multiplier:
        if members != channels:
            return f"its filters have shape {filters}, and its input {channels} channels"
        numbers["multiplier"] = count
        wanted = (*(1,) * case.rank, channels * count)
        if case.traits.has_pointwise and case.pointwise_shape[:-1] != wanted:
            return f"its second filters have shape {case.pointwise_shape}, not {wanted} and a count"
    elif members < 1 or channels % members:
        return f"its filters have shape {filters}, and its input {channels} channels"
    else:
        numbers |= {"filter_count": count, "groups": max(channels // members, 1)}
    plain = case.copied(illegal=False, given_shapes=(), given_dtypes=(), given_out=(), **numbers)
    return plain.why_illegal or _wrong_result(case, plain)


def _wrong_result(case: Case, plain: Case) -> str | None:
    """Why a gradient's cotangent is not what the forward convolution of these numbers answers."""
    if "y" not in arrays_of(case) or case.result_shape == plain.result_shape:
        return None
    return (
        f"its cotangent has shape {case.result_shape}, where the forward convolution of "
        f"{plain.source_shape} by {plain.filter_shape} answers {plain.result_shape}"
    )
