"""Subjects whose behaviour is recorded: right in some order of summation, nearly right, or no answer."""

from __future__ import annotations

import os

import numpy as np

from verify import Case, Declined, reference
from verify.cases.operands import Array
from verify.checks.subject import Subject
from verify.faults import fault_named
from verify.faults.summation import CORRECT
from verify.oracle.bounds import judgement

FORWARD, PAIRWISE = CORRECT["forward"], CORRECT["pairwise"]
TF32 = fault_named("operands-in-tf32")


def adds(case: Case) -> Array:
    """Adds up in the order of `ORDER`."""
    return CORRECT[os.environ.get("ORDER", "forward")](case)


def half_the_bound_too_large(case: Case) -> Array:
    rule = judgement(case)
    return np.asarray(rule.wanted + rule.allowed / 2).astype(case.dtype)


def narrows_reals(case: Case) -> Array:
    return np.asarray(TF32(case) if case.fill == "reals" else FORWARD(case))


def unless_narrow(subject: Subject) -> Subject:
    """The subject, which declines sums of few products."""
    return lambda case: subject(case) if case.products > 1000 else declines(case)


def declines(case: Case) -> Array:
    raise Declined("not today")


def fails(case: Case) -> Array:
    raise RuntimeError("no")


def lists(case: Case) -> list[float]:
    return [1.0]


def flattens(case: Case) -> Array:
    return FORWARD(case).reshape(-1)


def widens(case: Case) -> Array:
    return reference(case)


def reuses_its_buffer(case: Case, buffer: Array = np.zeros((1, 17, 4), np.float32)) -> Array:  # noqa: B008 - the buffer
    """Another wrong answer each time."""
    buffer += 1
    return buffer


def alternates(case: Case, signs: list[float] = [1.0]) -> Array:  # noqa: B006 - what it remembers
    """Within the bound, but with other bits each time."""
    signs[0] = -signs[0]
    return np.asarray(FORWARD(case) + np.float32(signs[0] * 1e-6))
