"""Which elements of an answer are wrong: all of them by their indices, and the worst few."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from verify.checks.examination import Examination
from verify.oracle.bounds import judgement
from verify.oracle.compare import NUMERIC_KINDS, Worst, where_differs, worst_of

SHOWN = 3
"""The worst elements that are kept."""


class Wrong(NamedTuple):
    """The worst elements of an answer, and the indices of all that are wrong, as far as they are listed."""

    worst: tuple[Worst, ...] = ()
    places: tuple[tuple[int, ...], ...] = ()


NONE_WRONG = Wrong()


def wrong_in(examination: Examination, *, most: int) -> Wrong:
    """The wrong elements of an answer, `most` of their indices; none where its numbers were not judged."""
    case, verdict = examination.case, examination.verdict
    if examination.answer is None or verdict.worst is None or verdict.kind not in NUMERIC_KINDS:
        return NONE_WRONG
    if case.is_large:
        return Wrong((verdict.worst,))
    rule = judgement(examination.held)
    with np.errstate(over="ignore", invalid="ignore"):
        answer = examination.answer.astype(case.dtype)
    if answer.shape != rule.wanted.shape:
        return Wrong((verdict.worst,))
    others = [each for each in worst_of(rule, answer, SHOWN) if each.index != verdict.worst.index]
    places = np.argwhere(where_differs(rule, answer))[:most].tolist()
    return Wrong((verdict.worst, *others[: SHOWN - 1]), tuple(map(tuple, places)))
