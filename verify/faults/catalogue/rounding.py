"""Faults of rounding: sums that become steps by another rule than the scheme that a subject declares."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from verify.cases.case import Case
from verify.cases.operands import Array
from verify.faults.catalogue.quantised import quantised_fault, sums_of
from verify.faults.fault import Answer, Fault
from verify.oracle.problem import problem_of
from verify.oracle.requantised import ended, scheme_of, steps_by
from verify.oracle.schemes import SCHEMES, Scales, Scheme, in_fixed_point, product_in_float32

Rule = Callable[[Array], Array]
"""Real numbers → whole ones, as float64."""

Steps = Callable[[Array, Scales], Array]


def _away(real: Array) -> Array:
    return np.asarray(np.copysign(np.floor(np.abs(real) + 0.5), real))


def _up(real: Array) -> Array:
    return np.asarray(np.floor(real + 0.5))


def _toward_zero(real: Array) -> Array:
    return np.asarray(np.copysign(np.ceil(np.abs(real) - 0.5), real))


def _in_float32(rule: Rule) -> Steps:
    """float32's steps by another rule for its halves; all is exact in float64."""
    return lambda sums, scales: rule(product_in_float32(sums, scales)).astype(np.int64)


def _once(rule: Rule) -> Steps:
    """Steps of fixed-point numbers, rounded once by another rule for halves."""

    def steps(sums: Array, scales: Scales) -> Array:
        product, count = in_fixed_point(sums, scales)
        below, rest = product >> count, product & ((np.int64(1) << count) - 1)
        half = np.int64(1) << (count - 1)
        return np.where(rest == half, rule(below + 0.5).astype(np.int64), below + (rest > half))

    return steps


def _answer_by(scheme: Scheme) -> Callable[[Case, Array], Array]:
    """The answer by a scheme in place of the one that the case is held to."""

    def answer(case: Case, right: Array) -> Array:
        problem = problem_of(case)
        steps = steps_by(problem, sums_of(case), scheme)
        return ended(problem, steps, scheme).astype(case.dtype)

    return answer


def _halves(steps: Mapping[str, Steps]) -> Callable[[Case, Array], Array | None]:
    """The answer by the scheme of a case with other steps, by the name of the scheme."""

    def answer(case: Case, right: Array) -> Array | None:
        scheme = scheme_of(problem_of(case))
        if scheme is None or scheme.name not in steps:
            return None
        return _answer_by(scheme._replace(steps=steps[scheme.name]))(case, right)

    return answer


def _halves_fault(name: str, sentence: str, word: str, steps: Mapping[str, Steps]) -> Fault:
    return quantised_fault(
        name=name, sentence=sentence, word=word, schemes=tuple(steps), change=Answer(_halves(steps))
    )


def _scheme_fault(followed: Scheme, word: str, first: str) -> Fault:
    """A subject that follows one scheme and declares another, none akin to it, as a subject the `first`."""
    others = [name for name, other in SCHEMES.items() if other.family != followed.family and name != first]
    return quantised_fault(
        name=f"follows-{followed.name}",
        sentence=f"the scheme {followed.name}, and not the one that is declared: {followed.sentence}",
        applies="dtype != 'int16'",
        schemes=(first, *others),
        change=Answer(_answer_by(followed)),
        word=word,
    )


ROUNDING = (
    _halves_fault(
        "halves-away-from-zero",
        "halves are rounded away from zero",
        "conv_i1_k1_same_int8_qy2_ones",
        {"float32": _in_float32(_away), "fixed-once": _once(_away)},
    ),
    _halves_fault(
        "halves-up",
        "halves are rounded up",
        "conv_i1_k1_same_int8_qy2_ones",
        {"float32": _in_float32(_up)},
    ),
    _halves_fault(
        "halves-toward-zero",
        "halves are rounded toward zero",
        "conv_i1_k1_same_int8_qy2_ones",
        {"fixed-once": _once(_toward_zero), "float32": _in_float32(_toward_zero)},
    ),
    _halves_fault(
        "halves-to-even",
        "halves are rounded to even",
        "conv_i1_k1_same_int8_qy2_ones",
        {"fixed-once": _once(np.rint)},
    ),
    _scheme_fault(SCHEMES["fixed-twice"], "conv_i1_k1_same_int8_qy2_ones", "float32"),
    _scheme_fault(SCHEMES["fixed-twice-up"], "conv_i1_k1_same_int8_qy2_ones", "float32"),
    _scheme_fault(SCHEMES["fixed-twice-blocks"], "conv_i1_k1_same_int8_qy2_ones", "float32"),
    _scheme_fault(SCHEMES["fixed-once"], "conv_i1_k1_same_int8_qy2_ones", "float32"),
    _scheme_fault(SCHEMES["float32"], "conv_i1_k1_same_int8_qy2_ones", "fixed-once"),
    _scheme_fault(SCHEMES["float32-divided"], "conv_i1_k1_same_int8_qy2_ones", "fixed-once"),
)
"""Where no scheme is declared, each of these is right."""
