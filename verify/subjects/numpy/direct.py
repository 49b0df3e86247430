"""Correlations that are sums of products: the loops of a lecture, a matrix of windows, narrow operands.

Each takes an input (batch, *spatial, c), filters (*kernel, c, f), strides and dilations, and answers
(batch, *out, f) without padding.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
Correlation = Callable[[Array, Array, Sequence[int], Sequence[int]], Array]


def windows_of(x: Array, kernel: Sequence[int], strides: Sequence[int], dilations: Sequence[int]) -> Array:
    """A view of every window: (batch, *out, *kernel, c)."""
    rank = len(kernel)
    spans = [(taps - 1) * dilation + 1 for taps, dilation in zip(kernel, dilations, strict=True)]
    view = np.lib.stride_tricks.sliding_window_view(x, spans, axis=tuple(range(1, 1 + rank)))
    steps = [slice(None, None, stride) for stride in strides]
    taps = [slice(None, None, dilation) for dilation in dilations]
    return np.moveaxis(view[(slice(None), *steps, slice(None), *taps)], 1 + rank, -1)


def im2col(x: Array, w: Array, strides: Sequence[int], dilations: Sequence[int]) -> Array:
    """One product of the matrix of windows and the matrix of filters."""
    windows = windows_of(x, w.shape[:-2], strides, dilations)
    places = windows.shape[: w.ndim - 1]
    rows = np.ascontiguousarray(windows).reshape(math.prod(places), math.prod(w.shape[:-1]))
    return (rows @ w.reshape(-1, w.shape[-1])).reshape(*places, w.shape[-1])


def loops(x: Array, w: Array, strides: Sequence[int], dilations: Sequence[int]) -> Array:
    """A loop over images, places and filters, each a sum over its window, as lectures write it."""
    windows = windows_of(x, w.shape[:-2], strides, dilations)
    places = windows.shape[: w.ndim - 1]
    answer = np.zeros((*places, w.shape[-1]), np.result_type(x, w))
    for place in np.ndindex(*places):
        for f in range(w.shape[-1]):
            answer[(*place, f)] = np.sum(windows[place] * w[..., f], dtype=answer.dtype)
    return answer


def in_bfloat16(values: Array) -> Array:
    """float32 rounded to nearest even at 7 bits of fraction."""
    return _rounded(values, 16)


def in_tfloat32(values: Array) -> Array:
    """float32 rounded to nearest even at 10 bits of fraction."""
    return _rounded(values, 13)


def _rounded(values: Array, dropped: int) -> Array:
    """Without so many of the last bits; a NaN and an infinity as they are."""
    bits = np.ascontiguousarray(values).view(np.uint32)
    half = np.uint32((1 << (dropped - 1)) - 1) + ((bits >> np.uint32(dropped)) & np.uint32(1))
    kept = (bits + half) & np.uint32(0xFFFFFFFF << dropped & 0xFFFFFFFF)
    return np.where(np.isfinite(values), kept.view(np.float32), values)


def rounded_first(narrow: Callable[[Array], Array]) -> Correlation:
    """A correlation of operands that are rounded first."""

    def correlate(x: Array, w: Array, strides: Sequence[int], dilations: Sequence[int]) -> Array:
        return im2col(narrow(x), narrow(w), strides, dilations)

    return correlate


def three_passes(x: Array, w: Array, strides: Sequence[int], dilations: Sequence[int]) -> Array:
    """Products of bfloat16 halves, without that of the two low ones."""
    (x_high, x_low), (w_high, w_low) = _halves(x), _halves(w)
    low = im2col(x_high, w_low, strides, dilations) + im2col(x_low, w_high, strides, dilations)
    return low + im2col(x_high, w_high, strides, dilations)


def _halves(values: Array) -> tuple[Array, Array]:
    """A number in bfloat16, and what it leaves in bfloat16; nothing of a NaN or an infinity."""
    high = in_bfloat16(values)
    with np.errstate(invalid="ignore"):
        rest = np.where(np.isfinite(high), values - high, np.float32(0))
    return high, in_bfloat16(rest)
