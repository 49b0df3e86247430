"""Projection: a large answer judged by products of its channels with vectors, after Freivalds.

R. Freivalds, "Probabilistic machines can use less running time", IFIP Congress 1977.

**What is compared.** Let S be the right answer, at the place p (an image and a cell) and in the channel f
S[p, f] = Σ_(t,c) x[p, t, c] · w[t, c, f] + b[f], and y the answer that is judged. For a vector r with an
entry for each channel, Σ_f r[f] · S[p, f] = Σ_(t,c) x[p, t, c] · (Σ_f w[t, c, f] · r[f]) + Σ_f b[f] · r[f]:
the convolution of the same input with one filter, the projection of all filters onto r. It must equal
Σ_f r[f] · y[p, f] at each place. K vectors make K filters in place of F.

**What is missed.** Let y differ from S at the place p: e = y[p] − S[p], e[g] ≠ 0 for some channel g. It is
missed by r where Σ_f r[f] · e[f] = 0, that is where r[g] = −Σ_(f≠g) r[f] · e[f] / e[g]. Whatever the other
entries are, that is one number at most; r[g] is uniform over m = 1,024 integers and does not depend on them,
so that the share of vectors that miss p is at most 1/m. K independent ones all miss it with at most m⁻ᴷ: with
three of them 10⁻⁹ for one wrong place, and no more for many. The bound is reached by an error in one channel.
Entries are hashes of the case's word: the same word is judged by the same vectors each time. The bound is of
answers that do not depend on them, and no subject knows them.

**Which axis.** The channels of the answer, for every operation whose places each sum over a window alone:

* `conv`: the filters. In groups, r[f] projects the filters of the group of f onto the channels of that group,
  and the groups' sums are added up: one filter over all channels.
* `depthwise`: channels c and multipliers j, r[c·m + j], onto one filter over all channels.
* `separable`: the second filters are projected first, then the first ones onto these.
* `transpose`: the channels of the forward input: one channel, into which the cotangent is scattered.
* `filtergrad` is not judged so: each of its elements sums over all places of all images, so that the sums of
  a large case hardly have room to be exact, and none of them can be judged alone without reading all.

A bias is projected, too. Other steps after the sums are not linear.

**Why it is exact.** Numbers are integers, and the fill bounds their sums: B ≥ Σ|x||w| + |b| for each element
(`verify.cases.large.largest_magnitude`); the dtype holds every integer up to B, so that S itself is stored. A
value of y that is no integer, or beyond B, is wrong as it is, and does not enter a product. Of what is left
|y| ≤ B and |r| ≤ 512, so that Σ_f r[f] · y[f] and all partial sums on the way are at most 512 · F · B, F the
channels of the answer. So are Σ_(t,c) |x| · |Σ_f w · r| + |Σ_f b · r| ≤ Σ_f |r[f]| · (Σ_(t,c) |x||w| + |b|)
≤ 512 · F · B, and its partial sums in any order. All are integers, and float64 holds those up to 2⁵³: a case
with 512 · F · B > 2⁵³ is not judged so.
"""

from __future__ import annotations

import zlib
from typing import NamedTuple

import numpy as np

from verify.cases.case import Case
from verify.cases.dtypes import FORMATS
from verify.cases.fills import parts_of
from verify.cases.geometry import Axis
from verify.cases.hashes import splitmix
from verify.cases.large import ENTRIES
from verify.cases.operands import Array, Operands
from verify.cases.slabs import numbers
from verify.oracle.problem import Problem, problem_of
from verify.oracle.reference import linear, pad, tap_slices

VECTORS = 3
"""K, the vectors onto which an answer is projected in one pass."""


LEAST_CHANNELS = 16
"""Channels from which on they are multiplied first."""


class Projected(NamedTuple):
    """The problem whose answer is the projection of a case's, with its filters and bias: K channels."""

    problem: Problem
    filters: Array
    bias: Array | None

    def answer(self, axes: tuple[Axis, ...], x: Array) -> Array:
        """The projections of a block's places, from its input: (images, *places, K)."""
        problem = self.problem._replace(axes=axes)
        is_plain = self.problem.operation == "conv" and all(axis.stride == 1 for axis in axes)
        if is_plain and self.filters.shape[-2] >= LEAST_CHANNELS:
            answer = _by_channels(problem, x, self.filters)
        else:
            answer = linear(problem, Operands(x, self.filters), exact=True)
        return answer if self.bias is None else answer + self.bias


def _by_channels(problem: Problem, x: Array, filters: Array) -> Array:
    """The same convolution, each cell's channels multiplied with all taps at once, then moved and added.

    The reference copies each cell for each tap, which few filters do not pay for.
    """
    *kernel, channels, count = filters.shape
    padded = pad(x, problem.axes, kind=np.float64)
    products = np.moveaxis(filters, -2, -1).reshape(-1, channels) @ padded.reshape(-1, channels).T
    products = products.reshape(*kernel, count, *padded.shape[:-1])
    answer = np.zeros((count, len(x), *(axis.out for axis in problem.axes)))
    for tap, cells in tap_slices(problem):
        answer += products[tap][(slice(None), *cells)]
    return np.moveaxis(answer, 0, -1)


def vectors_for(case: Case, count: int = VECTORS) -> Array:
    """The vectors of a case, one in each column, an entry for each channel of its answer, as float64."""
    start = zlib.crc32(str(case).encode()) << 24
    channels = case.output_channels
    hashes = splitmix(start, channels * count)
    entries = (hashes >> np.uint64(64 - (ENTRIES - 1).bit_length())).astype(np.float64) - ENTRIES // 2
    return entries.reshape(channels, count)


def operands_of(case: Case) -> Operands:
    """The operands of a case as float64, but for its input, of which there is nothing."""
    arrays = {
        part.operand: numbers(part, part.places).reshape(part.shape).astype(np.float64)
        for part in parts_of(case)
        if part.operand != "input"
    }
    return Operands(input=np.zeros(0), **arrays)


def projected(case: Case, operands: Operands, vectors: Array) -> Projected:
    """A case projected onto vectors, the columns of an array; the operands are those of `operands_of`."""
    problem = problem_of(case)._replace(
        operation="transpose" if case.operation == "transpose" else "conv",
        groups=1,
        epilogue=(),
        format=FORMATS["float64"],
        channels_first=False,
    )
    bias = None if operands.bias is None else operands.bias @ vectors
    return Projected(problem, _FILTERS[case.operation](case, operands, vectors), bias)


def _of_conv(case: Case, operands: Operands, vectors: Array) -> Array:
    """(*kernel, channels, K) from (*kernel, channels of a group, filters) and (filters, K)."""
    filters = _grouped(operands.factor, case.groups)
    shares = vectors.reshape(case.groups, -1, vectors.shape[-1])
    return _joined(np.einsum("...cgf,gfk->...gck", filters, shares))


def _of_depthwise(case: Case, operands: Operands, vectors: Array) -> Array:
    """(*kernel, channels, K) from (*kernel, channels, multiplier) and (channels · multiplier, K)."""
    shares = vectors.reshape(*operands.factor.shape[-2:], vectors.shape[-1])
    return np.asarray(np.einsum("...cj,cjk->...ck", operands.factor, shares))


def _of_separable(case: Case, operands: Operands, vectors: Array) -> Array:
    """Those of the first step, projected onto the second filters' own projections."""
    assert operands.pointwise is not None
    second = operands.pointwise.reshape(operands.pointwise.shape[-2:]) @ vectors
    return _of_depthwise(case, operands, second)


def _of_transpose(case: Case, operands: Operands, vectors: Array) -> Array:
    """(*kernel, K, filters) from (*kernel, channels of a group, filters) and (channels, K)."""
    filters = _grouped(operands.factor, case.groups)
    shares = vectors.reshape(case.groups, -1, vectors.shape[-1])
    made = np.einsum("...cgf,gck->...kgf", filters, shares)
    return np.asarray(made.reshape(*made.shape[:-2], -1))


def _grouped(filters: Array, groups: int) -> Array:
    """(…, channels of a group, groups, filters of a group)."""
    return filters.reshape(*filters.shape[:-1], groups, -1)


def _joined(filters: Array) -> Array:
    """(…, channels, K) from (…, groups, channels of a group, K)."""
    return np.asarray(filters.reshape(*filters.shape[:-3], -1, filters.shape[-1]))


_FILTERS = {
    "conv": _of_conv,
    "depthwise": _of_depthwise,
    "separable": _of_separable,
    "transpose": _of_transpose,
}
