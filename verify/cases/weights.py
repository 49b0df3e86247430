"""How filters are kept: in the case's own dtype, or in a narrower one that they are rounded to."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from verify.cases.operands import Array
from verify.cases.quantised import PLAIN, Quantised, why_unscaled

if TYPE_CHECKING:
    from verify.cases.case import Case

OWN = "own"


class Kept(NamedTuple):
    """A dtype in which filters are kept: the operations that have such ones, and what they are."""

    operations: tuple[str, ...]
    sentence: str


KEPT: Mapping[str, Kept] = MappingProxyType(
    {
        "float16": Kept(
            ("conv", "depthwise", "transpose"),
            "filters are kept in float16, rounded to 11 bits, and made float32 before they are used",
        ),
        "int8": Kept(
            ("conv", "depthwise"),
            "filters are kept as integers of 8 bits times a scale; a kernel quantises the input, too",
        ),
    }
)
"""Dtype → what filters that are kept in it are."""

OPERATIONS = tuple(dict.fromkeys(name for kept in KEPT.values() for name in kept.operations))
"""The operations that have any."""

WEIGHTS = (OWN, *KEPT)
"""The dtypes in which filters are kept; OWN is the case's."""

TOKENS: Mapping[str, str] = MappingProxyType({f"{dtype}weights": dtype for dtype in KEPT})
"""Token → dtype in which filters are kept."""

EPILOGUE = ("bias", "relu", "relu6")
"""What may follow filters that are kept in another dtype."""

MOST = 127
"""The largest integer of filters of int8; the least is its negative."""

_LARGEST_HALF = float(np.finfo(np.float16).max)


def weights_field(token: str) -> tuple[str, Any] | None:
    """The field of a token such as `float16weights`."""
    return ("weights", TOKENS[token]) if token in TOKENS else None


def weights_tokens(case: Case) -> list[str]:
    return [f"{case.weights}weights"] if case.weights != OWN else []


def wrong_weights(case: Case) -> str | None:
    """Why the filters of a case are not kept in a dtype; one sentence."""
    if case.weights not in WEIGHTS:
        return f"{case.weights!r} is no dtype in which filters are kept: {', '.join(WEIGHTS)}"
    if case.weights == OWN:
        return None
    token, kept_in = f"{case.weights}weights", KEPT[case.weights]
    if case.illegal:
        return f"an illegal case has no {token!r}"
    if case.format.token != "float32":
        return f"{token!r} is for float32, in which the filters are used, not {case.format.token}"
    if case.operation not in kept_in.operations:
        return f"{token!r} is for {', '.join(kept_in.operations)}, not {case.operation}"
    if case.border:
        return f"a case with {token!r} has no border"
    if other := [step for step in case.epilogue if step not in EPILOGUE]:
        return (
            f"{other[0]!r} does not follow filters that are kept in {case.weights}: {', '.join(EPILOGUE)} do"
        )
    return _wrong_range(case) if case.weights == "int8" else None


def _wrong_range(case: Case) -> str | None:
    """Why filters have no integers of 8 bits, or an input no range."""
    quantised = case.quantised
    if quantised._replace(w_scale=PLAIN.w_scale) != PLAIN:
        return "'int8weights' has scales of filters alone, such as qw0.5x0.25, and no zero point"
    if not case.fill_traits.is_finite:
        return f"the fill {case.fill!r} has no range in which a kernel could quantise the input"
    return why_unscaled(quantised, "int8", case.output_channels)


def kept(values: Array, case: Case) -> Array:
    """Filters as the dtype in which they are kept holds them: its nearest numbers, of two the even one.

    What lies beyond its end is there; integers of 8 bits have the scales of the case.
    """
    stored = as_kept(values, case)
    if case.weights == "int8":
        return stored.astype(np.float32) * scales_of_filters(values, case.operation, case.quantised)
    return stored.astype(values.dtype)


def as_kept(filters: Array, case: Case) -> Array:
    """Filters in the dtype in which they are kept; of those of a case nothing is lost."""
    if case.weights == "float16":
        return np.clip(filters, -_LARGEST_HALF, _LARGEST_HALF).astype(np.float16)
    if case.weights == "int8":
        return integers_of(filters, case.operation, case.quantised)
    return filters


def integers_of(filters: Array, operation: str, quantised: Quantised) -> Array:
    """Filters as integers of 8 bits, by the scale of each channel of the answer."""
    steps = filters.astype(np.float64) / scales_of_filters(filters, operation, quantised)
    return np.clip(np.rint(steps), -MOST, MOST).astype(np.int8)


def scales_of_filters(filters: Array, operation: str, quantised: Quantised) -> Array:
    """The scale of each channel of the answer, in a shape that broadcasts to filters."""
    shape = filters.shape[-2:] if operation == "depthwise" else filters.shape[-1:]
    channels = int(np.prod(shape))
    return np.array(quantised.w_scales(channels)[:channels], np.float32).reshape(shape)


def is_made_by_a_scheme(case: Case) -> bool:
    """Whether what an answer is follows from a scheme of rounding, where a subject declares one."""
    return case.format.is_quantised or case.weights == "int8"


def said_of_weights(case: Case) -> str:
    """What filters that are kept in another dtype are, in a phrase."""
    return KEPT[case.weights].sentence
