"""Faults of behaviour: cells that are none of an answer's business, and answers of the wrong form."""

from __future__ import annotations

from itertools import count

import numpy as np

from verify.cases.case import Array, Case, Operands
from verify.cases.fills import read_cells
from verify.cases.predicates import Predicate
from verify.faults.fault import Answer, Conduct, Fault, Inputs
from verify.oracle.compare import NUMERIC_KINDS, Kind
from verify.oracle.problem import Problem

_WIDER = {"float16": np.float32, "bfloat16": np.float32, "float32": np.float64, "float64": np.float32}


def _unread_multiplied(case: Case, right: Array) -> Array | None:
    """What no window reads is multiplied by zero and added to every value."""
    unread = ~read_cells(case)
    x = np.moveaxis(case.input, 1, -1) if case.channels_first else case.input
    with np.errstate(invalid="ignore"):
        touched = (x[:, unread].astype(np.float64) * 0).sum()
    return right + right.dtype.type(touched) if np.isnan(touched) else None


def _without_nan(case: Case, problem: Problem, given: Operands) -> tuple[Problem, Operands] | None:
    if not np.isnan(given.input).any():
        return None
    return problem, given._replace(
        input=np.where(np.isnan(given.input), given.input.dtype.type(0), given.input)
    )


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


def _widened(case: Case, right: Array) -> Array | None:
    return right.astype(_WIDER.get(right.dtype.name, np.int64))


def _batch_of_one(case: Case, right: Array) -> Array | None:
    return np.zeros((1, *right.shape[1:]), right.dtype) if not case.batch else None


def _fault(
    name: str,
    sentence: str,
    applies: str,
    word: str,
    change: Inputs | Answer | Conduct,
    kinds: frozenset[Kind] = NUMERIC_KINDS,
) -> Fault:
    return Fault(name, "behaviour", sentence, Predicate(applies), Predicate("True"), word, change, kinds)


BEHAVIOUR = (
    _fault(
        "unread-cells-read",
        "cells that no window reads are read, if only to be multiplied by zero",
        "fill == 'unread'",
        "conv_i2_k1_s2_same_unread",
        Answer(_unread_multiplied),
    ),
    _fault(
        "nan-to-zero",
        "NaN in the input turned into 0",
        "fill == 'nonfinite'",
        "conv_i1_k1_same_nonfinite1",
        Inputs(_without_nan),
    ),
    _fault(
        "input-modified",
        "the input changed in place",
        "True",
        "conv_i1_k1_same_ones",
        Conduct(_writes),
        frozenset({"input modified"}),
    ),
    _fault(
        "wavers",
        "different bits now and then",
        "True",
        "conv_i1_k1_same_ones",
        Conduct(_wavers),
        frozenset({"not repeatable"}),
    ),
    _fault(
        "wrong-dtype",
        "the answer in another dtype",
        "True",
        "conv_i1_k1_same_ones",
        Answer(_widened),
        frozenset({"dtype"}),
    ),
    _fault(
        "empty-batch-answered",
        "an empty batch answered as a batch of one",
        "batch == 0 and operation != 'filtergrad'",
        "conv_n0_i1_k1_same_ones",
        Answer(_batch_of_one),
        frozenset({"shape"}),
    ),
)
