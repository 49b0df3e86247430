"""Winograd's convolution F(m, r): its matrices, and how far its answer errs at most.

m outputs of a kernel of r taps are computed from a tile of t = m + r − 1 cells with t products in place of
m·r: y = Aᵀ[(G g) ∘ (Bᵀ d)], along each axis, whose matrices follow from t − 1 points and infinity by Toom
and Cook's interpolation. Each row of Bᵀ holds the coefficients of the product of (z − a_s) over the other
points, each row of G the powers of a point, divided by the product of its distances from the others, and
Aᵀ the powers.

The bound. Every number that is computed is a sum of products, so that (Higham, section 3.1) each term has
at most K factors 1 + δ, |δ| ≤ u, and the answer errs by at most γ_K · Z with

  Z = |Aᵀ| Σ_c (|G||g_c|) ∘ (|Bᵀ||d_c|),      K = axes · ((r + 1) + 2·(t + 1)) + terms,

where an axis costs a sum of r products for G, of t for Bᵀ and of t for Aᵀ, one more each for a constant
that is rounded, and `terms` are the channels' products, their sum and the bias. It is Theorem 1 of Barabasz,
Anderson, Soodhalter and Gregg (Error analysis and improving the accuracy of Winograd convolution, 2018) by
components in place of norms: ‖Z‖ ≤ ‖Aᵀ‖‖G‖‖Bᵀ‖‖g‖‖d‖, so it is never larger, and powers of two that are
moved from G to Bᵀ change nothing.

Where the tiles begin is the kernel's own affair. Let c[k, δ] be the largest, over the places p of an output
in its tile, of Σ_t |Aᵀ|[p, t] |G|[t, k] |Bᵀ|[t, p + δ], which is how often the product of tap k and the cell
at δ from the output enters; δ runs from −(m − 1) to t − 1. Then

  Z[o] ≤ Σ_δ |d[o + δ]| Σ_k c[k, δ] |g[k]|,

a convolution of magnitudes with a longer kernel, W[δ] = Σ_k c[k, δ]|g[k]|; so much for any groups, and for a
transpose with its taps turned round. A gradient with respect to the filters has r outputs and the cotangent's
cells for a kernel of m; the roles of k and p change, and c is applied to the gradient of a longer kernel.
c[k, k] ≥ 1, as Aᵀ, G and Bᵀ give the product itself; so Z covers those who transform some axes alone.

Exact sums. Where all constants are whole multiples of powers of two, as those of F(2, 3) are (G has halves),
every intermediate number is a multiple of the operands' last bits and, with D axes, 2^−D, and is no larger
than Z: with Z below 2^p of these units, p the bits of the accumulator, nothing is ever rounded.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from functools import lru_cache
from math import lcm, prod
from typing import NamedTuple

import numpy as np

from verify.cases.dtypes import FORMATS
from verify.cases.geometry import Axis
from verify.cases.operands import Array, Operands
from verify.oracle.problem import Problem
from verify.oracle.reference import magnitudes
from verify.oracle.sums import all_finite, last_bit

POINTS = tuple(map(Fraction, ("0", "1", "-1", "2", "-2", "1/2", "-1/2", "4", "-4", "1/4", "-1/4")))
"""The points that are taken, in this order; those of F(2, 3), F(4, 3) and F(6, 3) are everyone's."""

LONGEST = len(POINTS) + 1
"""The cells of the longest tile."""

Matrix = list[list[Fraction]]


class Matrices(NamedTuple):
    """Aᵀ (m, t), G (t, r) and Bᵀ (t, t) of F(m, r), exactly."""

    output: Matrix
    kernel: Matrix
    input: Matrix


@lru_cache
def cook_toom(m: int, r: int) -> Matrices:
    """The matrices of F(m, r) by the points 0, ±1, ±2, ±½ … and infinity."""
    points = POINTS[: m + r - 2]
    rows = [(point, [other for other in points if other != point]) for point in points]
    output = [[*(point**power for point in points), Fraction(power == m - 1)] for power in range(m)]
    kernel = [
        [point**power / prod(point - other for other in others) for power in range(r)]
        for point, others in rows
    ]
    kernel.append([Fraction(power == r - 1) for power in range(r)])
    whole = [[*_coefficients(others), Fraction(0)] for _, others in rows]
    return Matrices(output, kernel, [*whole, _coefficients(points)])


def _coefficients(roots: Iterable[Fraction]) -> list[Fraction]:
    """Of the polynomial with these roots, the constant first."""
    polynomial = [Fraction(1)]
    for root in roots:
        shifted, scaled = [Fraction(0), *polynomial], [*(-root * each for each in polynomial), Fraction(0)]
        polynomial = [one + other for one, other in zip(shifted, scaled, strict=True)]
    return polynomial


def array_of(matrix: Matrix) -> Array:
    return np.array([[float(each) for each in row] for row in matrix])


@lru_cache
def entering(m: int, r: int) -> Array:
    """|Aᵀ|[p, t]·|G|[t, k]·|Bᵀ|[t, j], added over t: shape (m, r, t), for the points or their reciprocals.

    Reciprocals are the same algorithm from the other end, with other constants for a given kernel.
    """
    output, kernel, cells = (np.abs(array_of(matrix)) for matrix in cook_toom(m, r))
    entries = np.einsum("pt,tk,tj->pkj", output, kernel, cells)
    return np.asarray(np.maximum(entries, entries[::-1, ::-1, ::-1]))


def _spread(entries: Array, along: int) -> Array:
    """The largest entry over the axis `along` (0: outputs, 1: taps) at each distance of cell from it.

    Shape (the other of the two, distances), from −(length − 1) to t − 1.
    """
    moved = np.moveaxis(entries, along, 0)
    length, others, tile = moved.shape
    spread = np.zeros((others, length - 1 + tile))
    for place, part in enumerate(moved):
        first = length - 1 - place
        spread[:, first : first + tile] = np.maximum(spread[:, first : first + tile], part)
    return spread


class Tiled(NamedTuple):
    """A problem seen as F(m, r) along some axes: Z, K, and whether nothing is rounded."""

    size: Array
    roundings: int
    is_exact: bool


def tiled_axes(problem: Problem, r: int) -> list[int]:
    """The axes that F(m, r) can be used along: those of r taps and stride 1."""
    return [place for place, axis in enumerate(problem.axes) if axis.kernel == r and axis.stride == 1]


def tiled(problem: Problem, operands: Operands, *, m: int, r: int, terms: int) -> Tiled | None:
    """What F(m, r) makes of a problem along every axis that has r taps and stride 1; None where none has.

    `terms` are those of sums of products, of which it adds up one for each tile and channel.
    """
    places = tiled_axes(problem, r)
    if not places or r < 2:  # a kernel of one tap is a product
        return None
    size = _size(problem, operands, places, m=m, r=r)
    each = m if problem.traits.answer == "filters" else r
    added = terms if problem.traits.answer == "filters" else terms // r ** len(places) + 2
    roundings = len(places) * ((each + 1) + 2 * (m + r)) + added
    return Tiled(size, roundings, _is_exact(problem, operands, size=size, axes=len(places), m=m, r=r))


def _size(problem: Problem, operands: Operands, places: list[int], *, m: int, r: int) -> Array:
    """Z, and |b|, in the shape of the answer."""
    is_filters = problem.traits.answer == "filters"
    outputs, taps = (r, m) if is_filters else (m, r)
    spread = _spread(entering(outputs, taps), along=1 if is_filters else 0)
    axes = tuple(_longer(axis, m) if place in places else axis for place, axis in enumerate(problem.axes))
    longer, factor = problem._replace(axes=axes), operands.factor.astype(np.float64)
    with np.errstate(invalid="ignore", over="ignore"):
        if is_filters:
            return _applied(spread.T, magnitudes(longer, operands), places)
        turned = problem.traits.answer == "source"
        wide = _applied(spread[::-1, ::-1] if turned else spread, np.abs(factor), places)
        return magnitudes(longer, operands._replace(factor=wide))


def _longer(axis: Axis, m: int) -> Axis:
    """An axis whose windows begin m − 1 taps earlier and end as much later."""
    cells = (m - 1) * axis.dilation
    return axis._replace(
        kernel=axis.kernel + 2 * (m - 1), before=axis.before + cells, after=axis.after + cells
    )


def _applied(matrix: Array, array: Array, places: list[int]) -> Array:
    """A matrix (old, new) applied along some axes of an array."""
    for place in places:
        array = np.moveaxis(np.tensordot(matrix, array, axes=(0, place)), 0, place)
    return array


@lru_cache
def denominators(m: int, r: int) -> int:
    """The least common denominator of all constants that are multiplied in one term."""
    matrices = cook_toom(m, r)
    each = [lcm(*(entry.denominator for row in matrix for entry in row)) for matrix in matrices]
    return each[0] * each[1] * each[2]


def is_dyadic(m: int, r: int) -> bool:
    """Whether all constants are whole multiples of powers of two, so that integers stay exact."""
    common = denominators(m, r)
    return common & (common - 1) == 0


def _is_exact(problem: Problem, operands: Operands, *, size: Array, axes: int, m: int, r: int) -> bool:
    """Whether nothing is rounded in the transforms and the sums: see the top of this module."""
    outputs, taps = (r, m) if problem.traits.answer == "filters" else (m, r)
    if problem.traits.has_pointwise or not is_dyadic(outputs, taps) or not all_finite(operands):
        return False
    accumulator = FORMATS[problem.format.accumulator]
    unit = last_bit(operands.input) + last_bit(operands.factor)
    unit -= axes * (denominators(outputs, taps).bit_length() - 1)
    return float(size.max(initial=0.0)) <= 2.0 ** (unit + accumulator.precision)
