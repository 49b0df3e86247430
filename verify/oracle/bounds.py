"""How far a correct answer may lie from the reference, element by element.

Source: N. J. Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., section 3.1: a sum of n
products, in any order, blocked or fused, errs by at most γ_n · Σ|x||w| with γ_n = n·u / (1 − n·u).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, lru_cache, partial
from math import prod

import numpy as np

from verify.cases.case import Case
from verify.cases.dtypes import FORMATS
from verify.cases.exactness import promises_exact_sums
from verify.cases.given import Given
from verify.cases.large import require_whole
from verify.cases.operands import Array, Operands
from verify.cases.reads import most_places
from verify.cases.weights import is_made_by_a_scheme
from verify.oracle.arithmetic import Sums, sums_by
from verify.oracle.compare import Judgement
from verify.oracle.dynamic import HALF_A_STEP, ROUNDINGS, dynamic_scheme, lost_of_input
from verify.oracle.epilogue import follow, for_channels
from verify.oracle.problem import Problem, problem_of
from verify.oracle.reference import intermediate, is_doubled, linear, magnitudes
from verify.oracle.requantised import judgement_of_sums
from verify.oracle.sums import all_finite, gamma, grown, is_folded, sums_are_exact


def judgement(case: Case, *, accumulator: str | None = None, scheme: str = "") -> Judgement:
    """The judgement of a case: equality where its fill promises exact sums, else the bound.

    With an `accumulator`, the token of a dtype, it is the bound of sums in that dtype; with a `scheme`, one
    of `verify.oracle.schemes`, or where the case is held to one, a quantised answer must be what that gives.
    Other sums are those of the arithmetic that the case is held to, one of `verify.oracle.arithmetic`.
    The last one is cached: a case is judged first, then compared with the faults.
    """
    held_to = (scheme or case.scheme) if is_made_by_a_scheme(case) else ""
    return _judgement(case, accumulator, held_to, "" if accumulator else case.arithmetic)


@lru_cache(maxsize=1)
def _judgement(case: Case, accumulator: str | None, scheme: str, arithmetic: str) -> Judgement:
    """The same, by place: what is cached is told apart by how it is called, too."""
    require_whole(case)
    problem = problem_of(case)._replace(scheme=scheme, arithmetic=arithmetic)
    if accumulator is not None:
        problem = problem._replace(format=problem.format._replace(accumulator=accumulator))
    exact = accumulator is None and promises_exact_sums(case)
    return judge_operands(problem, case.make_operands(), products=case.products, exact=exact)


def rule_of(case: Case) -> Judgement:
    """The judgement of a case, one of given arrays included, whose data shows whether its sums are exact."""
    if not isinstance(case, Given):
        return judgement(case)
    problem, operands = problem_of(case), case.arrays
    sizes = cache(lambda: magnitudes(problem, operands))
    exact = sums_are_exact(problem, operands, magnitude_of=sizes)
    return judge_operands(problem, operands, products=case.products, exact=exact, magnitude_of=sizes)


def judge_operands(
    problem: Problem,
    operands: Operands,
    *,
    products: int,
    exact: bool,
    magnitude_of: Callable[[], Array] | None = None,
) -> Judgement:
    """The judgement of arrays: `products` in the sum of each element, `exact` if they add exactly.

    `magnitude_of` gives Σ|x||w| + |b|, for a caller who keeps them.
    Sums before a batch normalisation have the bound in any case: folded into the filters, as by TensorFlow
    Lite and ONNX Runtime, it makes them sums of other, rounded numbers.
    """
    return judge_sums(
        problem,
        operands,
        linear(problem, operands, exact=exact),
        magnitude_of or (lambda: magnitudes(problem, operands)),
        products=products,
        exact=exact,
        doubled=is_doubled(problem, operands),
    )


def judge_sums(
    problem: Problem,
    operands: Operands,
    answer: Array,
    magnitude_of: Callable[[], Array],
    *,
    products: int,
    exact: bool,
    doubled: bool,
) -> Judgement:
    """The judgement of sums that are computed already, with their bias, before what else follows.

    `magnitude_of` gives Σ|x||w| + |b|, and `doubled` says that the sums have twice float64's precision.
    """
    if problem.format.is_quantised:
        return judgement_of_sums(problem, answer)
    if scheme := dynamic_scheme(problem):
        wanted, _ = follow(problem, operands, answer)
        return Judgement(wanted, 0.0, lambda index: scheme.sentence)
    terms = products + ("bias" in problem.epilogue) + problem.traits.has_pointwise
    sums = None
    if problem.arithmetic:
        sums = sums_by(problem, operands, terms=terms, exact=exact, magnitude=magnitude_of())
        exact = sums.is_exact
    if exact and "norm" not in problem.epilogue:
        wanted, allowed = follow(problem, operands, answer)
        if isinstance(allowed, float):
            with np.errstate(over="ignore"):
                stored = wanted.astype(problem.format.dtype).astype(np.float64)
            return Judgement(stored, 0.0, lambda index: "the sums are exact")
        return Judgement(wanted, allowed, lambda index: f"the sums are exact, {_steps(problem)}")
    magnitude = magnitude_of()
    lost: Array | float = 0.0
    if problem.weights == "int8":
        lost = lost_of_input(problem, operands, partial(magnitudes, problem._replace(epilogue=())))
        magnitude, terms = magnitude + lost, terms + ROUNDINGS
    error = lost + error_bound(
        problem, operands, terms=terms, answer=answer, magnitude=magnitude, doubled=doubled, sums=sums
    )
    size = sums.size if sums else magnitude
    wanted, allowed = follow(problem, operands, answer, allowed=error, magnitude=size)

    def why(index: tuple[int, ...]) -> str:
        half = f"{HALF_A_STEP}, {lost[index]:.3g}, and " if isinstance(lost, np.ndarray) else ""
        return half + _reason(problem, terms=terms, magnitude=float(magnitude[index]))

    return Judgement(wanted, allowed, why)


def error_bound(
    problem: Problem,
    operands: Operands,
    *,
    terms: int,
    answer: Array,
    magnitude: Array,
    doubled: bool,
    sums: Sums | None = None,
) -> Array:
    """|computed − reference| at most, for any order of summation; shape of the answer.

    With n products, a bias b and u the accumulator's roundoff, term by term (`terms` is n, one more for a
    bias and one for a third factor):

    * γ_(n+1)·(Σ|x||w| + |b|), the sum and the bias (n without a bias);
    * the reference's own error: the same with float64's u, twice (once for the reference and once
      for Σ|x||w|); where it sums in doubled precision, u·|answer| and three times γ² · Σ|x||w|;
    * two smallest normals for each of those operations, as denormals may be flushed to 0 (the
      operands themselves are taken to be normal);
    * where the dtype is narrower than the accumulator, one rounding of the convolution and, if a
      bias follows, one after it: frameworks store the answer in between. Half the least denormal
      is added for each;
    * for a gradient of padding that repeats cells, n counts the products of all r places that stand for a
      cell, whose own gradients are stored, too, before they are added in the dtype: γ_r of its u;
    * for `separable`, where n counts the products of all three factors, the rounding of the values
      between its two steps, multiplied by the second filters.

    What follows the bias is added by `verify.oracle.epilogue`. Infinite where a partial sum may overflow.
    The `sums` of another arithmetic have an error of their own in place of the first; a NaN that is read
    gives a NaN by any of them, and may spread beside where it is read.
    """
    form, accumulator = problem.format, FORMATS[problem.format.accumulator]
    own_growth = gamma(terms, FORMATS["float64"].roundoff)
    if sums is None:
        allowed = grown(terms, accumulator.roundoff, magnitude)
    else:
        allowed = _fitting(sums.error, magnitude)
    if doubled:
        allowed += 3 * own_growth * own_growth * magnitude + accumulator.roundoff * np.abs(answer)
    else:
        allowed += 2 * own_growth * magnitude
    allowed += 2 * terms * accumulator.least_normal
    stored = np.abs(answer)
    if form.token != accumulator.token:
        allowed, stored = _stored(problem, operands, allowed, stored, magnitude=magnitude)
    if problem.traits.has_pointwise:
        allowed = allowed + _between(problem, operands, magnitude=magnitude)
    size = magnitude if sums is None else _fitting(sums.size, magnitude)
    overflow = (size + allowed >= accumulator.largest) | (stored + allowed >= form.largest)
    finite = np.isfinite(answer) | all_finite(operands)
    if sums is not None:
        finite = finite | (~np.isnan(answer) & (allowed == np.inf))
    return np.where(finite, np.where(overflow, np.inf, allowed), 0.0)


def _fitting(sizes: Array, like: Array) -> Array:
    """Sizes in the shape of others; their largest throughout where windows were moved, as by a fault."""
    if sizes.shape == like.shape:
        return sizes.copy()
    return np.full(like.shape, sizes.max(initial=0.0))


def _between(problem: Problem, operands: Operands, *, magnitude: Array) -> Array:
    """What storing the answer of the first step of a `separable` adds; infinite where it may overflow."""
    assert operands.pointwise is not None
    form, inner = problem.format, intermediate(problem, operands)
    weights = np.abs(operands.pointwise.astype(np.float64)).reshape(operands.pointwise.shape[-2:]).sum(axis=0)
    if inner.max(initial=0.0) >= form.largest / 2:
        return np.full(magnitude.shape, np.inf)
    rounding = 2 * form.roundoff * magnitude if form.token != form.accumulator else 0.0
    return np.asarray(rounding + 2 * form.least_normal * for_channels(problem, weights))


def _stored(
    problem: Problem, operands: Operands, allowed: Array, stored: Array, *, magnitude: Array
) -> tuple[Array, Array]:
    """What is allowed of an answer that is stored in a narrower dtype, and the largest that is stored.

    The gradient of each place of an input whose padding repeats cells is stored, too.
    """
    form, sizes = problem.format, [stored]
    if is_folded(problem):
        places = prod(map(most_places, problem.axes))
        allowed = allowed + gamma(places, form.roundoff) * (magnitude + allowed) + places * form.least_normal
    if operands.bias is not None:
        sizes.insert(0, stored + np.abs(for_channels(problem, operands.bias)))
    for size in sizes:
        allowed = allowed + form.roundoff * (size + allowed) + form.least_normal * form.roundoff
        stored = np.maximum(stored, size)
    return allowed, stored


def _reason(problem: Problem, *, terms: int, magnitude: float) -> str:
    accumulator = FORMATS[problem.format.accumulator]
    sums = "|x||w| + |b|" if "bias" in problem.epilogue else "|x||w|"
    growth = f"gamma_{terms} {gamma(terms, accumulator.roundoff):.3g}"
    if problem.arithmetic:
        growth = f"the bound of {problem.arithmetic}, in place of {growth}"
    reason = f"{growth} of sum {sums} = {magnitude:.6g}, summed in {accumulator.name}"
    if problem.format.token != accumulator.token:
        reason += f", rounded to {problem.format.name}"
    steps = _steps(problem)
    return f"{reason}, {steps}" if steps else reason


def _steps(problem: Problem) -> str:
    """The steps after the bias, whose roundings were allowed for."""
    steps = [step for step in problem.epilogue if step not in ("bias", "relu", "relu6")]
    return f"then {', '.join(steps)}" if steps else ""
