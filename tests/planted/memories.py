"""Subjects that treat memory as kernels in public reports did, and right ones beside them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from verify import Case
from verify.faults.fault import answer_to
from verify.oracle.problem import problem_of

Array = np.ndarray[Any, Any]


def taking_views(subject: Callable[[Case], Array]) -> Callable[[Case], Array]:
    vars(subject)["views"] = True
    return subject


@taking_views
def right(case: Case) -> Array:
    return answer_to(problem_of(case), case.operands)


@taking_views
def sliced_weight(case: Case) -> Array:
    """A weight that was sliced out of a larger one is read as if it were contiguous."""
    w = case.operands.factor
    read = as_strided(w, w.shape, np.empty(w.shape, w.dtype).strides).copy()
    return answer_to(problem_of(case), case.operands._replace(factor=read))


@taking_views
def one_channel(case: Case) -> Array:
    """Of weights of one input channel, its stride, which means nothing, is taken for the distance of taps."""
    w = case.operands.factor
    if w.shape[-2] == 1:
        w = as_strided(w, w.shape, (*w.strides[:-3], w.strides[-2], *w.strides[-2:])).copy()
    return answer_to(problem_of(case), case.operands._replace(factor=w))


@taking_views
def writes_into_gaps(case: Case) -> Array:
    answer, x = right(case), case.input
    if x.size:
        as_strided(x, (2,), (x.itemsize,))[1] = 7
    return answer


@taking_views
def scales_in_place(case: Case) -> Array:
    case.input[...] *= 1
    return right(case)


def answers_in_out(case: Case) -> Array:
    case.out[...] = right(case)
    return case.out


def writes_behind_out(case: Case) -> Array:
    answer = answers_in_out(case)
    as_strided(answer, (answer.size + 1,), (answer.itemsize,))[-1] = 0
    return answer


@taking_views
def strides(case: Case) -> Array:
    """The strides of the input, in elements, in place of the first cells of an answer."""
    answer = right(case).copy()
    answer.reshape(-1)[: case.input.ndim] = np.array(case.input.strides) // case.input.itemsize
    return answer
