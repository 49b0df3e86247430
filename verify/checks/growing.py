"""Answers that grow: each is the right one added onto what stood in memory, the answer before."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import numpy as np

from verify.cases.case import Case
from verify.cases.operands import Array
from verify.checks.asking import ask
from verify.checks.confirming import ASKED, CONFIRMATIONS, confirming
from verify.checks.subject import Description
from verify.faults import fault_named
from verify.faults.fault import right_answer

LARGEST = 2**7
"""The largest element of the answers that are added, so that four of them add exactly in every dtype."""


def grows(subject: Description, case: Case) -> bool:
    """Whether answers to cases near one that wavers, to five and one, each grow by the right answer.

    Those count whose memory, where a search has left its sums, is small enough to tell.
    """
    told = 0
    for other in islice(_small(case, subject), ASKED):
        match _grows_on(subject, other):
            case False:
                return False
            case True:
                told += 1
        if told > CONFIRMATIONS:
            return True
    return False


def _small(case: Case, subject: Description) -> Iterator[Case]:
    """Cases near one, or near the smallest, whose answers are small whole numbers, and not all 0."""
    for other in confirming(case, [fault_named("adds-onto-memory")], subject):
        right = right_answer(subject.held(other)).astype(np.float64)
        if 0 < np.abs(right).max(initial=0) <= LARGEST and not (right % 1).any():
            yield other


def _grows_on(subject: Description, case: Case) -> bool | None:
    """Whether the second answer is the first and the right one; None where so large a sum is rounded."""
    first, second = _number(subject, case), _number(subject, case)
    if first is None or second is None or first.shape != case.output_shape or second.shape != first.shape:
        return False
    if not np.abs([first, second]).max(initial=0) <= 2**case.format.precision:
        return None
    return np.array_equal(second - first, right_answer(subject.held(case)).astype(np.float64))


def _number(subject: Description, case: Case) -> Array | None:
    """An answer in float64, copied, as a subject may write over it."""
    answer, _ = ask(subject, case.copied())
    return answer.astype(np.float64) if isinstance(answer, np.ndarray) else None
