"""Sums of floating-point numbers: how far one errs at most, and when every order gives the same bits."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from verify.cases.dtypes import FORMATS
from verify.cases.modes import ZEROS
from verify.cases.operands import Array, Operands
from verify.cases.operations import ONE_ROUNDING, SLOPE_BITS, kind_of
from verify.oracle.problem import Problem
from verify.oracle.reference import magnitudes


def gamma(terms: int, roundoff: float) -> float:
    """γ_n = n·u / (1 − n·u); infinite where n·u reaches 1 and the theory says nothing."""
    product = terms * roundoff
    return product / (1 - product) if product < 1 else float("inf")


def grown(terms: int, roundoff: float, size: Array) -> Array:
    """γ of so many roundings, of a size; where every product is 0 so is the sum, in any order."""
    return np.multiply(gamma(terms, roundoff), size, out=np.zeros(np.shape(size)), where=size != 0)


def all_finite(operands: Operands) -> bool:
    """Whether no operand holds a NaN or an infinity."""
    return all(part is None or bool(np.isfinite(part).all()) for part in operands)


def sums_are_exact(
    problem: Problem, operands: Operands, *, magnitude_of: Callable[[], Array] | None = None
) -> bool:
    """Whether the data itself shows that every order of summation gives the same bits.

    True where every product, the bias and the residual are multiples of some power of two g, their
    magnitudes add up to less than g · 2**p with p the accumulator's significand and below its largest
    number, and g is a normal number. If a bias or another step that rounds follows, or gradients of padding
    are added, the same must hold for the dtype, in which the sum is stored. `magnitude_of` is that of
    `judge_operands`.
    """
    if problem.format.exact_integers:
        return True
    if not all_finite(operands):
        return False
    form, accumulator = problem.format, FORMATS[problem.format.accumulator]
    unit = last_bit(operands.input) + last_bit(operands.factor)
    is_stored = any(kind_of(step) not in ONE_ROUNDING for step in problem.epilogue) or is_folded(problem)
    held = form if is_stored else accumulator
    sizes = magnitude_of() if magnitude_of else magnitudes(problem, operands)
    for addend in (operands.bias, operands.residual):
        unit = unit if addend is None else min(unit, last_bit(addend))
    if operands.residual is not None:
        sizes = sizes + np.abs(operands.residual.astype(np.float64))
    largest = float(sizes.max(initial=0.0))
    below = 2.0 ** min(unit + held.precision, 1023)
    has_slope = any(kind_of(step) == "leaky" for step in problem.epilogue)
    return (
        held.least_exponent <= unit - SLOPE_BITS * has_slope and largest < below and largest <= held.largest
    )


def is_folded(problem: Problem) -> bool:
    """Whether gradients of padding are added to those of the cells that it repeats."""
    return problem.traits.answer == "source" and any(axis.mode != ZEROS for axis in problem.axes)


def last_bit(values: Array) -> int:
    """The exponent of the least significant bit that any of the values uses."""
    fractions, exponents = np.frexp(values.astype(np.float64))
    bits = np.ldexp(fractions, 53).astype(np.int64)
    used = bits != 0
    if not used.any():
        return 0
    lowest = np.frexp((bits[used] & -bits[used]).astype(np.float64))[1] - 1
    return int((exponents[used] - 53 + lowest).min())
