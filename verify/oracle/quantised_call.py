"""The scales and zero points of a call over plain arrays of integers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from verify.cases.dtypes import QUANTISED
from verify.cases.given import Given
from verify.cases.operands import Array
from verify.cases.quantised import BIAS, FILTERS, PLAIN, Quantised, normal_quantised, wrong_quantised
from verify.cases.spelling import one_of
from verify.oracle.at_the_call import WrongArgument
from verify.oracle.schemes import SCHEMES

if TYPE_CHECKING:
    from verify.oracle.calls import Arguments

SCALES = ("x_scale", "w_scale", "y_scale")
ZEROS = ("x_zero_point", "w_zero_point", "y_zero_point")


def quantised_of(arguments: Arguments, x: Array) -> Quantised | None:
    """How a call is quantised; None where it is not.

    Raises WrongArgument, one sentence, for scales that are no numbers or belong to no such x.
    """
    given = {name: getattr(arguments, name) for name in (*SCALES, *ZEROS)}
    said = [name for name, value in given.items() if value is not None]
    if x.dtype.name not in QUANTISED:
        if said or arguments.scheme:
            name = said[0] if said else "scheme"
            raise WrongArgument(f"{name} is given, and x is {x.dtype.name}, not {' or '.join(QUANTISED)}")
        return None
    if missing := [name for name in SCALES if given[name] is None and said]:
        raise WrongArgument(f"{missing[0]} is not given, and {said[0]} is")
    if not said:
        return None
    if arguments.scheme:
        try:
            one_of(arguments.scheme, SCHEMES)
        except ValueError as wrong:
            raise WrongArgument(f"scheme {wrong}") from None
    fields: dict[str, Any] = {name: _numbers(name, given[name]) for name in SCALES}
    zeros = {name: _zero(name, given[name]) for name in ZEROS if given[name] is not None}
    single = {name: numbers[0] for name, numbers in fields.items() if name != "w_scale"}
    return normal_quantised(PLAIN._replace(**{**fields, **single, **zeros}))


def _numbers(name: str, value: Any) -> tuple[float, ...]:
    """Scales as numbers, one of them but for filters."""
    try:
        numbers = tuple(float(number) for number in np.asarray(value, np.float64).reshape(-1))
    except (TypeError, ValueError):
        numbers = ()
    if not numbers or (len(numbers) > 1 and name != "w_scale"):
        what = "a number, or one for each channel of the answer" if name == "w_scale" else "a number"
        raise WrongArgument(f"{name} is {value!r}, not {what}")
    return numbers


def _zero(name: str, value: Any) -> int:
    array = np.asarray(value)
    if array.size != 1 or array.dtype.kind not in "iu":
        raise WrongArgument(f"{name} is {value!r}, not a whole number")
    return int(array.reshape(-1)[0])


def require_quantised(case: Given, given: Mapping[str, Array]) -> None:
    """Raise WrongArgument, one sentence, for a quantised call that no kernel has."""
    token = case.format.token
    wanted = {"x": token, "w": FILTERS[token], "bias": BIAS[token]}
    for name, dtype in wanted.items():
        if name in given and given[name].dtype.name != dtype:
            raise WrongArgument(f"{name} is {given[name].dtype.name}; where x is {token} it is {dtype}")
    scales, channels = case.quantised.w_scale, case.output_channels
    if len(scales) not in (1, channels):
        raise WrongArgument(f"w_scale has {len(scales)} scales for {channels} channels of the answer")
    if sentence := wrong_quantised(case):
        raise WrongArgument(sentence)
