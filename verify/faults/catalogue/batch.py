"""Faults of the batch and of what follows the sums: rows repeated, a bias lost, a step left out."""

from __future__ import annotations

import numpy as np

from verify.cases.case import Array, Case, Operands
from verify.cases.predicates import Predicate
from verify.faults.fault import Answer, Fault, Inputs
from verify.faults.index_maps import cast
from verify.oracle.epilogue import follow
from verify.oracle.problem import Problem, problem_of
from verify.oracle.reference import linear

Given = tuple[Problem, Operands]


def _last_bias_lost(case: Case, problem: Problem, given: Operands) -> Given | None:
    assert given.bias is not None
    bias = given.bias.copy()
    bias[-1] = 0
    return problem, given._replace(bias=bias)


def _bias_twice(case: Case, problem: Problem, given: Operands) -> Given | None:
    assert given.bias is not None
    with np.errstate(over="ignore"):
        return problem, given._replace(bias=given.bias + given.bias)


def _bias_last(case: Case, right: Array) -> Array | None:
    """The bias is added at the very end, after the activation."""
    problem, given = problem_of(case), case.operands
    assert given.bias is not None
    steps = tuple(step for step in problem.epilogue if step != "bias")
    before = problem._replace(epilogue=steps)
    sums = linear(before, given._replace(bias=None), exact=True)
    values, _ = follow(before, given, sums, 0.0)
    shape = (-1, *(1,) * case.rank) if case.channels_first else (-1,)
    with np.errstate(invalid="ignore"):
        values = values + given.bias.astype(np.float64).reshape(shape)
    if case.format.exact_integers:
        values = values.astype(np.int64).astype(np.int32).astype(np.float64)
    return cast(case, values)


def _without_activation(case: Case, problem: Problem, given: Operands) -> Given | None:
    return problem._replace(epilogue=problem.epilogue[:-1]), given


def _without_residual(case: Case, problem: Problem, given: Operands) -> Given | None:
    return problem._replace(epilogue=tuple(step for step in problem.epilogue if step != "residual")), given


def _without_mean(case: Case, problem: Problem, given: Operands) -> Given | None:
    assert given.mean is not None
    return problem, given._replace(mean=np.zeros_like(given.mean))


def _first_repeated(case: Case, right: Array) -> Array | None:
    return np.ascontiguousarray(np.broadcast_to(right[:1], right.shape)) if len(right) > 1 else None


def _only_first(case: Case, right: Array) -> Array | None:
    wrong = right.copy()
    wrong[1:] = 0
    return wrong


def _fault(name: str, sentence: str, applies: str, needs: str, word: str, change: Inputs | Answer) -> Fault:
    return Fault(name, "batch and bias", sentence, Predicate(applies), Predicate(needs), word, change)


_BIASED = "'bias' in epilogue and operation != 'filtergrad'"
_IMAGE = "operation != 'filtergrad'"
_ACTIVE = "epilogue and epilogue[-1] not in ('bias', 'norm', 'residual')"

BATCH = (
    _fault(
        "last-bias-lost",
        "the last channel of the answer without its bias",
        _BIASED,
        "True",
        "conv_i1_k1_same_bias_ones",
        Inputs(_last_bias_lost),
    ),
    _fault(
        "bias-twice",
        "the bias added twice",
        _BIASED,
        "True",
        "conv_i1_k1_same_bias_ones",
        Inputs(_bias_twice),
    ),
    _fault(
        "bias-after-activation",
        "the bias added after the activation instead of before",
        f"{_BIASED} and {_ACTIVE}",
        "True",
        "conv_i1_k1_same_bias_relu_ints",
        Answer(_bias_last),
    ),
    _fault(
        "activation-lost",
        "the activation left out",
        _ACTIVE,
        "True",
        "conv_i1_k1_same_relu_ints",
        Inputs(_without_activation),
    ),
    _fault(
        "residual-lost",
        "the residual never added",
        "'residual' in epilogue",
        "True",
        "conv_i1_k1_same_residual_ones",
        Inputs(_without_residual),
    ),
    _fault(
        "mean-lost",
        "batch normalisation without its mean",
        "'norm' in epilogue",
        "True",
        "conv_i1_k1_same_norm_ones",
        Inputs(_without_mean),
    ),
    _fault(
        "batch-repeats-first",
        "every answer of a batch is that to its first input",
        f"batch > 1 and {_IMAGE}",
        "True",
        "conv_n2_i1_k1_same_iota",
        Answer(_first_repeated),
    ),
    _fault(
        "only-first-of-batch",
        "only the first of a batch answered",
        f"batch > 1 and {_IMAGE}",
        "True",
        "conv_n2_i1_k1_same_ones",
        Answer(_only_first),
    ),
)
