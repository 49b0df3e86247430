"""Correlations that are no sums of products: fast Fourier transforms, and Winograd's F(m, 3).

They take and answer what those of `verify.subjects.numpy.direct` do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from verify.subjects.numpy.direct import Array, Correlation, windows_of

TAPS = 3


def fourier(x: Array, w: Array, strides: Sequence[int], dilations: Sequence[int]) -> Array:
    """By a transform of the whole image, of the next power of two along each axis."""
    rank = w.ndim - 2
    spread = np.zeros(
        (*((taps - 1) * step + 1 for taps, step in zip(w.shape, dilations, strict=False)), *w.shape[-2:]),
        w.dtype,
    )
    spread[tuple(slice(None, None, step) for step in dilations)] = w
    sizes = [1 << (max(size, 1) - 1).bit_length() for size in x.shape[1:-1]]
    image = np.fft.rfftn(x, sizes, axes=range(1, 1 + rank))
    filters = np.fft.rfftn(spread, sizes, axes=range(rank))
    sums = np.einsum("n...c,...cf->n...f", image, filters.conj())
    answer = np.fft.irfftn(sums, sizes, axes=range(1, 1 + rank)).astype(x.dtype)
    ends = [size - span + 1 for size, span in zip(x.shape[1:-1], spread.shape, strict=False)]
    kept = tuple(slice(0, end, stride) for end, stride in zip(ends, strides, strict=True))
    return np.asarray(answer[(slice(None), *kept)])


class Matrices(NamedTuple):
    """Aᵀ, G and Bᵀ of F(m, 3), as they are printed."""

    output: Array
    kernel: Array
    cells: Array


MATRICES: Mapping[int, Matrices] = MappingProxyType(
    {
        2: Matrices(
            np.array([[1, 1, 1, 0], [0, 1, -1, -1]]),
            np.array([[2, 0, 0], [1, 1, 1], [1, -1, 1], [0, 0, 2]]) / 2,
            np.array([[1, 0, -1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, 1, 0, -1]]),
        ),
        4: Matrices(
            np.array([[1, 1, 1, 1, 1, 0], [0, 1, -1, 2, -2, 0], [0, 1, 1, 4, 4, 0], [0, 1, -1, 8, -8, 1]]),
            np.array([[6, 0, 0], [-4, -4, -4], [-4, 4, -4], [1, 2, 4], [1, -2, 4], [0, 0, 24]]) / 24,
            np.array(
                [
                    [4, 0, -5, 0, 1, 0],
                    [0, -4, -4, 1, 1, 0],
                    [0, 4, -4, -1, 1, 0],
                    [0, -2, -1, 2, 1, 0],
                    [0, 2, -1, -2, 1, 0],
                    [0, 4, 0, -5, 0, 1],
                ]
            ),
        ),
        6: Matrices(
            np.array(
                [
                    [1, 1, 1, 1, 1, 1, 1, 0],
                    [0, 1, -1, 2, -2, 1 / 2, -1 / 2, 0],
                    [0, 1, 1, 4, 4, 1 / 4, 1 / 4, 0],
                    [0, 1, -1, 8, -8, 1 / 8, -1 / 8, 0],
                    [0, 1, 1, 16, 16, 1 / 16, 1 / 16, 0],
                    [0, 1, -1, 32, -32, 1 / 32, -1 / 32, 1],
                ]
            ),
            np.array(
                [
                    [90, 0, 0],
                    [-20, -20, -20],
                    [-20, 20, -20],
                    [1, 2, 4],
                    [1, -2, 4],
                    [64, 32, 16],
                    [64, -32, 16],
                    [0, 0, 90],
                ]
            )
            / 90,
            np.array(
                [
                    [4, 0, -21, 0, 21, 0, -4, 0],
                    [0, 4, 4, -17, -17, 4, 4, 0],
                    [0, -4, 4, 17, -17, -4, 4, 0],
                    [0, 2, 1, -10, -5, 8, 4, 0],
                    [0, -2, 1, 10, -5, -8, 4, 0],
                    [0, 8, 16, -10, -20, 2, 4, 0],
                    [0, -8, 16, 10, -20, -2, 4, 0],
                    [0, -4, 0, 21, 0, -21, 0, 4],
                ]
            )
            / 4,
        ),
    }
)
"""m → the matrices of F(m, 3): Lavin and Gray, arXiv:1509.09308; F(6, 3) as in NNPACK."""


def winograd(m: int) -> Correlation:
    """By tiles of m outputs along each axis, for three taps, stride 1 and dilation 1."""

    def correlate(x: Array, w: Array, strides: Sequence[int], dilations: Sequence[int]) -> Array:
        matrices = Matrices(*(matrix.astype(x.dtype) for matrix in MATRICES[m]))
        rank, tile = w.ndim - 2, m + TAPS - 1
        outs = [size - TAPS + 1 for size in x.shape[1:-1]]
        counts = [-(-out // m) for out in outs]
        wanted = [count * m + TAPS - 1 for count in counts]
        ends = [(0, end - size) for end, size in zip(wanted, x.shape[1:-1], strict=True)]
        padded = np.pad(x, [(0, 0), *ends, (0, 0)])
        kernel = along(matrices.kernel, w, range(rank))
        windows = windows_of(padded, (tile,) * rank, (m,) * rank, (1,) * rank)
        cells = along(matrices.cells, windows, range(1 + rank, 1 + 2 * rank))
        data = np.moveaxis(cells, range(1 + rank, 1 + 2 * rank), range(rank))
        rows = data.reshape(*data.shape[:rank], -1, data.shape[-1])
        sums = (rows @ kernel).reshape(*data.shape[:-1], w.shape[-1])
        tiles = along(matrices.output, sums, range(rank))
        order = (
            rank,
            *(axis for pair in zip(range(1 + rank, 1 + 2 * rank), range(rank), strict=True) for axis in pair),
        )
        whole = np.transpose(tiles, (*order, 1 + 2 * rank))
        answer = whole.reshape(len(x), *(count * m for count in counts), w.shape[-1])
        return np.asarray(answer[(slice(None), *(slice(out) for out in outs))])

    return correlate


def winograd_gradient(m: int) -> Correlation:
    """With a long kernel, of which three places are wanted: by tiles of m of its cells, which are added up.

    Outputs and taps change places, and so do Aᵀ and G, turned round.
    """

    def correlate(x: Array, w: Array, strides: Sequence[int], dilations: Sequence[int]) -> Array:
        matrices = Matrices(*(matrix.astype(x.dtype) for matrix in MATRICES[m]))
        rank, tile = w.ndim - 2, m + TAPS - 1
        ends = [(0, -cells % m) for cells in w.shape[:rank]]
        image, kernel = np.pad(x, [(0, 0), *ends, (0, 0)]), np.pad(w, [*ends, (0, 0), (0, 0)])
        windows = windows_of(image, (tile,) * rank, (m,) * rank, (1,) * rank)
        cells = along(matrices.cells, windows, range(1 + rank, 1 + 2 * rank))
        data = np.moveaxis(cells, range(1 + rank, 1 + 2 * rank), range(rank))
        counts = [size // m for size in kernel.shape[:rank]]
        pairs = [length for count in counts for length in (count, m)]
        tiles = kernel.reshape(*pairs, *w.shape[rank:])
        tiles = np.moveaxis(tiles, range(1, 2 * rank, 2), range(rank))
        factors = along(matrices.output.T, tiles, range(rank))
        rows = data.reshape(*data.shape[: rank + 1], -1)
        sums = rows @ factors.reshape(*factors.shape[:rank], -1, w.shape[-1])
        return np.moveaxis(along(matrices.kernel.T, sums, range(rank)), rank, 0)

    return correlate


def along(matrix: Array, array: Array, axes: Sequence[int]) -> Array:
    """A matrix applied along some axes of an array."""
    for axis in axes:
        array = np.moveaxis(np.tensordot(matrix, array, axes=(1, axis)), 0, axis)
    return array
