"""Faults of the batch and of what follows the sums: rows repeated, a bias lost, a step left out."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from verify.cases.case import Case
from verify.cases.operands import Array
from verify.faults.fault import IMAGE, Answer, Inputs, Steps, make_fault
from verify.faults.index_maps import cast
from verify.oracle.epilogue import follow, for_channels, wrapped
from verify.oracle.problem import problem_of
from verify.oracle.reference import linear


def _with(operand: str, change: Callable[[Array], Array]) -> Inputs:
    return Inputs(lambda case: case.operands._replace(**{operand: change(getattr(case.operands, operand))}))


def _bias_last(case: Case, right: Array) -> Array | None:
    problem = problem_of(case)._replace(epilogue=_without(case, "bias"))
    sums = linear(problem, case.operands._replace(bias=None), exact=True)
    values, _ = follow(problem, case.operands, sums)
    return cast(wrapped(values + for_channels(problem, case.bias), case.format), case.dtype)


def _without(case: Case, left_out: str) -> tuple[str, ...]:
    return tuple(step for step in case.epilogue if step != left_out)


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
        change=_with("bias", lambda bias: np.append(bias[:-1], np.zeros_like(bias[-1:]))),
    ),
    fault(
        name="bias-twice",
        sentence="the bias added twice",
        applies=_BIASED,
        word="conv_i1_k1_same_bias_ones",
        change=_with("bias", lambda bias: bias + bias),
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
        change=_with("mean", np.zeros_like),
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
