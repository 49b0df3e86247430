"""How a case is quantised: the scales and zero points of its input, filters and answer, as tokens."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Iterable, Mapping
from itertools import cycle, islice
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from verify.cases.dtypes import QUANTISED, Format
from verify.cases.operands import Array

if TYPE_CHECKING:
    from verify.cases.case import Case

EPILOGUE = ("bias", "relu", "relu6")
"""The steps that a quantised convolution takes: a bias of 32 bits or more, and a clamp."""

OPERATIONS = ("conv", "depthwise", "transpose")

FILTERS: Mapping[str, str] = MappingProxyType({"int8": "int8", "uint8": "uint8", "int16": "int8"})
BIAS: Mapping[str, str] = MappingProxyType({"int8": "int32", "uint8": "int32", "int16": "int64"})
"""Dtype of a case → that of its filters, and of its bias."""

WIDEST: Mapping[str, int] = MappingProxyType({"int8": 2**31 - 1, "uint8": 2**31 - 1, "int16": 2**47})
"""Dtype → the largest sum that a case may have: what 32 bits hold; of int16, what 48 bits do."""

MOST_MULTIPLIER = 2**8
"""Below this lies scale of x · scale of w / scale of y."""

DIGITS = 9
"""Digits in a row that a scale is written with at most."""

_SCALE = r"(?:nan|inf|-?[0-9]+(?:\.[0-9]+)?(?:e-?[0-9]{1,2})?)"
_TOKEN = re.compile(rf"q([xwy])({_SCALE}(?:x{_SCALE})*)(?:z(-?[0-9]{{1,6}}))?")

LEAST_SCALE = float(np.finfo(np.float32).tiny)


class Quantised(NamedTuple):
    """Scales and zero points, after ONNX's names: an integer q stands for (q − zero point) · scale.

    Scales are float32 numbers. `w_scale` has one for all filters, or one for each channel of the answer in
    turn, beginning again where there are fewer.
    """

    x_scale: float = 1.0
    x_zero_point: int = 0
    w_scale: tuple[float, ...] = (1.0,)
    w_zero_point: int = 0
    y_scale: float = 1.0
    y_zero_point: int = 0

    def w_scales(self, channels: int) -> tuple[float, ...]:
        """The scale of the filters of each channel of the answer; all of them where there are more."""
        return tuple(islice(cycle(self.w_scale), max(channels, len(self.w_scale))))

    @property
    def is_per_channel(self) -> bool:
        return len(self.w_scale) > 1

    @property
    def multiplier(self) -> float:
        """The largest of scale of x · scale of w / scale of y, by which sums become steps of the answer."""
        return self.x_scale * max(self.w_scale) / self.y_scale if self.y_scale else math.inf


PLAIN: Quantised = Quantised()


def quantised_field(token: str) -> tuple[str, Any] | None:
    """The field of a token such as `qx0.5z-3` or `qw0.5x0.25`: a letter, its scales and its zero point."""
    match = _TOKEN.fullmatch(token)
    if match is None or (match[1] != "w" and "x" in match[2]):
        return None
    scales = tuple(_float32(float(number)) for number in match[2].split("x"))
    return "quantised", (match[1], (scales, int(match[3] or 0)))


def _float32(number: Any) -> float:
    """The nearest float32; every not-a-number is one object, so that a tuple of it equals itself."""
    with np.errstate(over="ignore"):
        near = float(np.float32(number))
    return near + 0.0 if near == near else math.nan  # noqa: PLR0124 - which alone is unlike itself


def unlike_token(token: str) -> str:
    """What a token that begins like one of a scale should be."""
    return (
        f"a scale above 0 and a zero point such as {token[:2]}0.5z-3"
        + ", with a scale for each channel such as qw0.5x0.25" * (token[1] == "w")
    )


def normal_quantised(value: Any) -> Quantised:
    """The scales as float32 numbers, also of a mapping of letters to what their tokens say."""
    if isinstance(value, Quantised) and value is PLAIN:  # of nearly every case
        return value
    if isinstance(value, Mapping):
        said = {
            f"{letter}_{name}": part
            for letter, (scales, zero) in value.items()
            for name, part in (("scale", scales if letter == "w" else scales[0]), ("zero_point", zero))
        }
        value = Quantised(**said)
    w_scale = value.w_scale if isinstance(value.w_scale, Iterable) else (value.w_scale,)
    return Quantised(
        x_scale=_float32(value.x_scale),
        x_zero_point=operator.index(value.x_zero_point),
        w_scale=tuple(map(_float32, w_scale)),
        w_zero_point=operator.index(value.w_zero_point),
        y_scale=_float32(value.y_scale),
        y_zero_point=operator.index(value.y_zero_point),
    )


def spelled(scale: float) -> str:
    """A float32 in the fewest digits that give it back, with an exponent where it has long runs of them."""
    if not math.isfinite(scale):
        return str(scale)
    plain = np.format_float_positional(np.float32(scale), trim="-")
    if not 0 < abs(scale) < 1e-4 and all(len(digits) <= DIGITS for digits in plain.split(".")):
        return plain
    mantissa, _, exponent = np.format_float_scientific(np.float32(scale), trim="-").partition("e")
    return f"{mantissa}e{int(exponent)}"


def quantised_tokens(quantised: Quantised) -> list[str]:
    """The tokens of what is not plain: a scale of 1 and a zero point of 0."""
    parts = {
        "x": ((quantised.x_scale,), quantised.x_zero_point),
        "w": (quantised.w_scale, quantised.w_zero_point),
        "y": ((quantised.y_scale,), quantised.y_zero_point),
    }
    return [
        f"q{letter}{'x'.join(map(spelled, scales))}" + f"z{zero}" * (zero != 0)
        for letter, (scales, zero) in parts.items()
        if (scales, zero) != ((1.0,), 0)
    ]


def wrong_quantised(case: Case) -> str | None:
    """Why no convolution is quantised in this way, or none at all in its dtype; one sentence."""
    quantised, form = case.quantised, case.format
    if (sentence := wrong_place(case)) or not form.is_quantised:
        return sentence
    return wrong_scales(quantised, form.token, case.output_channels) or _wrong_sums(case)


def wrong_place(case: Case) -> str | None:
    """Why a case has no scales, or its dtype is not quantised; one sentence."""
    if not case.format.is_quantised:
        if case.quantised == PLAIN or case.weights == "int8":
            return None
        token = quantised_tokens(case.quantised)[0]
        return f"{token!r} is for a quantised dtype, {', '.join(QUANTISED)}, not {case.format.token}"
    if case.operation not in OPERATIONS:
        return f"no {case.operation} is quantised, only {', '.join(OPERATIONS)}: {case.format.token}"
    if case.border:
        return f"a quantised case such as {case.format.token} has no border"
    if other := [step for step in case.epilogue if step not in EPILOGUE]:
        return f"{other[0]!r} does not follow a quantised convolution: {', '.join(EPILOGUE)} do"
    return None


def wrong_scales(quantised: Quantised, token: str, channels: int) -> str | None:
    """Why scales and zero points are none that a case has, for so many channels of the answer."""
    if sentence := why_unscaled(quantised, token, channels):
        return sentence
    if not quantised.multiplier < MOST_MULTIPLIER:
        return (
            f"x_scale * w_scale / y_scale is {quantised.multiplier:.6g}, and must be below {MOST_MULTIPLIER}"
        )
    return None


def why_unscaled(quantised: Quantised, token: str, channels: int) -> str | None:
    """Why scales and zero points are none that a dtype has: a subject must refuse them."""
    scales = {
        "x_scale": (quantised.x_scale,),
        "w_scale": quantised.w_scale,
        "y_scale": (quantised.y_scale,),
    }
    for name, numbers in scales.items():
        for number in numbers:
            if not LEAST_SCALE <= number < math.inf:
                return f"{name} is {number!r}, and must be a normal float32 number above 0"
    if not 1 <= len(quantised.w_scale) <= max(channels, 1):
        return f"w_scale has {len(quantised.w_scale)} scales for {channels} channels of the answer"
    zeros = {
        "x_zero_point": (quantised.x_zero_point, token),
        "w_zero_point": (quantised.w_zero_point, FILTERS[token]),
        "y_zero_point": (quantised.y_zero_point, token),
    }
    for name, (zero, dtype) in zeros.items():
        form = QUANTISED[dtype]
        if not form.least <= zero <= form.largest:
            return f"{name} is {zero}, and {dtype} goes from {form.least} to {int(form.largest)}"
    return None


def _wrong_sums(case: Case) -> str | None:
    if room_of_bias(case) < 0:
        return f"sums of {case.products} products may be too large for the accumulator of {case.format.token}"
    return None


def room_of_bias(case: Case) -> int:
    """How large a bias may be, beside the largest sum of products."""
    largest = case.products * _reach(case, "input") * _reach(case, "factor")
    return WIDEST[case.format.token] - largest


def _reach(case: Case, operand: str) -> int:
    """The largest distance of an integer of the input or of the filters from its zero point."""
    form, zero = form_of(case, operand), zero_point_of(case.quantised, operand)
    return max(int(form.largest) - zero, zero - form.least)


def zero_point_of(quantised: Quantised, operand: str) -> int:
    """The zero point of an operand by its name in `Operands`: the input, the filters; 0 of a bias."""
    return {"input": quantised.x_zero_point, "factor": quantised.w_zero_point}.get(operand, 0)


def form_of(case: Case, operand: str) -> Format:
    """The format of an operand's integers: the input's and the answer's is the case's own."""
    token = case.format.token
    return QUANTISED[FILTERS[token]] if operand == "factor" else QUANTISED[token]


def dtype_of(case: Case, operand: str) -> np.dtype[Any]:
    """The dtype in which a quantised case holds an operand by its name in `Operands`."""
    if operand == "bias":
        return np.dtype(BIAS[case.format.token])
    return form_of(case, operand).dtype


def as_integers(values: Array, case: Case, operand: str) -> Array:
    """The integers that lie as far from the zero point as values do from 0.

    One that would lie outside the dtype lies as far on the other side of the zero point, and at its end
    where that is outside, too.
    """
    dtype = dtype_of(case, operand)
    if operand == "bias":
        return values.astype(dtype, order="C")
    form, zero = form_of(case, operand), zero_point_of(case.quantised, operand)
    steps = values.astype(np.int64)
    shifted = zero + steps
    outside = (shifted < form.least) | (shifted > form.largest)
    turned = np.where(outside, zero - steps, shifted)
    return np.clip(turned, form.least, int(form.largest)).astype(dtype, order="C")
