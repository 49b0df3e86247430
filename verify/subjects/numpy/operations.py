"""The operations of a case, each as correlations without padding."""

from __future__ import annotations

from typing import Any

import numpy as np

from verify.cases.case import Case
from verify.cases.modes import numpy_mode
from verify.subjects.numpy.direct import Array, Correlation


def answer_by(correlate: Correlation, case: Case, *, gradient: Correlation | None = None) -> Array:
    """The answer to a case by a correlation, with what comes before and after it.

    A gradient of filters is a correlation with the cotangent, by one of its own where there is a `gradient`.
    """
    kind = accumulator(case)
    with np.errstate(invalid="ignore", over="ignore"):
        if case.traits.answer == "filters":
            return filter_gradient(gradient or correlate, case, kind).astype(case.dtype)
        act = transpose if case.traits.answer == "source" else forward
        sums = act(correlate, case, kind)
        if case.bias is not None:
            sums = sums + case.bias.astype(kind)
        if "relu" in case.epilogue:
            sums = np.maximum(sums, 0)
        answer = sums.astype(case.dtype)
    return np.moveaxis(answer, -1, 1) if case.channels_first else answer


def accumulator(case: Case) -> Any:
    """The dtype that products are added in: float32 for what is narrower."""
    return case.dtype if case.dtype.kind in "iu" or case.dtype.itemsize > 4 else np.dtype(np.float32)


def channels_last(case: Case, image: Array) -> Array:
    return np.moveaxis(image, 1, -1) if case.channels_first else image


def padded_input(case: Case, kind: Any) -> Array:
    """The input with its padding and its border; without the cells that no window reaches."""
    ends = [(axis.before, axis.after) for axis in case.axes]
    return padded(case, channels_last(case, case.input).astype(kind), [(0, 0), *ends, (0, 0)])


def padded(case: Case, array: Array, ends: list[tuple[int, int]]) -> Array:
    """An array with cells at its ends, by the case's mode of padding."""
    mode: Any = numpy_mode(case.padding_mode)
    return np.pad(array, ends, mode=mode) if any(map(any, ends)) else array


def forward(correlate: Correlation, case: Case, kind: Any) -> Array:
    """A convolution of groups; a depthwise one has as many groups as channels."""
    x, w, groups = padded_input(case, kind), case.filters.astype(kind), case.groups
    if case.traits.has_multiplier:
        groups = case.channels
        w = w.reshape(*w.shape[:-2], 1, -1)
    if not all(axis.out for axis in case.axes):
        return np.zeros((len(x), *(axis.out for axis in case.axes), w.shape[-1]), kind)
    parts = zip(np.split(x, groups, axis=-1), np.split(w, groups, axis=-1), strict=True)
    return np.concatenate([correlate(*part, case.strides, case.dilations) for part in parts], axis=-1)


def transpose(correlate: Correlation, case: Case, kind: Any) -> Array:
    """The same of the cotangent, with zeros between its cells and around it, and filters turned round."""
    y, w = channels_last(case, case.input).astype(kind), case.filters.astype(kind)
    rank, axes = case.rank, case.axes
    if not all(axis.padded for axis in axes):
        return np.zeros((len(y), *case.size, case.channels), kind)
    wide = [axis.padded + axis.span - 1 for axis in axes]
    spread = np.zeros((len(y), *wide, y.shape[-1]), kind)
    cells = tuple(
        slice(axis.span - 1, axis.span + (axis.out - 1) * axis.stride, axis.stride) if axis.out else slice(0)
        for axis in axes
    )
    spread[(slice(None), *cells)] = y
    turned = np.swapaxes(np.flip(w, tuple(range(rank))), -1, -2)
    inputs, filters = np.split(spread, case.groups, axis=-1), np.split(turned, case.groups, axis=-2)
    ones = (1,) * rank
    parts = [correlate(*part, ones, case.dilations) for part in zip(inputs, filters, strict=True)]
    whole = np.concatenate(parts, axis=-1)
    if case.padding_mode != "zeros":
        return _added_to_cells(case, whole)
    inside = tuple(slice(axis.before, axis.before + axis.size) for axis in axes)
    return whole[(slice(None), *inside)]


def _added_to_cells(case: Case, whole: Array) -> Array:
    """The gradient of each place of a padded input, added to that of the cell that it repeats."""
    cells = np.arange(int(np.prod(case.size))).reshape(case.size)
    repeated = padded(case, cells, [(axis.before, axis.after) for axis in case.axes]).ravel()
    flat = np.zeros((len(whole), cells.size, whole.shape[-1]), whole.dtype)
    parts = whole.reshape(len(whole), repeated.size, whole.shape[-1])
    for place, cell in enumerate(repeated.tolist()):
        flat[:, cell] += parts[:, place]
    return flat.reshape(len(whole), *case.size, whole.shape[-1])


def filter_gradient(correlate: Correlation, case: Case, kind: Any) -> Array:
    """A correlation of the input and the cotangent, whose images are its channels."""
    y = channels_last(case, case.cotangent).astype(kind)
    if case.epilogue:
        return np.asarray(y.reshape(-1, y.shape[-1]).sum(axis=0, dtype=kind))
    if not all(axis.out for axis in case.axes):
        return np.zeros(case.output_shape, kind)
    x = _read(case, padded_input(case, kind))
    inputs = np.split(np.moveaxis(x, -1, 0), case.groups, axis=0)
    factors = np.split(np.moveaxis(y, 0, -2), case.groups, axis=-1)
    parts = zip(inputs, factors, strict=True)
    taps = [correlate(np.moveaxis(x, 1, -1), y, case.dilations, case.strides) for x, y in parts]
    return np.moveaxis(np.concatenate(taps, axis=-1), 0, -2)


def _read(case: Case, x: Array) -> Array:
    """The padded input up to the last cell that a window reads."""
    ends = [(axis.out - 1) * axis.stride + axis.span for axis in case.axes]
    return x[(slice(None), *map(slice, ends))]
