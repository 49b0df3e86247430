"""Operands rounded to a narrow dtype before they are multiplied: what that adds to the error of a sum.

With x̂ = x + Δx and ŵ = w + Δw, x̂ŵ − xw = Δx·w + x·Δw + Δx·Δw. To the nearest, in whatever way ties are
resolved, |Δx| is known from x itself, and is 0 where the narrow dtype holds x; so the error that operands
bring is at most Σ(|Δx||w| + |x||Δw| + |Δx||Δw|), three convolutions of magnitudes.
Matrix units add the products in blocks, and truncate what a block's largest addend leaves no room for: each
addition errs by at most 2u of the sum of magnitudes, twice what rounding does (Fasi, Higham, Mikaitis and
Pranesh, Numerical behavior of NVIDIA tensor cores, 2021), so n terms count as 2n.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from verify.cases.dtypes import FORMATS
from verify.cases.operands import Array, Operands
from verify.oracle.problem import Problem
from verify.oracle.reference import intermediate, magnitudes
from verify.oracle.sums import all_finite, last_bit

PRECISION = {"tfloat32": 11, "bfloat16": FORMATS["bfloat16"].precision}
"""Dtype that operands are rounded to → bits of its significand, the hidden one included."""

TRUNCATED = 2
"""A truncated addition errs by so many roundings."""


class Split(NamedTuple):
    """Magnitudes of an operand's parts: a low half, and what two halves leave of it."""

    low: Array
    left: Array


def nearest(values: Array, bits: int) -> Array:
    """Numbers of so many significant bits that are nearest to some float64, ties to even."""
    fractions, exponents = np.frexp(values)
    return np.asarray(np.ldexp(np.rint(np.ldexp(fractions, bits)), exponents - bits))


def truncated(values: Array, bits: int) -> Array:
    """The same, nearest on the side of zero."""
    fractions, exponents = np.frexp(values)
    return np.asarray(np.ldexp(np.trunc(np.ldexp(fractions, bits)), exponents - bits))


def is_narrowed(problem: Problem) -> bool:
    """Whether the operands of a dtype are rounded: those of float64 and of integers are not."""
    return problem.format.accumulator == "float32"


def holds(problem: Problem, operands: Operands, bits: int) -> bool:
    """Whether so many bits hold every number that is multiplied, those between two steps among them."""
    factors = (operands.input, operands.factor, operands.pointwise)
    if any(part is not None and _lost(part, bits).any() for part in factors):
        return False
    if not problem.traits.has_pointwise:
        return True
    if not all_finite(operands):
        return False
    unit = last_bit(operands.input) + last_bit(operands.factor)
    return bool(intermediate(problem, operands).max(initial=0.0) <= 2.0 ** (bits + unit))


def _lost(part: Array, bits: int) -> Array:
    """|Δx| of an operand rounded to so many bits; 0 where it is not finite."""
    wide = part.astype(np.float64)
    with np.errstate(invalid="ignore"):
        return np.where(np.isfinite(wide), np.abs(wide - nearest(wide, bits)), 0.0)


def error_of_operands(problem: Problem, operands: Operands, *, magnitude: Array, bits: int) -> Array:
    """What operands of so many bits add to the error, in the shape of `magnitude`, which is Σ|x||w| + |b|.

    A `separable` rounds the answer of its first step and its second filters as well, and filters with a
    batch normalisation folded into them have other bits: there every number errs by up to u of it.
    """
    if problem.traits.has_pointwise or "norm" in problem.epilogue:
        factors = 4 if problem.traits.has_pointwise else 2
        return np.asarray(((1 + 2.0**-bits) ** factors - 1) * magnitude)
    x, w = _lost(operands.input, bits), _lost(operands.factor, bits)
    return _products(problem, operands, (x, operands.factor), (operands.input, w), (x, w))


def error_of_three_passes(problem: Problem, operands: Operands, *, magnitude: Array) -> Array:
    """What three products of bfloat16 halves leave out of one, in the shape of `magnitude`.

    x = h + l + r, with h and l in bfloat16: h to the nearest or cut, l of what is left, r the rest.
    xw − (hh + hl + lh) = l·l + r·w + x·r − r·r, each magnitude taken from the data, at its larger where the
    two ways to round differ. Where the numbers are not known, |l| ≤ 2u|x| and |r| ≤ 4u²|x|: 12u² and a
    little more.
    """
    if problem.traits.has_pointwise or "norm" in problem.epilogue:
        steps = 2 if problem.traits.has_pointwise else 1
        u = 2.0 ** -PRECISION["bfloat16"]
        return np.asarray(steps * 16 * u * u * magnitude)
    x, w = _split(operands.input), _split(operands.factor)
    pairs = ((x.low, w.low), (x.left, operands.factor), (operands.input, w.left), (x.left, w.left))
    return _products(problem, operands, *pairs)


def _split(part: Array) -> Split:
    wide = np.where(np.isfinite(part), part, 0).astype(np.float64)
    bits = PRECISION["bfloat16"]
    low = [wide - rounded(wide, bits) for rounded in (nearest, truncated)]
    left = [rest - rounded(rest, bits) for rest in low for rounded in (nearest, truncated)]
    return Split(np.max(np.abs(low), axis=0), np.max(np.abs(left), axis=0))


def _products(problem: Problem, operands: Operands, *pairs: tuple[Array, Array]) -> Array:
    """Σ|x||w| of several inputs and factors, added up."""
    alone = operands._replace(bias=None)
    with np.errstate(invalid="ignore", over="ignore"):
        sizes = [magnitudes(problem, alone._replace(input=x, factor=w)) for x, w in pairs]
        return np.asarray(sum(sizes))
