"""What follows a convolution: the values of each step, and how far each lets an error grow.

An error e before a step becomes, after a non-decreasing function f, at most the larger of
f(v + e) − f(v) and f(v) − f(v − e), and the step's own roundings are added.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from verify.cases.dtypes import FORMATS, Format
from verify.cases.operands import Array, Operands
from verify.cases.operations import is_exact_step, kind_of, slope_of
from verify.oracle.dynamic import made_by_scheme
from verify.oracle.problem import Problem
from verify.oracle.requantised import requantised


class Precision(NamedTuple):
    """How exactly frameworks compute an activation: units in the last place of its value, and of 1.

    The units are the accumulator's, a leaky relu's the dtype's. `of_one_stored` counts those of 1 in a dtype
    narrower than the accumulator, where exp(x) is held in it on the way.
    """

    of_value: int
    of_one: int
    of_one_stored: int = 0


PRECISIONS = {
    "leaky": Precision(2, 0),
    "elu": Precision(4, 4, 1),
    "tanh": Precision(8, 1),
    "sigmoid": Precision(4, 4, 1),
}
"""The slope and the product of a leaky relu are rounded once each.

For the others the evidence is `tests/oracle/test_epilogue.py`, which measures TensorFlow. elu is computed as
exp(x) − 1 and sigmoid as ½ + ½·tanh(x/2), so that their errors are relative to 1 as well.
TensorFlow 2.21 on an x86-64 CPU, eager and by XLA, oneDNN on and off, comes within 0.7 units of a leaky
relu's value and 4.1 of tanh's, and within 0.8 units of 1 for elu and 1.1 for sigmoid. Eager elu and both
sigmoids work in float16 and bfloat16 themselves: they come within 0.25 and 0.35 of their units of 1.
"""

NORM_ROUNDINGS = 10
"""Roundings of a batch normalisation, in any of the forms in which it is computed.

variance + epsilon, its square root, the quotient (two more where a reciprocal square root is refined),
the scale; then the product with the filters or with the answer, mean · factor, offset − that, the sum.
"""


@np.errstate(invalid="ignore", over="ignore")
def follow(
    problem: Problem,
    operands: Operands,
    answer: Array,
    *,
    allowed: Array | float = 0.0,
    magnitude: Array | None = None,
) -> tuple[Array, Array | float]:
    """The values after every step but the bias, and the error allowed in them.

    `allowed` is the error before: 0.0, a float, says that sums are exact, a residual's included, and is
    kept while steps are. `magnitude` is Σ|x||w|, which batch normalisation needs.
    """
    if problem.format.is_quantised:
        return requantised(problem, answer), 0.0
    answer = made_by_scheme(problem, operands, answer)
    for step in problem.epilogue:
        match kind_of(step):
            case "bias":
                continue
            case "residual":
                assert operands.residual is not None
                answer = wrapped(answer + operands.residual.astype(np.float64), problem.format)
                if not _is_exact(allowed):
                    allowed = _stored(problem, answer, allowed=_worked(problem, answer, allowed=allowed))
            case "norm":
                before = _begun(problem, answer, allowed=allowed)
                size = np.abs(answer) if magnitude is None else magnitude
                answer, allowed = _normalised(
                    problem, operands, answer=answer, allowed=before, magnitude=size
                )
            case "relu" | "relu6":
                answer, allowed = _through(problem, step, answer, allowed=allowed)
            case _ if _is_exact(allowed) and is_exact_step(step):
                answer, allowed = _through(problem, step, answer, allowed=allowed)
            case kind:
                before = _begun(problem, answer, allowed=allowed)
                answer, error = _through(problem, step, answer, allowed=before)
                form = problem.format if kind == "leaky" else FORMATS[problem.format.accumulator]
                of_value, of_one, of_one_stored = PRECISIONS[kind]
                rounding = 2 * form.roundoff * (of_value * np.abs(answer) + of_one)
                if problem.format.token != problem.format.accumulator:
                    rounding = rounding + 2 * problem.format.roundoff * of_one_stored
                allowed = _stored(problem, answer, allowed=error + rounding)
    return answer, allowed


_FUNCTIONS: dict[str, Callable[[Array], Array]] = {
    "relu": lambda x: np.maximum(x, 0),
    "relu6": lambda x: np.minimum(np.maximum(x, 0), 6),
    "elu": lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))),
    "tanh": np.tanh,
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
}


def activation(step: str) -> Callable[[Array], Array]:
    """The function of an activation, over float64. All are non-decreasing."""
    if kind_of(step) == "leaky":
        slope = slope_of(step)
        return lambda x: np.where(x > 0, x, slope * x)
    return _FUNCTIONS[step]


def _is_exact(allowed: Array | float) -> bool:
    return isinstance(allowed, float) and allowed == 0.0


def _through(
    problem: Problem, step: str, answer: Array, *, allowed: Array | float
) -> tuple[Array, Array | float]:
    """An activation's values, and the error after it."""
    function = activation(step)
    values = function(answer)
    if _is_exact(allowed):
        return values, 0.0
    spread = np.maximum(function(answer + allowed) - values, values - function(answer - allowed))
    error = np.where(np.isinf(allowed), np.inf, spread)
    return values, _where_finite(problem, answer, error, before=allowed)


def _where_finite(problem: Problem, values: Array, error: Array, *, before: Array | float) -> Array:
    """The error of what is finite; none of the rest.

    But where an arithmetic spreads what is not finite, anything is allowed beside it, and stays allowed.
    """
    spread = np.isinf(before) if problem.arithmetic else False
    return np.where(np.isfinite(values), error, np.where(spread, np.inf, 0.0))


def wrapped(sums: Array, form: Format) -> Array:
    """Sums of integers as their dtype holds them, in float64; other sums as they are.

    Quantised ones have an accumulator that holds them.
    """
    if form.is_quantised:
        return sums.astype(np.float64)
    return sums.astype(np.int64).astype(form.dtype).astype(np.float64) if form.exact_integers else sums


def _normalised(
    problem: Problem, operands: Operands, *, answer: Array, allowed: Array | float, magnitude: Array
) -> tuple[Array, Array]:
    parts = (operands.mean, operands.variance, operands.scale, operands.offset)
    mean, variance, scale, offset = (for_channels(problem, part) for part in parts)
    factor = scale / np.sqrt(variance + problem.norm_epsilon)
    values = (answer - mean) * factor + offset
    size = np.abs(factor) * (magnitude + np.abs(mean)) + np.abs(offset)
    error = np.abs(factor) * allowed + 2 * NORM_ROUNDINGS * problem.format.roundoff * size
    return values, _stored(problem, values, allowed=_where_finite(problem, values, error, before=allowed))


def for_channels(problem: Problem, numbers: Array | None) -> Array:
    """One number for each channel of an answer, in float64 and in a shape that broadcasts to it."""
    assert numbers is not None
    wide = numbers.astype(np.float64)
    return wide.reshape(-1, *(1,) * len(problem.axes)) if problem.channels_first else wide


def _begun(problem: Problem, answer: Array, *, allowed: Array | float) -> Array | float:
    """The error before a step that rounds, as exact sums may have been stored in a narrower dtype."""
    return _stored(problem, answer, allowed=np.zeros(answer.shape)) if _is_exact(allowed) else allowed


def _worked(problem: Problem, values: Array, *, allowed: Array | float) -> Array:
    """One operation of the accumulator, and the same of the reference."""
    accumulator = FORMATS[problem.format.accumulator]
    error = allowed + 2 * accumulator.roundoff * (np.abs(values) + allowed) + 2 * accumulator.least_normal
    return _where_finite(problem, values, error, before=allowed)


def _stored(problem: Problem, values: Array, *, allowed: Array) -> Array:
    """A rounding to the dtype, where that is narrower than the accumulator.

    Infinite where the dtype may overflow.
    """
    form = problem.format
    size = np.abs(values) + allowed
    error = allowed + 2 * form.least_normal
    if form.token != form.accumulator:
        error = error + form.roundoff * size
    error = np.where(size >= form.largest, np.inf, error)
    return _where_finite(problem, values, error, before=allowed)
