"""The table of a case's dtypes: their names, their roundings and their ranges."""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np


class Format(NamedTuple):
    """A dtype as error analysis sees it (IEEE 754-2019, table 3.5; bfloat16 after Intel, 2018).

    `precision` counts the bits of the significand, the hidden one included, so that the unit
    roundoff is 2**-precision; `least_exponent` is that of the smallest normal number.
    For integers `precision` is the word's length and there is no rounding.
    """

    name: str
    precision: int
    least_exponent: int
    largest: float
    accumulator: str

    @property
    def token(self) -> str:
        """NumPy's name without underscores, which separate the tokens of a word."""
        return self.name.replace("_", "")

    @property
    def dtype(self) -> np.dtype[Any]:
        """The NumPy dtype; one that is not NumPy's own, such as bfloat16, comes from ml_dtypes."""
        return np.dtype(self.name) if hasattr(np, self.name) else dtype_spelled(self.name)

    @property
    def exact_integers(self) -> bool:
        return self.name.startswith(("int", "uint"))

    @property
    def is_quantised(self) -> bool:
        """Whether its integers stand for real numbers, by a scale and a zero point."""
        return self.name in QUANTISED

    @property
    def least(self) -> int:
        """The smallest integer."""
        return 0 if self.name.startswith("u") else -int(self.largest) - 1

    @property
    def middle(self) -> int:
        """The integer in the middle: 0, or half of all where none is negative."""
        return (self.least + int(self.largest) + 1) // 2

    @property
    def roundoff(self) -> float:
        """u, half the distance from 1 to the next number."""
        return 0.0 if self.exact_integers else 2.0**-self.precision

    @property
    def least_normal(self) -> float:
        return 0.0 if self.exact_integers else 2.0**self.least_exponent


FORMATS = {
    form.token: form
    for form in (
        Format("float16", 11, -14, 65504.0, "float32"),
        Format("bfloat16", 8, -126, (2 - 2.0**-7) * 2.0**127, "float32"),
        Format("float32", 24, -126, (2 - 2.0**-23) * 2.0**127, "float32"),
        Format("float64", 53, -1022, float(np.finfo(np.float64).max), "float64"),
        Format("int32", 32, 0, 2.0**31 - 1, "int32"),
    )
}
"""Token → format: a new dtype is one entry.

`accumulator` is the format that sums products unless a subject says otherwise.
"""

QUANTISED = {
    form.token: form
    for form in (
        Format("int8", 8, 0, 127.0, "int32"),
        Format("uint8", 8, 0, 255.0, "int32"),
        Format("int16", 16, 0, 32767.0, "int64"),
    )
}
"""The same of dtypes whose integers stand for real numbers; a subject has them only if it says so."""

DTYPES = {**FORMATS, **QUANTISED}
"""Both: every dtype that a case may have."""


def shown_dtypes(met: Collection[str]) -> tuple[str, ...]:
    """The dtypes of a table: the usual ones, and those of quantised cases that were met."""
    return (*FORMATS, *(token for token in QUANTISED if token in met))


@lru_cache
def _format_of(dtype: np.dtype[Any]) -> Format | None:
    """The format of a NumPy dtype, whose name NumPy makes anew whenever it is asked for."""
    return DTYPES.get(dtype.name.replace("_", ""))


def is_known(dtype: np.dtype[Any]) -> bool:
    """Whether a case can have the dtype."""
    return _format_of(dtype) is not None


def format_of(dtype: np.dtype[Any]) -> Format:
    """The format of a NumPy dtype; ValueError for one that no case can have."""
    form = _format_of(dtype)
    if form is None:
        raise ValueError(f"{dtype.name} is not one of the dtypes {', '.join(DTYPES)}")
    return form


def dtype_spelled(text: str) -> np.dtype[Any]:
    """The dtype spelled as in NumPy, such as "<f4", or by its name in ml_dtypes, such as "bfloat16"."""
    if text[:1] in "<>|=":
        return np.dtype(text)
    # Frameworks exchange bfloat16 arrays only through this extension of NumPy.
    import ml_dtypes

    return np.dtype(getattr(ml_dtypes, text))  # type: ignore[no-any-return]
