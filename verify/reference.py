"""The reference: NumPy's answer to a case, and the same convolution over plain arrays.

Pad, view windows, contract. It imports no padding arithmetic but `verify.geometry`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from verify.case import Array, Case, Operands
from verify.compensated import dot2
from verify.dtypes import Format, format_of
from verify.geometry import Axis, same_padding

SLAB = 2**21
"""Bytes of window matrix worked at a time (or one window, where that alone is larger)."""


class Layer(NamedTuple):
    """What is computed, without its numbers: the axes, the groups, the epilogue and the dtype."""

    axes: tuple[Axis, ...]
    groups: int
    epilogue: tuple[str, ...]
    format: Format
    channels_first: bool


def layer_of(case: Case) -> Layer:
    return Layer(case.axes, case.groups, case.epilogue, case.format, case.channels_first)


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
    The answer is float64, or int64 (wrapping at 64 bits) where `x` holds integers.
    Raises ValueError, one sentence, for arguments that no convolution has.

    Formula: y[n, o, f] = Σ x[n, o·stride + t·dilation − before, c] · w[t, c, f], cells outside x
    being 0; a correlation, as in every framework (Dumoulin and Visin, arXiv:1603.07285).
    """
    x, w = np.asarray(x), np.asarray(w)
    layer = layer_from(
        x, w, strides=strides, padding=padding, dilations=dilations, groups=groups, data_format=data_format
    )
    b = None if bias is None else np.asarray(bias)
    return _in_data_format(layer, _convolve(_channels_last(layer, x), w, layer, b))


def layer_from(
    x: Array,
    w: Array,
    *,
    strides: int | Sequence[int],
    padding: str | Sequence[Sequence[int]],
    dilations: int | Sequence[int],
    groups: int,
    data_format: str | None,
    epilogue: tuple[str, ...] = (),
) -> Layer:
    """The layer that `conv`'s arguments name; ValueError where they fit no convolution.

    The format is that of `x`'s dtype, float64's where no case has that dtype.
    """
    rank = x.ndim - 2
    if not 1 <= rank <= 3 or w.ndim != x.ndim:
        raise ValueError(f"x and w have {x.ndim} and {w.ndim} axes; both need the same 3, 4 or 5")
    first = data_format is not None and data_format.startswith("NC")
    letters = "DHW"[-rank:]
    if data_format not in (None, f"N{letters}C", f"NC{letters}"):
        raise ValueError(f"data_format {data_format!r} is neither 'N{letters}C' nor 'NC{letters}'")
    size, channels = (x.shape[2:], x.shape[1]) if first else (x.shape[1:-1], x.shape[-1])
    if groups < 1 or channels != w.shape[-2] * groups or w.shape[-1] % groups:
        raise ValueError(
            f"x has {channels} channels and w has shape {w.shape}, which does not fit {groups} groups"
        )
    steps = _for_axes("strides", strides, rank), _for_axes("dilations", dilations, rank)
    numbers = list(zip(size, w.shape[:rank], *steps, strict=True))
    axes = tuple(Axis(*each, *pair) for each, pair in zip(numbers, _pairs(padding, numbers), strict=True))
    for number, axis in enumerate(axes):
        if axis.kernel < 1:
            raise ValueError(f"w has shape {w.shape}, a kernel without taps on axis {number}")
        if axis.shortfall:
            raise ValueError(
                f"on axis {number} the dilated kernel covers {axis.span} cells of a padded input of "
                f"{axis.padded}, so the output size would be negative (stride {axis.stride})"
            )
    known = x.dtype.name in ("float16", "bfloat16", "float32", "float64", "int32")
    return Layer(axes, groups, epilogue, format_of(x.dtype if known else np.dtype(np.float64)), first)


def _for_axes(name: str, numbers: int | Sequence[int], rank: int) -> tuple[int, ...]:
    steps = (numbers,) * rank if isinstance(numbers, (int, np.integer)) else tuple(numbers)
    if len(steps) != rank or min(steps) < 1:
        raise ValueError(f"{name} {numbers!r} is not a positive number, or one for each of {rank} axes")
    return tuple(int(step) for step in steps)


def _pairs(
    padding: str | Sequence[Sequence[int]], numbers: Sequence[tuple[int, int, int, int]]
) -> list[tuple[int, int]]:
    if isinstance(padding, str):
        if padding.upper() == "SAME":
            return [same_padding(*each) for each in numbers]
        if padding.upper() == "VALID":
            return [(0, 0) for _ in numbers]
        raise ValueError(f"padding {padding!r} is neither 'SAME', 'VALID' nor (before, after) pairs")
    pairs = [tuple(int(cells) for cells in pair) for pair in padding]
    if len(pairs) == len(numbers) + 2 and pairs.count((0, 0)) >= 2:
        # All axes, TensorFlow's way: the two pairs of (0, 0) that stand for batch and channels.
        pairs = pairs[1:-1] if pairs[-1] == (0, 0) else pairs[2:]
    if len(pairs) != len(numbers) or any(len(pair) != 2 or min(pair) < 0 for pair in pairs):
        raise ValueError(f"padding {padding!r} is not a (before, after) pair for each spatial axis")
    return [(pair[0], pair[1]) for pair in pairs]


def linear(layer: Layer, given: Operands, *, exact: bool = False) -> Array:
    """The convolution and its bias, before any activation, channels first where the layer is.

    `exact` says that plain sums are exact; elsewhere float64 operands are summed in twice the
    precision.
    """
    x = _channels_last(layer, given.input)
    doubled = layer.format.token == "f64" and not exact
    answer = _convolve(x, given.filters, layer, given.bias, doubled=doubled)
    if layer.format.exact_integers:
        answer = answer.astype(np.int32).astype(np.float64)
    return _in_data_format(layer, answer)


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
    contract = dot2 if doubled else _dot
    kind = np.int64 if x.dtype.kind in "iub" else np.float64
    windows = _windows(_pad(x, layer.axes, kind), layer.axes)
    places = (x.shape[0], *(axis.out for axis in layer.axes))
    filters = w.shape[-1] // layer.groups
    members, taps = w.shape[-2], w.size // w.shape[-1]
    rows = max(SLAB // (8 * taps), 1)
    matrix = np.empty((min(rows, math.prod(places)), taps), dtype=kind)
    answer = np.empty((layer.groups, *places, filters), dtype=kind)
    for group in range(layer.groups):
        share = slice(group * filters, (group + 1) * filters)
        view = windows[..., group * members : (group + 1) * members]
        weights = w[..., share].reshape(taps, filters).astype(kind)
        offset = None if bias is None else bias[share].astype(kind)
        for slab in slabs(places, rows):
            block = view[slab]
            used = matrix[: math.prod(block.shape) // taps]
            used.reshape(block.shape)[...] = block
            contract(used, weights, offset, answer[group][slab].reshape(-1, filters))
    return np.moveaxis(answer, 0, -2).reshape(*places, w.shape[-1])


def _dot(rows: Array, weights: Array, offset: Array | None, out: Array) -> None:
    np.matmul(rows, weights, out=out)
    if offset is not None:
        out += offset


def _pad(x: Array, axes: tuple[Axis, ...], kind: Any) -> Array:
    padded = np.zeros((x.shape[0], *(axis.padded for axis in axes), x.shape[-1]), dtype=kind)
    inner = tuple(slice(axis.before, axis.before + axis.size) for axis in axes)
    padded[(slice(None), *inner)] = x
    return padded


def _windows(padded: Array, axes: tuple[Axis, ...]) -> Array:
    """Every window as a view: (batch, *out, *kernel, channels). NumPy checks that it stays inside."""
    batch, *between, channel = padded.strides
    steps = [stride * axis.stride for stride, axis in zip(between, axes, strict=True)]
    reach = [stride * axis.dilation for stride, axis in zip(between, axes, strict=True)]
    out, kernel = [axis.out for axis in axes], [axis.kernel for axis in axes]
    shape = (padded.shape[0], *out, *kernel, padded.shape[-1])
    if 0 in shape:
        return np.zeros(shape, dtype=padded.dtype)
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
