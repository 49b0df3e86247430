"""The padded input of a convolution, its windows as a view, and slabs of them to work in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from verify.cases.geometry import Axis
from verify.cases.operands import Array


def pad(x: Array, axes: tuple[Axis, ...], *, kind: Any) -> Array:
    """The padded input, contiguous; the input itself where there is nothing to do."""
    if not any(axis.before or axis.after for axis in axes):
        return np.ascontiguousarray(x, dtype=kind)
    padded = np.zeros((x.shape[0], *(axis.padded for axis in axes), x.shape[-1]), dtype=kind)
    inner = tuple(slice(axis.before, axis.before + axis.size) for axis in axes)
    padded[(slice(None), *inner)] = x
    return padded


def windows_of(padded: Array, axes: tuple[Axis, ...]) -> Array:
    """Every window as a view: (batch, *out, *kernel, channels). NumPy checks that it stays inside."""
    batch, *between, channel = padded.strides
    outs = (axis.out for axis in axes)
    shape = (padded.shape[0], *outs, *(axis.kernel for axis in axes), padded.shape[-1])
    steps = [stride * axis.stride for stride, axis in zip(between, axes, strict=True)]
    reach = [stride * axis.dilation for stride, axis in zip(between, axes, strict=True)]
    return np.ndarray(shape, padded.dtype, padded, strides=(batch, *steps, *reach, channel))


def slabs(shape: tuple[int, ...], rows: int) -> Iterator[tuple[int | slice, ...]]:
    """Indices that cut an array of this shape into blocks of at most `rows` places, 1 or more, in order.

    Each block is contiguous.
    """
    inner, depth = 1, len(shape)
    while depth and inner * shape[depth - 1] <= rows:
        depth -= 1
        inner *= shape[depth]
    if not depth:
        yield ()
        return
    step = rows // inner
    for lead in np.ndindex(*shape[: depth - 1]):
        for start in range(0, shape[depth - 1], step):
            yield (*lead, slice(start, start + step))
