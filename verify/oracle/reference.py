"""The reference: NumPy's answer to a case, and the same convolution over plain arrays.

Pad, view windows, contract. It imports no padding arithmetic but `verify.cases.geometry`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from verify.cases.case import Case
from verify.cases.operands import Array, Operands
from verify.oracle.compensated import SPLITTABLE, dot2
from verify.oracle.epilogue import follow
from verify.oracle.operations import bias_gradient, depthwise, filter_gradient, transpose
from verify.oracle.problem import Problem, problem_from, problem_of
from verify.oracle.threads import spread, threads
from verify.oracle.windows import pad, slabs, windows_of

SLAB = 2**21
"""Bytes of window matrix worked at a time, by all threads (or one window each, where that is larger)."""


def reference(case: Case) -> Array:
    """The answer to a case as float64, shape `case.output_shape`.

    Exact where the fill promises exactness; elsewhere within the error that `verify.oracle.bounds` adds
    for it (float64 sums; for f64, sums in twice the precision). i32 wraps to 32 bits.
    """
    problem, operands = problem_of(case), case.make_operands()
    values, _ = follow(problem, operands, linear(problem, operands))
    return values


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
    problem = problem_from(
        x,
        w,
        strides=strides,
        padding=padding,
        dilations=dilations,
        groups=groups,
        bias=b,
        data_format=data_format,
    )
    return _in_data_format(problem, _convolve(_channels_last(problem, x), w, problem=problem, bias=b))


def linear(problem: Problem, operands: Operands, *, exact: bool = False) -> Array:
    """The operation and its bias, before what else follows, in the problem's data format.

    `exact` says that plain sums are exact; elsewhere float64 operands of a convolution are summed in
    twice the precision, where `is_doubled` allows it.
    """
    answer = _operate(problem, operands, doubled=not exact and is_doubled(problem, operands))
    if problem.format.exact_integers:
        answer = answer.astype(problem.format.dtype).astype(np.float64)
    return answer


def is_doubled(problem: Problem, operands: Operands) -> bool:
    """Whether sums are worked in twice float64's precision: f64 operands whose products can be split."""
    if problem.format.token != "f64" or problem.operation != "conv":
        return False
    factors = (operands.input, operands.factor, operands.bias)
    return all(part is None or np.abs(part).max(initial=0.0) < SPLITTABLE for part in factors)


def magnitudes(problem: Problem, operands: Operands) -> Array:
    """Σ|x||w| + |b| for each element of the answer, in float64; |x||w||p| for `separable`."""
    sizes = {name: _absolute(array) for name, array in operands._asdict().items()}
    return _operate(problem, Operands(**sizes))


def intermediate(problem: Problem, operands: Operands) -> Array:
    """Σ|x||w| for each element between the two steps of a `separable`, channels last."""
    x = _absolute(_channels_last(problem, operands.input))
    with np.errstate(invalid="ignore"):
        return depthwise(x, _absolute(operands.factor), problem=problem, kind=np.float64)


def _absolute(array: Any) -> Any:
    return None if array is None else np.abs(array.astype(np.float64))


def _operate(problem: Problem, operands: Operands, *, doubled: bool = False) -> Array:
    x, factor = _channels_last(problem, operands.input), operands.factor
    if problem.operation == "conv":
        answer = _convolve(x, factor, problem=problem, bias=operands.bias, doubled=doubled)
        return _in_data_format(problem, answer)
    kind = np.int64 if x.dtype.kind in "iu" and factor.dtype.kind in "iu" else np.float64
    with np.errstate(invalid="ignore", over="ignore"):
        match problem.operation:
            case "depthwise":
                answer = depthwise(x, factor, problem=problem, kind=kind)
            case "separable":
                between = depthwise(x, factor, problem=problem, kind=kind)
                assert operands.pointwise is not None
                answer = between @ operands.pointwise.reshape(operands.pointwise.shape[-2:]).astype(kind)
            case "transpose":
                answer = transpose(x, factor, problem=problem, kind=kind)
            case "filtergrad":
                y = _channels_last(problem, factor)
                # With a bias, the gradient of the bias; neither answer is an image.
                if problem.epilogue:
                    return bias_gradient(y, kind)
                return filter_gradient(x, y, problem=problem, kind=kind)
        if operands.bias is not None:
            answer = answer + operands.bias.astype(kind)
    return _in_data_format(problem, answer)


def _channels_last(problem: Problem, x: Array) -> Array:
    return np.moveaxis(x, 1, -1) if problem.channels_first else x


def _in_data_format(problem: Problem, y: Array) -> Array:
    return np.moveaxis(y, -1, 1) if problem.channels_first else y


def _convolve(x: Array, w: Array, *, problem: Problem, bias: Array | None, doubled: bool = False) -> Array:
    """Pad, view windows, contract; channels last."""
    whole = x.dtype.kind in "iub" and w.dtype.kind in "iub" and (bias is None or bias.dtype.kind in "iub")
    kind = np.int64 if whole else np.float64
    weights = w.astype(kind)
    windows = windows_of(pad(x, problem.axes, kind=kind), problem.axes)
    if problem.groups == 1:
        return _contract(windows, weights, bias=bias, doubled=doubled)
    members, filters = w.shape[-2], w.shape[-1] // problem.groups
    parts = []
    for group in range(problem.groups):
        share = slice(group * filters, (group + 1) * filters)
        view = windows[..., group * members : (group + 1) * members]
        offset = None if bias is None else bias[share]
        parts.append(_contract(view, weights[..., share], bias=offset, doubled=doubled))
    return np.concatenate(parts, axis=-1)


def _contract(windows: Array, weights: Array, *, bias: Array | None, doubled: bool) -> Array:
    """Windows (batch, *out, *kernel, c) by weights (*kernel, c, f), and the bias: (batch, *out, f).

    The window matrix is worked a slab at a time, shared out to threads; a small one is one slab.
    """
    places, filters = windows.shape[: weights.ndim - 1], weights.shape[-1]
    table = weights.reshape(-1, filters)
    taps, offset = len(table), None if bias is None else bias.astype(table.dtype)
    contract = dot2 if doubled else _dot
    if windows.size * 8 <= SLAB:
        return contract(windows.reshape(-1, taps), table, offset=offset).reshape(*places, filters)
    answer = np.empty((*places, filters), dtype=table.dtype)
    rows = max(SLAB // (8 * taps * threads()), 1)

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
