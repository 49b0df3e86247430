"""Index maps: the cells that windows read, as data, and the convolution that reads them.

A map of one axis has a row for each window and a column for each tap: the cell of the input that the
tap reads. The size of the axis, which is no cell, stands for a zero. Padding that repeats cells has theirs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from verify.cases.case import Case
from verify.cases.geometry import Axis
from verify.cases.modes import sources_of
from verify.cases.operands import Array
from verify.oracle.dynamic import bias_of_sums
from verify.oracle.epilogue import follow, wrapped
from verify.oracle.problem import channels_last, problem_of
from verify.oracle.requantised import centred

Map: TypeAlias = NDArray[np.int64]
Maps: TypeAlias = list[Map]


def cells_read(axis: Axis, *, stride: int = 0, dilation: int = 0, before: int | None = None) -> Map:
    """The cells that windows meet, counted from the first of the input; padding lies outside 0 … size−1.

    A number that is given replaces the axis's. There are as many windows as the axis has.
    """
    first = np.arange(axis.out)[:, np.newaxis] * (stride or axis.stride)
    taps = np.arange(axis.kernel) * (dilation or axis.dilation)
    return first + taps - (axis.before if before is None else before)


def zero_outside(axis: Axis, cells: Map) -> Map:
    """A map of cells, in which those outside the input stand for zeros."""
    return np.where((cells >= 0) & (cells < axis.size), cells, axis.size)


def map_of(axis: Axis, **numbers: int) -> Map:
    """The cells that windows read, with the numbers of `cells_read`."""
    return sources_of(axis.mode, cells_read(axis, **numbers), axis.size)


def right_maps(case: Case) -> Maps:
    return [map_of(axis) for axis in case.axes]


def outs_of(axes: tuple[Axis, ...]) -> list[int]:
    return [axis.out for axis in axes]


def sums_by_maps(case: Case, maps: Maps) -> Array:
    """Σ x·w for each element of the answer, without a bias, in the case's data format.

    float64, or int64 for integers. Of a `filtergrad` it is the gradient of the filters.
    """
    x, factor = factors(case, np.int64 if case.format.exact_integers else np.float64)
    with np.errstate(invalid="ignore", over="ignore"):
        if case.traits.answer == "source":
            answer = _scattered(x, factor, case=case, maps=maps)
        else:
            windows = windows_by_maps(x, case=case, maps=maps)
            answer = contracted(windows, factor, case=case, outs=[*map(len, maps)])
        if case.pointwise is not None:
            answer = answer @ case.pointwise.reshape(case.pointwise.shape[-2:]).astype(x.dtype)
    is_moved = case.channels_first and case.traits.answers_image
    return np.moveaxis(answer, -1, 1) if is_moved else answer


def factors(case: Case, kind: Any) -> tuple[Array, Array]:
    """The input and what it is multiplied with, channels last, as `kind`."""
    operands = centred(problem_of(case), case.operands)
    x, factor = channels_last(case, operands.input), operands.factor
    if case.traits.factor == "result":
        factor = channels_last(case, factor)
    return x.astype(kind), factor.astype(kind)


def indices(maps: Maps) -> tuple[Any, ...]:
    """The maps as indices that broadcast to (*out, *kernel)."""
    rank = len(maps)
    shapes = []
    for axis, (out, kernel) in enumerate(cells.shape for cells in maps):
        shape = [1] * (2 * rank)
        shape[axis], shape[rank + axis] = out, kernel
        shapes.append(shape)
    return tuple(cells.reshape(shape) for cells, shape in zip(maps, shapes, strict=True))


def windows_by_maps(x: Array, *, case: Case, maps: Maps) -> Array:
    """Every window, (batch, windows, taps, channels)."""
    with_zero = np.zeros((len(x), *(size + 1 for size in case.size), x.shape[-1]), x.dtype)
    with_zero[(slice(None), *map(slice, case.size))] = x
    windows = with_zero[(slice(None), *indices(maps))]
    return windows.reshape(len(x), math.prod(map(len, maps)), math.prod(case.kernel), x.shape[-1])


def groups_of(case: Case) -> list[tuple[slice, slice]]:
    """Each group's channels and filters."""
    members, filters = case.channels // case.groups, case.filter_count // case.groups
    return [
        (slice(group * members, (group + 1) * members), slice(group * filters, (group + 1) * filters))
        for group in range(case.groups)
    ]


def contracted(
    windows: Array,
    factor: Array,
    *,
    case: Case,
    outs: Sequence[int] | None = None,
    keeps_terms: bool = False,
) -> Array:
    """The sums of the products of windows and what they are multiplied with, channels last.

    There are `outs` windows along the axes, as the case has unless they are given. Where it `keeps_terms`,
    the products themselves, those of one sum along the first axis.
    """
    batch, places, taps, channels = windows.shape
    shape = (batch, *(outs_of(case.axes) if outs is None else outs), case.filter_count)
    if case.traits.has_multiplier:
        weights = factor.reshape(taps, channels, case.multiplier)
        if keeps_terms:
            answer = np.moveaxis(windows, 2, 0)[..., np.newaxis] * weights[:, np.newaxis, np.newaxis]
        else:
            answer = np.einsum("notc,tcm->nocm", windows, weights)
        return answer.reshape(*answer.shape[:-4], *shape[:-1], channels * case.multiplier)
    rows, terms = batch * places, taps * (channels // case.groups)
    is_gradient = case.traits.answer == "filters"
    table = factor.reshape(rows if is_gradient else terms, case.filter_count)
    parts = []
    for members, filters in groups_of(case):
        matrix = windows[..., members].reshape(rows, terms)
        left, right = matrix.T if is_gradient else matrix, table[:, filters]
        parts.append(left.T[..., np.newaxis] * right[:, np.newaxis] if keeps_terms else left @ right)
    answer = np.concatenate(parts, axis=-1)
    return answer.reshape(*answer.shape[:-2], *(case.filter_shape if is_gradient else shape))


def _scattered(y: Array, w: Array, *, case: Case, maps: Maps) -> Array:
    """The gradient with respect to the input: every product is added to the cell that was read."""
    with_zero = np.zeros((len(y), *(size + 1 for size in case.size), case.channels), y.dtype)
    taps, places = math.prod(case.kernel), math.prod(outs_of(case.axes))
    cotangent = y.reshape(len(y), places, case.filter_count)
    table = w.reshape(taps, *w.shape[-2:])
    shape = (len(y), *outs_of(case.axes), *case.kernel, w.shape[-2])
    for channels, filters in groups_of(case):
        products = np.einsum("nof,tcf->notc", cotangent[..., filters], table[..., filters])
        np.add.at(with_zero[..., channels], (slice(None), *indices(maps)), products.reshape(shape))
    return with_zero[(slice(None), *map(slice, case.size))]


def finished(case: Case, sums: Array) -> Array:
    """The answer from the sums of products: the bias, what follows it, the dtype."""
    with np.errstate(invalid="ignore", over="ignore"):
        problem = problem_of(case)
        if (bias := bias_of_sums(problem, case.operands)) is not None:
            shape = (-1, *(1,) * case.rank) if case.channels_first else (-1,)
            sums = sums + bias.astype(sums.dtype).reshape(shape)
        values, _ = follow(problem, case.operands, wrapped(sums, case.format))
    return cast(values, case.dtype)


def cast(values: Array, dtype: np.dtype[Any]) -> Array:
    with np.errstate(over="ignore", invalid="ignore"):
        return values.astype(dtype)
