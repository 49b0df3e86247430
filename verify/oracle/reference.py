"""The reference: NumPy's answer to a case.

Pad, view windows, contract; the other operations from their own definitions, a tap at a time: what a tap
reads, or adds to, is a strided part of the padded input. All work channels last. No padding arithmetic is
imported but `verify.cases.geometry`.
Dumoulin and Visin, "A guide to convolution arithmetic for deep learning", arXiv:1603.07285, chapter 4.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from verify.cases.case import Case
from verify.cases.exactness import promises_exact_sums
from verify.cases.geometry import Axis
from verify.cases.large import require_whole
from verify.cases.modes import ZEROS
from verify.cases.operands import Array, Operands
from verify.oracle.compensated import SPLITTABLE, dot2
from verify.oracle.epilogue import follow, wrapped
from verify.oracle.problem import Problem, channels_last, in_data_format, problem_of
from verify.oracle.requantised import centred
from verify.oracle.threads import blas_threads, spread

SLAB = 2**21
"""Bytes of the window matrix that all threads hold at a time (at least one window each)."""


def reference(case: Case) -> Array:
    """The answer to a case as float64, shape `case.output_shape`.

    Exact where the fill promises exactness, which takes one product in float64; elsewhere within the error
    that `verify.oracle.bounds` adds for it (float64 sums; for float64, sums in twice the precision). int32
    wraps to 32 bits, and a quantised answer is the nearest step.
    """
    require_whole(case)
    problem, operands = problem_of(case), case.make_operands()
    answer = linear(problem, operands, exact=promises_exact_sums(case))
    values, _ = follow(problem, operands, answer)
    return values


def linear(problem: Problem, operands: Operands, *, exact: bool = False) -> Array:
    """The operation and its bias, before what else follows, in the problem's data format.

    Of a quantised problem it is the sum of integers, each without its zero point.

    `exact` says that plain sums are exact; elsewhere float64 operands of a convolution are summed in
    twice the precision, where `is_doubled` allows it.
    """
    doubled = not exact and is_doubled(problem, operands)
    return wrapped(_operate(problem, centred(problem, operands), doubled=doubled), problem.format)


def is_doubled(problem: Problem, operands: Operands) -> bool:
    """Whether sums are computed in twice float64's precision: of float64 whose products can be split."""
    if problem.format.token != "float64" or not problem.traits.is_convolution:
        return False
    factors = (operands.input, operands.factor, operands.bias)
    return all(part is None or np.abs(part).max(initial=0.0) < SPLITTABLE for part in factors)


def magnitudes(problem: Problem, operands: Operands) -> Array:
    """Σ|x||w| + |b| for each element of the answer, in float64; |x||w||p| for `separable`."""
    sizes = {name: _absolute(array) for name, array in operands._asdict().items()}
    return _operate(problem, Operands(**sizes))


def intermediate(problem: Problem, operands: Operands) -> Array:
    """Σ|x||w| for each element between the two steps of a `separable`, channels last."""
    x = _absolute(channels_last(problem, operands.input))
    with np.errstate(invalid="ignore"):
        return depthwise(x, _absolute(operands.factor), problem=problem, kind=np.float64)


def _absolute(array: Any) -> Any:
    return None if array is None else np.abs(array.astype(np.float64))


def _operate(problem: Problem, operands: Operands, *, doubled: bool = False) -> Array:
    x, factor, traits = channels_last(problem, operands.input), operands.factor, problem.traits
    if traits.is_convolution:
        answer = _convolve(x, factor, problem=problem, bias=operands.bias, doubled=doubled)
        return in_data_format(problem, answer)
    kind = np.int64 if x.dtype.kind in "iu" and factor.dtype.kind in "iu" else np.float64
    with np.errstate(invalid="ignore", over="ignore"):
        if traits.answer == "filters":
            y = channels_last(problem, factor)
            # With a bias, the gradient of the bias; neither answer is an image.
            if problem.epilogue:
                return bias_gradient(y, kind)
            return filter_gradient(x, y, problem=problem, kind=kind)
        act = transpose if traits.answer == "source" else depthwise
        answer = act(x, factor, problem=problem, kind=kind)
        if operands.pointwise is not None:
            answer = answer @ operands.pointwise.reshape(operands.pointwise.shape[-2:]).astype(kind)
        if operands.bias is not None:
            answer = answer + operands.bias.astype(kind)
    return in_data_format(problem, answer)


def _convolve(x: Array, w: Array, *, problem: Problem, bias: Array | None, doubled: bool = False) -> Array:
    """Pad, view windows, contract; channels last."""
    whole = x.dtype.kind in "iub" and w.dtype.kind in "iub" and (bias is None or bias.dtype.kind in "iub")
    kind = np.int64 if whole else np.float64
    weights = w.astype(kind)
    windows = windows_of(pad(x, problem.axes, kind=kind), problem.axes)
    if problem.groups == 1:
        return _contract(windows, weights, bias=bias, doubled=doubled)
    parts = []
    for group in range(problem.groups):
        members, filters = _share(group, w.shape[-2]), _share(group, w.shape[-1] // problem.groups)
        offset = None if bias is None else bias[filters]
        parts.append(_contract(windows[..., members], weights[..., filters], bias=offset, doubled=doubled))
    return np.concatenate(parts, axis=-1)


def _contract(windows: Array, weights: Array, *, bias: Array | None, doubled: bool) -> Array:
    """Windows (batch, *out, *kernel, c) by weights (*kernel, c, f), and the bias: (batch, *out, f).

    The window matrix is made in slabs, which threads share; a small one is one slab.
    """
    places, filters = windows.shape[: weights.ndim - 1], weights.shape[-1]
    table = weights.reshape(-1, filters)
    taps, offset = len(table), None if bias is None else bias.astype(table.dtype)
    contract = dot2 if doubled else _dot
    if windows.size * 8 <= SLAB:
        return contract(windows.reshape(-1, taps), table, offset=offset).reshape(*places, filters)
    answer = np.empty((*places, filters), dtype=table.dtype)
    rows = max(SLAB // (8 * taps * blas_threads()), 1)

    def work(taken: Iterator[Any]) -> None:
        matrix = np.empty((rows, taps), dtype=table.dtype)
        for slab in taken:
            view = windows[slab]
            used = matrix[: view.size // taps]
            used.reshape(view.shape)[...] = view
            contract(used, table, offset=offset, out=answer[slab].reshape(-1, filters))

    spread(work, slabs(places, rows))
    return answer


def _dot(rows: Array, table: Array, *, offset: Array | None, out: Array | None = None) -> Array:
    with np.errstate(invalid="ignore", over="ignore"):
        products = np.matmul(rows, table, out=out)
        if offset is not None:
            products += offset
    return products


def depthwise(x: Array, w: Array, *, problem: Problem, kind: Any) -> Array:
    """y[n, o, c·m + j] = Σ_t x[n, o·stride + t·dilation − before, c] · w[t, c, j]; m is the multiplier."""
    padded = pad(x, problem.axes, kind=kind)
    answer = np.zeros((len(x), *(axis.out for axis in problem.axes), *w.shape[-2:]), dtype=kind)
    for tap, cells in tap_slices(problem):
        answer += padded[cells][..., np.newaxis] * w[tap].astype(kind)
    return answer.reshape(*answer.shape[:-2], w.shape[-2] * w.shape[-1])


def transpose(y: Array, w: Array, *, problem: Problem, kind: Any) -> Array:
    """The gradient with respect to the input, by scattering.

    Each element of the cotangent y adds its products to the cells that its window read:
    x[n, o·stride + t·dilation − before, c] += y[n, o, f] · w[t, c, f]; those on padding are dropped, or
    added to the cells that it repeats.
    """
    channels = w.shape[-2] * problem.groups
    padded = np.zeros((len(y), *(axis.padded for axis in problem.axes), channels), dtype=kind)
    for tap, cells in tap_slices(problem):
        for group in range(problem.groups):
            members, filters = _share(group, w.shape[-2]), _share(group, w.shape[-1] // problem.groups)
            products = y[..., filters].astype(kind) @ w[tap][:, filters].T.astype(kind)
            padded[cells][..., members] += products
    return folded(padded, problem.axes)


def filter_gradient(x: Array, y: Array, *, problem: Problem, kind: Any) -> Array:
    """The gradient with respect to the filters, a correlation of the input and the cotangent y.

    w[t, c, f] = Σ_(n, o) x[n, o·stride + t·dilation − before, c] · y[n, o, f].
    """
    padded = pad(x, problem.axes, kind=kind)
    members, filters = x.shape[-1] // problem.groups, y.shape[-1] // problem.groups
    answer = np.zeros((*(axis.kernel for axis in problem.axes), members, y.shape[-1]), dtype=kind)
    for tap, cells in tap_slices(problem):
        for group in range(problem.groups):
            share = _share(group, filters)
            read = padded[cells][..., _share(group, members)].reshape(-1, members)
            answer[tap][:, share] = read.T @ y[..., share].reshape(-1, filters).astype(kind)
    return answer


def bias_gradient(y: Array, kind: Any) -> Array:
    """b[f] = Σ_(n, o) y[n, o, f]."""
    return np.asarray(y.reshape(-1, y.shape[-1]).sum(axis=0, dtype=kind))


def tap_slices(problem: Problem) -> Iterator[tuple[tuple[int, ...], tuple[slice, ...]]]:
    """Each tap of the kernel, and the cells of the padded input that it meets, one for each window."""
    along = [_met_by_taps(axis) for axis in problem.axes]
    for tap in np.ndindex(*map(len, along)):
        yield tap, (slice(None), *(cells[number] for cells, number in zip(along, tap, strict=True)))


def _met_by_taps(axis: Axis) -> list[slice]:
    """For each tap along an axis the padded cells that it meets."""
    reach = (axis.out - 1) * axis.stride + 1 if axis.out else 0
    firsts = range(0, axis.span, axis.dilation)
    return [slice(first, first + reach, axis.stride) for first in firsts]


def _share(group: int, size: int) -> slice:
    return slice(group * size, (group + 1) * size)


def pad(x: Array, axes: tuple[Axis, ...], *, kind: Any) -> Array:
    """The padded input, contiguous; the input itself if there is no padding.

    Padding is filled along one axis after another, so that corners hold what was filled before.
    """
    if not any(axis.before or axis.after for axis in axes):
        return np.ascontiguousarray(x, dtype=kind)
    padded = np.zeros((x.shape[0], *(axis.padded for axis in axes), x.shape[-1]), dtype=kind)
    padded[_inside(axes)] = x
    for place, axis in enumerate(axes, start=1):
        if axis.mode == ZEROS:
            continue
        along = np.moveaxis(padded, place, 0)
        for outside, inside in _repeated(axis):
            along[outside] = along[inside]
    return padded


def padded_beforehand(problem: Problem, operands: Operands) -> tuple[Problem, Operands]:
    """The same sums of an input that is padded already, where padding repeats cells; others as they are.

    Of a gradient with respect to the input, each place of the padded one has its own.
    """
    if all(axis.mode == ZEROS for axis in problem.axes):
        return problem, operands
    wide = tuple(axis._replace(size=axis.padded, before=0, after=0, mode=ZEROS) for axis in problem.axes)
    if problem.traits.answer != "source":
        x = channels_last(problem, operands.input)
        padded = in_data_format(problem, pad(x, problem.axes, kind=x.dtype))
        operands = operands._replace(input=padded)
    return problem._replace(axes=wide), operands


def folded(padded: Array, axes: tuple[Axis, ...]) -> Array:
    """What `pad` makes of an input, turned round: each place is added to the cell that it repeats."""
    for place, axis in reversed([*enumerate(axes, start=1)]):
        if axis.mode == ZEROS:
            continue
        along = np.moveaxis(padded, place, 0)
        for outside, inside in _repeated(axis):
            along[inside] += along[outside]
    return padded[_inside(axes)]


def _repeated(axis: Axis) -> Iterator[tuple[int, int]]:
    """Each place of padding that repeats a cell, and that cell's place, in the padded axis."""
    if not axis.size:
        return
    for place, cell in enumerate(axis.sources.tolist()):
        if not axis.before <= place < axis.before + axis.size:
            yield place, axis.before + cell


def _inside(axes: tuple[Axis, ...]) -> tuple[slice, ...]:
    """Where the input lies in the padded one."""
    return (slice(None), *(slice(axis.before, axis.before + axis.size) for axis in axes))


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
