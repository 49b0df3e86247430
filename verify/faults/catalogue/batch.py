"""Faults of the batch and of what follows the sums: rows repeated, a bias lost, a step left out."""

from __future__ import annotations

from functools import partial

import numpy as np

from verify.cases.case import Case
from verify.cases.operands import Array, Operands
from verify.faults.fault import IMAGE, Answer, Inputs, Steps, make_fault
from verify.faults.index_maps import cast
from verify.oracle.epilogue import follow, for_channels
from verify.oracle.problem import problem_of
from verify.oracle.reference import linear


def _last_bias_lost(case: Case) -> Operands:
    assert case.bias is not None
    bias = case.bias.copy()
    bias[-1] = 0
    return case.operands._replace(bias=bias)


def _bias_twice(case: Case) -> Operands:
    assert case.bias is not None
    return case.operands._replace(bias=case.bias + case.bias)


def _bias_last(case: Case, right: Array) -> Array | None:
    """The bias is added at the very end, after the activation."""
    problem = problem_of(case)._replace(epilogue=_without(case, "bias"))
    sums = linear(problem, case.operands._replace(bias=None), exact=True)
    values, _ = follow(problem, case.operands, sums)
    values = values + for_channels(problem, case.bias)
    if case.format.exact_integers:
        values = values.astype(np.int64).astype(case.dtype).astype(np.float64)
    return cast(values, case.dtype)


def _without(case: Case, left_out: str) -> tuple[str, ...]:
    return tuple(step for step in case.epilogue if step != left_out)


def _without_mean(case: Case) -> Operands:
    assert case.operands.mean is not None
    return case.operands._replace(mean=np.zeros_like(case.operands.mean))


def _first_repeated(case: Case, right: Array) -> Array | None:
    return np.ascontiguousarray(np.broadcast_to(right[:1], right.shape)) if len(right) > 1 else None


def _only_first(case: Case, right: Array) -> Array | None:
    wrong = right.copy()
    wrong[1:] = 0
    return wrong


fault = partial(make_fault, family="batch and bias")

_BIASED = f"'bias' in epilogue and {IMAGE}"
_ACTIVE = "epilogue and epilogue[-1] not in ('bias', 'norm', 'residual')"

BATCH = (
    fault(
        name="last-bias-lost",
        sentence="the last channel of the answer without its bias",
        applies=_BIASED,
        word="conv_i1_k1_same_bias_ones",
        change=Inputs(_last_bias_lost),
    ),
    fault(
        name="bias-twice",
        sentence="the bias added twice",
        applies=_BIASED,
        word="conv_i1_k1_same_bias_ones",
        change=Inputs(_bias_twice),
    ),
    fault(
        name="bias-after-activation",
        sentence="the bias added after the activation instead of before",
        applies=f"{_BIASED} and {_ACTIVE}",
        word="conv_i1_k1_same_bias_relu_ints",
        change=Answer(_bias_last),
    ),
    fault(
        name="activation-lost",
        sentence="the activation left out",
        applies=_ACTIVE,
        word="conv_i1_k1_same_relu_ints",
        change=Steps(lambda case: case.epilogue[:-1]),
    ),
    fault(
        name="residual-lost",
        sentence="the residual never added",
        applies="'residual' in epilogue",
        word="conv_i1_k1_same_residual_ones",
        change=Steps(lambda case: _without(case, "residual")),
    ),
    fault(
        name="mean-lost",
        sentence="batch normalisation without its mean",
        applies="'norm' in epilogue",
        word="conv_i1_k1_same_norm_ones",
        change=Inputs(_without_mean),
    ),
    fault(
        name="batch-repeats-first",
        sentence="every answer of a batch is that to its first input",
        applies=f"batch > 1 and {IMAGE}",
        word="conv_n2_i1_k1_same_iota",
        change=Answer(_first_repeated),
    ),
    fault(
        name="only-first-of-batch",
        sentence="only the first of a batch answered",
        applies=f"batch > 1 and {IMAGE}",
        word="conv_n2_i1_k1_same_ones",
        change=Answer(_only_first),
    ),
)
