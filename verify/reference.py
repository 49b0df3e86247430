"""The reference: NumPy's answer to a case, and the same convolution over plain arrays.

Pad, view windows, contract. It imports no padding arithmetic but `verify.geometry`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from verify.case import Array, Case, Operands
from verify.compensated import SPLITTABLE, dot2
from verify.geometry import Axis
from verify.layer import Layer, layer_from, layer_of

SLAB = 2**21
"""Bytes of window matrix worked at a time (or one window, where that alone is larger)."""


def reference(case: Case) -> Array:
    """The answer to a case as float64, shape `case.output_shape`.

    Exact where the fill promises exactness; elsewhere within the error that `verify.bounds` adds
    for it (float64 sums; for f64, sums in twice the precision). i32 wraps to 32 bits.
    """
    layer = layer_of(case)
    return activate(layer, linear(layer, case.make_operands()))


def conv(
    x: Array,
    w: Array,
    *,
    strides: int | Sequence[int] = 1,
    padding: str | Sequence[Sequence[int]] = "VALID",
    dilations: int | Sequence[int] = 1,
    groups: int = 1,
    bias: Array | None = None,
    data_format: str | None = None,
) -> Array:
    """The convolution of plain arrays, with the arguments of `tf.nn.convolution`.

    `x` is (batch, *spatial, channels), `w` is (*kernel, channels / groups, filters), for 1 to 3
    spatial axes; `bias` has one number for each filter. Where `data_format` begins with "NC", `x`
    and the answer have the channels second; `w` never changes.
    `strides` and `dilations` are one number or one for each spatial axis. `padding` is "SAME",
    "VALID" or (before, after) pairs for the spatial axes, or for all axes as TensorFlow takes them.
    The answer is float64, or int64 (wrapping at 64 bits) where all of the arrays hold integers.
    Raises ValueError, one sentence, for arguments that no convolution has.

    Formula: y[n, o, f] = Σ x[n, o·stride + t·dilation − before, c] · w[t, c, f], cells outside x
    being 0; a correlation, as in every framework (Dumoulin and Visin, arXiv:1603.07285).
    """
    x, w = np.asarray(x), np.asarray(w)
    b = None if bias is None else np.asarray(bias)
    layer = layer_from(
        x,
        w,
        strides=strides,
        padding=padding,
        dilations=dilations,
        groups=groups,
        bias=b,
        data_format=data_format,
    )
    return _in_data_format(layer, _convolve(_channels_last(layer, x), w, layer, b))


def linear(layer: Layer, given: Operands, *, exact: bool = False) -> Array:
    """The convolution and its bias, before any activation, in the layer's data format.

    `exact` says that plain sums are exact; elsewhere float64 operands are summed in twice the
    precision, where `is_doubled` allows it.
    """
    x = _channels_last(layer, given.input)
    doubled = not exact and is_doubled(layer, given)
    answer = _convolve(x, given.filters, layer, given.bias, doubled=doubled)
    if layer.format.exact_integers:
        answer = answer.astype(np.int32).astype(np.float64)
    return _in_data_format(layer, answer)


def is_doubled(layer: Layer, given: Operands) -> bool:
    """Whether sums are worked in twice float64's precision: f64 operands whose products can be split."""
    if layer.format.token != "f64":
        return False
    return all(part is None or np.abs(part).max(initial=0.0) < SPLITTABLE for part in given)


def activate(layer: Layer, answer: Array) -> Array:
    return np.maximum(answer, 0) if "relu" in layer.epilogue else answer


def magnitudes(layer: Layer, given: Operands) -> Array:
    """Σ|x||w| + |b| for each element of the answer, in float64."""
    x = np.abs(_channels_last(layer, given.input).astype(np.float64))
    b = None if given.bias is None else np.abs(given.bias.astype(np.float64))
    return _in_data_format(layer, _convolve(x, np.abs(given.filters.astype(np.float64)), layer, b))


def _channels_last(layer: Layer, x: Array) -> Array:
    return np.moveaxis(x, 1, -1) if layer.channels_first else x


def _in_data_format(layer: Layer, y: Array) -> Array:
    return np.moveaxis(y, -1, 1) if layer.channels_first else y


def _convolve(x: Array, w: Array, layer: Layer, bias: Array | None, *, doubled: bool = False) -> Array:
    """Pad, view windows, contract; channels last."""
    whole = x.dtype.kind in "iub" and w.dtype.kind in "iub" and (bias is None or bias.dtype.kind in "iub")
    kind = np.int64 if whole else np.float64
    weights = w.astype(kind)
    out = [axis.out for axis in layer.axes]
    windows = _windows(_pad(x, layer.axes, kind), layer.axes, out)
    if layer.groups == 1:
        return _contract(windows, weights, len(out), bias, doubled)
    members, filters = w.shape[-2], w.shape[-1] // layer.groups
    parts = []
    for group in range(layer.groups):
        share = slice(group * filters, (group + 1) * filters)
        view = windows[..., group * members : (group + 1) * members]
        offset = None if bias is None else bias[share]
        parts.append(_contract(view, weights[..., share], len(out), offset, doubled))
    return np.concatenate(parts, axis=-1)


def _contract(windows: Array, weights: Array, rank: int, bias: Array | None, doubled: bool) -> Array:
    """Windows (batch, *out, *kernel, c) by weights (*kernel, c, f), and the bias: (batch, *out, f).

    The window matrix is a slab at a time, but for a small problem, which is one slab.
    """
    places, filters = windows.shape[: rank + 1], weights.shape[-1]
    table = weights.reshape(-1, filters)
    taps, offset = len(table), None if bias is None else bias.astype(table.dtype)
    contract = dot2 if doubled else _dot
    if windows.size * 8 <= SLAB:
        return contract(windows.reshape(-1, taps), table, offset).reshape(*places, filters)
    answer = np.empty((*places, filters), dtype=table.dtype)
    rows = max(SLAB // (8 * taps), 1)
    matrix = np.empty((rows, taps), dtype=table.dtype)
    for slab in slabs(places, rows):
        block = windows[slab]
        used = matrix[: block.size // taps]
        used.reshape(block.shape)[...] = block
        contract(used, table, offset, out=answer[slab].reshape(-1, filters))
    return answer


def _dot(rows: Array, table: Array, offset: Array | None, out: Array | None = None) -> Array:
    with np.errstate(invalid="ignore", over="ignore"):
        products = np.matmul(rows, table, out=out)
        if offset is not None:
            products += offset
    return products


def _pad(x: Array, axes: tuple[Axis, ...], kind: Any) -> Array:
    """The padded input, contiguous; the input itself where there is nothing to do."""
    if not any(axis.before or axis.after for axis in axes):
        return np.ascontiguousarray(x, dtype=kind)
    padded = np.zeros((x.shape[0], *(axis.padded for axis in axes), x.shape[-1]), dtype=kind)
    inner = tuple(slice(axis.before, axis.before + axis.size) for axis in axes)
    padded[(slice(None), *inner)] = x
    return padded


def _windows(padded: Array, axes: tuple[Axis, ...], out: list[int]) -> Array:
    """Every window as a view: (batch, *out, *kernel, channels). NumPy checks that it stays inside."""
    batch, *between, channel = padded.strides
    shape = (padded.shape[0], *out, *(axis.kernel for axis in axes), padded.shape[-1])
    if 0 in shape:
        return np.zeros(shape, dtype=padded.dtype)
    steps = [stride * axis.stride for stride, axis in zip(between, axes, strict=True)]
    reach = [stride * axis.dilation for stride, axis in zip(between, axes, strict=True)]
    return np.ndarray(shape, padded.dtype, padded, strides=(batch, *steps, *reach, channel))


def slabs(shape: tuple[int, ...], rows: int) -> Iterator[tuple[int | slice, ...]]:
    """Indices that cut an array of this shape into blocks of at most `rows` places, in order.

    Each block is contiguous; one place is the least.
    """
    inner, depth = 1, len(shape)
    while depth and inner * shape[depth - 1] <= rows:
        depth -= 1
        inner *= shape[depth]
    if not depth:
        yield ()
        return
    step = max(rows // max(inner, 1), 1)
    for lead in np.ndindex(*shape[: depth - 1]):
        for start in range(0, shape[depth - 1], step):
            yield (*lead, slice(start, start + step))
