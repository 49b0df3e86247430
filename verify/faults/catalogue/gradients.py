"""Faults of gradients: those of the input (`transpose`) and of the filters (`filtergrad`)."""

from __future__ import annotations

from functools import partial

import numpy as np

from verify.cases.case import Case
from verify.cases.operands import Array
from verify.faults.fault import FLIPPED, OTHER_END, WINDOWED, Answer, make_fault, stepping


def _mean(case: Case, right: Array) -> Array | None:
    return (right.astype(np.float64) / max(case.batch, 1)).astype(right.dtype)


fault = partial(make_fault, family="gradients")

_GRADIENT = "operation in ('transpose', 'filtergrad')"

GRADIENTS = (
    fault(
        name="gradient-not-flipped",
        sentence="the gradient of the input with the kernel not flipped",
        applies="operation == 'transpose'",
        needs="max(kernel) > 1",
        word="transpose_i1_k2_same_iota",
        change=FLIPPED,
    ),
    fault(
        name="gradient-ignores-stride",
        sentence="a gradient that ignores the stride",
        applies=f"{_GRADIENT} and {WINDOWED}",
        needs="max(strides) > 1",
        word="transpose_i3_k1_s2_same_ones",
        change=stepping(lambda case: ((1,) * case.rank, case.dilations)),
    ),
    fault(
        name="gradient-padded-at-other-end",
        sentence="a gradient with the padding of the other end",
        applies=f"{_GRADIENT} and padding == 'explicit' and {WINDOWED}",
        needs="any(before != after for before, after in pads)",
        word="transpose_i1_k1_p0.1_iota",
        change=OTHER_END,
    ),
    fault(
        name="gradient-mean-of-batch",
        sentence="a gradient of the filters averaged over the batch instead of summed",
        applies="operation == 'filtergrad' and batch > 1",
        word="filtergrad_n2_i1_k1_same_ones",
        change=Answer(_mean),
    ),
    fault(
        name="gradient-zero",
        sentence="a gradient of zeros",
        applies=_GRADIENT,
        word="transpose_i1_k1_same_ones",
        change=Answer(lambda case, right: np.zeros_like(right)),
    ),
    fault(
        name="gradient-negated",
        sentence="a gradient of the wrong sign",
        applies=_GRADIENT,
        word="transpose_i1_k1_same_ones",
        change=Answer(lambda case, right: -right),
    ),
)
