"""What answers look like now: an order of summation that has their bits, or operands cut to a dtype."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from verify.cases.case import Array, Case
from verify.cases.predicates import names_of
from verify.faults import Fault, fault_named
from verify.faults.fault import wrong_answer
from verify.faults.summation import CORRECT
from verify.oracle.bounds import judgement
from verify.runs.baseline.behaviour import is_answer
from verify.runs.baseline.ulps import answer_of, spelled

CASES = 3
"""Cases that are looked at, those of the fewest products."""

NEAR = 1 / 4
"""Of its distance from the reference, as far as an answer may lie from that of a fault it looks like."""

NARROWING = (
    "operands-in-tf32",
    "operands-in-bf16",
    "sums-in-f16",
    "sums-in-bf16",
    "answer-in-bf16",
    "f64-in-f32",
)
"""The faults that an answer may look like: those by which every value is less precise."""

_ORDERS: Mapping[str, str] = {
    "forward": "products added one after another",
    "reversed": "products added from the last to the first",
    "pairwise": "products added in pairs, then the pairs",
    "blocked": "products added in blocks of eight, then the blocks",
    "higher precision": "sums in more than the accumulator's precision",
}


def likeness(texts: Mapping[str, str]) -> str:
    """What answers look like, from words and the texts of their answers; nothing where nothing fits."""
    answered = (Case.parse(word) for word, text in texts.items() if is_answer(text))
    cases = sorted(answered, key=lambda case: case.products)[:CASES]
    if not cases:
        return ""
    orders = [name for name in _ORDERS if all(_has_bits_of(name, case, texts[str(case)]) for case in cases)]
    if orders:
        return _ORDERS[orders[0]] if len(orders) == 1 else ""
    given = [(case, answer_of(texts[str(case)], _due(case))) for case in cases]
    return next((fault.sentence for fault in map(fault_named, NARROWING) if _is_like(fault, given)), "")


def _has_bits_of(order: str, case: Case, text: str) -> bool:
    return spelled(CORRECT[order](case), _due(case)) == text


def _is_like(fault: Fault, given: Iterable[tuple[Case, Array]]) -> bool:
    """Whether every answer lies much nearer to that of a fault than to the correctly rounded one."""
    return all(fault.bears.holds(names_of(case)) and _is_near(fault, case, answer) for case, answer in given)


def _is_near(fault: Fault, case: Case, answer: Array) -> bool:
    due = _due(case)
    wrong = wrong_answer(fault, case, due)
    return wrong is not None and _distance(answer, wrong) < NEAR * _distance(answer, due)


def _distance(answer: Array, other: Array) -> float:
    with np.errstate(invalid="ignore", over="ignore"):
        return float(np.linalg.norm(answer.astype(np.float64) - other.astype(np.float64)))


def _due(case: Case) -> Array:
    with np.errstate(over="ignore"):
        return judgement(case).wanted.astype(case.dtype)
