"""Faults of gradients: those of the input (`transpose`) and of the filters (`filtergrad`)."""

from __future__ import annotations

import numpy as np

from verify.cases.case import Array, Case, Operands
from verify.cases.predicates import Predicate
from verify.faults.catalogue.padding import LINEAR, own_padding, shifted
from verify.faults.catalogue.windows import flipped, stepping
from verify.faults.fault import Answer, Fault, Geometry, Inputs
from verify.oracle.problem import Problem


def _not_flipped(case: Case, problem: Problem, given: Operands) -> tuple[Problem, Operands] | None:
    factor = flipped(case, given.factor)
    if np.array_equal(factor, given.factor):
        return None
    return problem, given._replace(factor=np.ascontiguousarray(factor))


def _mean(case: Case, right: Array) -> Array | None:
    with np.errstate(invalid="ignore"):
        return (right.astype(np.float64) / max(case.batch, 1)).astype(right.dtype)


def _negated(case: Case, right: Array) -> Array | None:
    with np.errstate(over="ignore"):
        return -right


def _fault(
    name: str, sentence: str, applies: str, needs: str, word: str, change: Geometry | Inputs | Answer
) -> Fault:
    return Fault(name, "gradients", sentence, Predicate(applies), Predicate(needs), word, change)


_GRADIENT = "operation in ('transpose', 'filtergrad')"

GRADIENTS = (
    _fault(
        "gradient-not-flipped",
        "the gradient of the input with the kernel not flipped",
        "operation == 'transpose'",
        "max(kernel) > 1",
        "transpose_i1_k2_same_iota",
        Inputs(_not_flipped),
    ),
    _fault(
        "gradient-ignores-stride",
        "a gradient that ignores the stride",
        f"{_GRADIENT} and {LINEAR}",
        "max(strides) > 1",
        "transpose_i3_k1_s2_same_ones",
        stepping(lambda case: ((1,) * case.rank, case.dilations)),
    ),
    _fault(
        "gradient-padded-at-other-end",
        "a gradient with the padding of the other end",
        f"{_GRADIENT} and padding == 'explicit' and {LINEAR}",
        "any(before != after for before, after in pads)",
        "transpose_i1_k1_p0.1_iota",
        shifted(lambda case: [after for _, after in own_padding(case)]),
    ),
    _fault(
        "gradient-mean-of-batch",
        "a gradient of the filters averaged over the batch instead of summed",
        "operation == 'filtergrad' and batch > 1",
        "True",
        "filtergrad_n2_i1_k1_same_ones",
        Answer(_mean),
    ),
    _fault(
        "gradient-zero",
        "a gradient of zeros",
        _GRADIENT,
        "True",
        "transpose_i1_k1_same_ones",
        Answer(lambda case, right: np.zeros_like(right)),
    ),
    _fault(
        "gradient-negated",
        "a gradient of the wrong sign",
        _GRADIENT,
        "True",
        "transpose_i1_k1_same_ones",
        Answer(_negated),
    ),
)
