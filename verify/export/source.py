"""The Python source of an array, as one expression: a formula, its numbers, or packed bytes."""

from __future__ import annotations

import base64
import math
import zlib
from typing import Any

import numpy as np

from verify.cases.operands import Array

LITERAL = 320
"""Characters that the numbers of an array may take; a longer array is packed."""

PACKED_WITH = ("base64", "zlib")
"""The modules that packed bytes need."""


def source_of(array: Array) -> str:
    """An expression over `np` (and `tf` for bfloat16) whose value is the array, bit for bit."""
    flat = array.reshape(-1)
    shape, dtype = list(array.shape), dtype_source(array.dtype)
    if not flat.size:
        return f"np.zeros({shape}, {dtype})"
    if flat.size > 1 and _same_bits(flat, np.full_like(flat, flat[0])):
        return f"np.full({shape}, {number(flat[0])}, {dtype})"
    text = ", ".join(map(number, flat)) if flat.size <= LITERAL else ""
    if 0 < len(text) <= LITERAL:
        return f"np.array([{text}], {dtype}).reshape({shape})"
    return f"{_counted(flat) or _packed(flat)}.astype({dtype}).reshape({shape})"


def dtype_source(dtype: np.dtype[Any]) -> str:
    """The source of a dtype; NumPy's bfloat16 is TensorFlow's extension of it."""
    return "tf.bfloat16.as_numpy_dtype" if dtype.name == "bfloat16" else f'"{dtype.name}"'


def number(value: Any) -> str:
    """One number, in the fewest digits that its dtype needs."""
    as_float = float(value)
    if not math.isfinite(as_float):
        return "np.nan" if math.isnan(as_float) else f"{'-' * (as_float < 0)}np.inf"
    if as_float.is_integer() and abs(as_float) < 2**53 and (as_float or math.copysign(1, as_float) > 0):
        return str(int(as_float))
    short = str(value)
    return short if value.dtype.type(float(short)) == value else repr(as_float)


def _counted(flat: Array) -> str | None:
    """The source of 1, 2, 3 …, which start again after the largest; None for other numbers."""
    values = flat.astype(np.float64)
    if not np.isfinite(values).all() or not 1 <= values.max() <= flat.size:
        return None
    largest = int(values.max())
    counted = np.arange(flat.size) % largest + 1
    is_counted = _same_bits(flat, counted.astype(flat.dtype))
    return f"(np.arange({flat.size}) % {largest} + 1)" if is_counted else None


def _packed(flat: Array) -> str:
    """The source of compressed bytes, in the narrowest dtype that holds every value."""
    is_finite = np.isfinite(flat.astype(np.float64)).all()
    # The way back from an integer may overflow to an infinity.
    kinds = ("<i1", "<i2", "<i4", "<f4", "<f8") if is_finite else ("<f4", "<f8")
    with np.errstate(invalid="ignore", over="ignore"):
        dtype = next(kind for kind in kinds if _same_bits(flat, flat.astype(kind).astype(flat.dtype)))
    text = base64.b85encode(zlib.compress(flat.astype(dtype).tobytes(), 9)).decode()
    return f'np.frombuffer(zlib.decompress(base64.b85decode("{text}")), "{dtype}")'


def _same_bits(first: Array, second: Array) -> bool:
    return first.tobytes() == second.tobytes()
