"""Convolution by fast Fourier transforms, and how far its answer errs at most.

The bound. A transform of N numbers errs, in the 2-norm, by ε·‖its values‖ with (Higham, Accuracy and
Stability of Numerical Algorithms, 2nd ed., Theorem 24.2)

  ε = sη / (1 − sη),      η = μ + γ₄(√2 + μ),

s = log₂ N stages and twiddle factors within μ = u. A stage of p in place of 2 is a matrix of p terms a row,
whose 2-norm is √p and that of its magnitudes p: it errs by √p·(μ + γ_(p + 4)), and a transform whose factors
are at most 11 by no more than log₂ N times the largest of √p·(μ + γ_(p + 4)) / log₂ p.

Let X = F x and W = F w be the transforms of one channel, Y = Σ_c X∘W̄ and y = F⁻¹Y, unscaled, so that
‖X‖₂ = √N‖x‖₂ and |y|∞ ≤ ‖Y‖₁ / N. By Cauchy and Schwarz ‖X∘W‖₁ ≤ N·‖x‖₂‖w‖₂, so errors of X and of W
give at most ε·‖x‖₂‖w‖₂ each, those of the complex products √2γ₂ (Higham, Lemma 3.5) and those of their sum
over C channels γ_C of the same. The last transform errs by ε‖y‖₂ over all of its N places, and by Young
‖y‖₂ ≤ Σ_c min(‖x‖₁‖w‖₂, ‖x‖₂‖w‖₁). So every element errs by at most

  ((1 + ε)²(1 + √2γ₂)(1 + γ_C) − 1) · Σ_c ‖x_c‖₂‖w_c‖₂ + ε(1 + that) · Σ_c min(‖x_c‖₁‖w_c‖₂, ‖x_c‖₂‖w_c‖₁),

the norms over the spatial axes: of the input (or the cotangent) of an image and of the filters, as zeros
between cells and around them change no norm. Tiles have smaller norms and fewer stages. N counts, along each
axis, the padded cells and the kernel's, up to the next power of two, and a stage for numbers that are real.
A sum of tiles that overlap, and a bias, add roundings to γ.
"""

from __future__ import annotations

from math import log2, sqrt

import numpy as np

from verify.cases.dtypes import FORMATS
from verify.cases.geometry import Axis
from verify.cases.operands import Array, Operands
from verify.oracle.problem import Problem, channels_last, in_data_format
from verify.oracle.reference import magnitudes
from verify.oracle.sums import gamma

FACTORS = (2, 3, 5, 7, 11)
"""The factors of a transform's length."""


def transform_error(stages: float, roundoff: float) -> float:
    """ε of a transform of 2**stages numbers, of a length with these FACTORS; infinite where none is known."""
    of_two = roundoff + gamma(4, roundoff) * (sqrt(2) + roundoff)
    of_others = (sqrt(p) * (roundoff + gamma(p + 4, roundoff)) / log2(p) for p in FACTORS[1:])
    eta = stages * max(of_two, *of_others)
    return eta / (1 - eta) if eta < 1 else float("inf")


def stages_of(problem: Problem) -> float:
    """log₂ of the numbers of a transform at most, and one for real numbers."""
    return 1 + sum(
        log2(2 * max(axis.padded + axis.span + axis.out * axis.stride, 1)) for axis in problem.axes
    )


def error_of_transforms(problem: Problem, operands: Operands) -> Array:
    """The bound, in a shape that broadcasts to the answer's."""
    roundoff = FORMATS[problem.format.accumulator].roundoff
    epsilon = transform_error(stages_of(problem), roundoff)
    sums = gamma(_contracted(problem, operands) + 2 ** len(problem.axes) + 1, roundoff)
    products = (1 + epsilon) ** 2 * (1 + sqrt(2) * gamma(2, roundoff)) * (1 + sums) - 1
    squares = _of_norms(problem, operands, 2, 2)
    mixed = np.minimum(_of_norms(problem, operands, 1, 2), _of_norms(problem, operands, 2, 1))
    with np.errstate(invalid="ignore", over="ignore"):
        return np.asarray(products * squares + epsilon * (1 + products) * mixed)


def _contracted(problem: Problem, operands: Operands) -> int:
    """How many transforms are added up for one of the answer."""
    match problem.traits.answer:
        case "source":
            return int(operands.factor.shape[-1]) // problem.groups
        case "filters":
            return len(operands.input)
        case _:
            return 1 if problem.traits.has_multiplier else int(operands.factor.shape[-2])


def _of_norms(problem: Problem, operands: Operands, of_input: int, of_factor: int) -> Array:
    """Σ‖x‖‖w‖: the problem itself, of one cell and one tap along each axis, which are norms."""
    rank = len(problem.axes)
    x, factor = channels_last(problem, operands.input), operands.factor
    if problem.traits.answer == "filters":
        factor = channels_last(problem, factor)
        along = tuple(range(1, 1 + rank))
    else:
        along = tuple(range(rank))
    norms = operands._replace(
        input=_norm(x, tuple(range(1, 1 + rank)), of_input), factor=_norm(factor, along, of_factor), bias=None
    )
    small = problem._replace(axes=(Axis(1, 1),) * rank, channels_first=False)
    answer = magnitudes(small, norms)
    return in_data_format(problem, answer) if problem.traits.answer != "filters" else answer


def _norm(array: Array, along: tuple[int, ...], power: int) -> Array:
    """The 1- or 2-norm along some axes, which stay with one place."""
    with np.errstate(over="ignore", invalid="ignore"):
        sizes = np.abs(array.astype(np.float64))
        total = (sizes**power).sum(axis=along, keepdims=True)
        return np.asarray(total if power == 1 else np.sqrt(total))
