"""Faults of behaviour: cells that no answer depends on, and answers of the wrong form."""

from __future__ import annotations

from functools import partial
from itertools import count

import numpy as np

from verify.cases.case import Case
from verify.cases.fills import read_cells
from verify.cases.operands import Array, Operands
from verify.faults.fault import IMAGE, Answer, Conduct, Inputs, make_fault
from verify.oracle.problem import channels_last

_WIDER = {"float16": np.float32, "bfloat16": np.float32, "float32": np.float64, "float64": np.float32}


def _unread_multiplied(case: Case, right: Array) -> Array | None:
    unread = ~read_cells(case)
    touched = (channels_last(case, case.input)[:, unread].astype(np.float64) * 0).sum()
    return right + right.dtype.type(touched) if np.isnan(touched) else None


def _without_nan(case: Case) -> Operands | None:
    is_nan = np.isnan(case.input)
    without = np.where(is_nan, case.dtype.type(0), case.input)
    return case.operands._replace(input=without) if is_nan.any() else None


def _writes(case: Case, right: Array) -> Array:
    if case.input.size:
        case.input.flat[0] = 0 if case.input.flat[0] != 0 else 1
    return right


_CALLS = count()


def _wavers(case: Case, right: Array) -> Array:
    """Every second answer has its last value one bit off."""
    if not right.size or next(_CALLS) % 2:
        return right
    wrong = np.ascontiguousarray(right).copy()
    wrong.view(np.uint8).reshape(-1)[-wrong.dtype.itemsize] ^= 1
    return wrong


def _batch_of_one(case: Case, right: Array) -> Array | None:
    return np.zeros((1, *right.shape[1:]), right.dtype) if not case.batch else None


fault = partial(make_fault, family="behaviour")

BEHAVIOUR = (
    fault(
        name="unread-cells-read",
        sentence="cells that no window reads are read, if only to be multiplied by zero",
        applies="fill == 'unread'",
        word="conv_i2_k1_s2_same_unread",
        change=Answer(_unread_multiplied),
    ),
    fault(
        name="nan-to-zero",
        sentence="NaN in the input turned into 0",
        applies="fill == 'nonfinite'",
        word="conv_i1_k1_same_nonfinite1",
        change=Inputs(_without_nan),
    ),
    fault(
        name="input-modified",
        sentence="the input changed in place",
        change=Conduct(_writes),
        kinds=frozenset({"input modified"}),
    ),
    fault(
        name="wavers",
        sentence="different bits now and then",
        change=Conduct(_wavers),
        kinds=frozenset({"not repeatable"}),
    ),
    fault(
        name="wrong-dtype",
        sentence="the answer in another dtype",
        change=Answer(lambda case, right: right.astype(_WIDER.get(right.dtype.name, np.int64))),
        kinds=frozenset({"dtype"}),
    ),
    fault(
        name="empty-batch-answered",
        sentence="an empty batch answered as a batch of one",
        applies=f"batch == 0 and {IMAGE}",
        word="conv_n0_i1_k1_same_ones",
        change=Answer(_batch_of_one),
        kinds=frozenset({"shape"}),
    ),
)
