"""The operations besides the convolution, each from its own definition; arrays are channels last.

Taps are taken one at a time: what a tap reads, or adds to, is a strided part of the padded input.
Dumoulin and Visin, "A guide to convolution arithmetic for deep learning", arXiv:1603.07285, chapter 4.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from verify.cases.operands import Array
from verify.oracle.problem import Problem
from verify.oracle.windows import pad

Cells = tuple[slice, ...]


def depthwise(x: Array, w: Array, *, problem: Problem, kind: Any) -> Array:
    """y[n, o, c·m + j] = Σ_t x[n, o·stride + t·dilation − before, c] · w[t, c, j]; m is the multiplier."""
    padded = pad(x, problem.axes, kind=kind)
    answer = np.zeros((len(x), *(axis.out for axis in problem.axes), *w.shape[-2:]), dtype=kind)
    for tap, cells in taps(problem):
        answer += padded[cells][..., np.newaxis] * w[tap].astype(kind)
    return answer.reshape(*answer.shape[:-2], w.shape[-2] * w.shape[-1])


def transpose(y: Array, w: Array, *, problem: Problem, kind: Any) -> Array:
    """The gradient with respect to the input, by scattering.

    Each element of the cotangent y adds its products to the cells that its window read:
    x[n, o·stride + t·dilation − before, c] += y[n, o, f] · w[t, c, f]; what falls on padding is lost.
    """
    channels = w.shape[-2] * problem.groups
    padded = np.zeros((len(y), *(axis.padded for axis in problem.axes), channels), dtype=kind)
    for tap, cells in taps(problem):
        for group in range(problem.groups):
            members, filters = _share(group, w.shape[-2]), _share(group, w.shape[-1] // problem.groups)
            products = y[..., filters].astype(kind) @ w[tap][:, filters].T.astype(kind)
            padded[cells][..., members] += products
    inner = tuple(slice(axis.before, axis.before + axis.size) for axis in problem.axes)
    return padded[(slice(None), *inner)]


def filter_gradient(x: Array, y: Array, *, problem: Problem, kind: Any) -> Array:
    """The gradient with respect to the filters, a correlation of the input and the cotangent y.

    w[t, c, f] = Σ_(n, o) x[n, o·stride + t·dilation − before, c] · y[n, o, f].
    """
    padded = pad(x, problem.axes, kind=kind)
    members, filters = x.shape[-1] // problem.groups, y.shape[-1] // problem.groups
    answer = np.zeros((*(axis.kernel for axis in problem.axes), members, y.shape[-1]), dtype=kind)
    for tap, cells in taps(problem):
        for group in range(problem.groups):
            share = _share(group, filters)
            read = padded[cells][..., _share(group, members)].reshape(-1, members)
            answer[tap][:, share] = read.T @ y[..., share].reshape(-1, filters).astype(kind)
    return answer


def bias_gradient(y: Array, kind: Any) -> Array:
    """b[f] = Σ_(n, o) y[n, o, f]."""
    return np.asarray(y.reshape(-1, y.shape[-1]).sum(axis=0, dtype=kind))


def taps(problem: Problem) -> Iterator[tuple[tuple[int, ...], Cells]]:
    """Each tap of the kernel, and the cells of the padded input that it meets, one for each window."""
    for tap in np.ndindex(*(axis.kernel for axis in problem.axes)):
        cells = [slice(None)]
        for number, axis in zip(tap, problem.axes, strict=True):
            first = number * axis.dilation
            end = first + (axis.out - 1) * axis.stride + 1 if axis.out else first
            cells.append(slice(first, end, axis.stride))
        yield tap, tuple(cells)


def _share(group: int, size: int) -> slice:
    return slice(group * size, (group + 1) * size)
