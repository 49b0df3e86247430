"""An arithmetic that a subject follows and does not declare: by its bound what failed is right."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from itertools import chain

import numpy as np

from verify.cases.case import Case
from verify.cases.operands import Array
from verify.cases.patience import patience
from verify.cases.word import InvalidCase
from verify.checks.asking import ask
from verify.checks.confirming import confirming
from verify.checks.examination import Examination
from verify.checks.subject import Description
from verify.oracle.arithmetic import ROUNDED, TRANSFORMED, arithmetics
from verify.oracle.bounds import judgement
from verify.oracle.compare import compare_form, compare_values

CONFIRMATIONS = 5
"""Other cases that are right by the bound of an arithmetic, before it is named."""
SEEN = 2
"""Of all, the cases that are wrong by sums of products."""
PROBES = 8
"""Cases that hold one NaN each, which a tile or a transform spreads."""
OF_A_FILL = 5
"""Other cases of each fill that are asked."""
ASKING_S = 5.0
"""Seconds after which no more of them are."""
KINDS_OF_NONFINITE, ONE_NAN = 4, 1
"""`nonfinite` spoils cells by its seed modulo 4: that of one NaN alone is 1."""

BY_FAULT = {"operands-in-tf32": "tfloat32", "operands-in-bf16": "bfloat16"}
"""Fault → the arithmetic that it is where that is meant."""


def undeclared(examination: Examination) -> str:
    """The arithmetic, of those that round least, by which an answer and those to other cases are right.

    "" where there is none. One that has tiles or transforms is named only if a NaN spreads beside the windows
    that read it, and another only if none does.
    """
    case, subject = examination.case, examination.subject
    if examination.answer is None or case.format.accumulator not in ("float32", "float64"):
        return ""
    asked = [(case, examination.answer), *_answers(case, subject)]
    beyond = sum(not _is_right(each, answer, subject.arithmetic) for each, answer in asked)
    if len(asked) <= CONFIRMATIONS or beyond < SEEN:
        return ""
    spreads = any(_spreads(each, answer) for each, answer in asked)
    named = TRANSFORMED if spreads else ROUNDED
    fitting = (name for name in _of_kernel(named, case) if all(_is_right(*each, name) for each in asked))
    return next(fitting, "")


def _of_kernel(names: tuple[str, ...], case: Case) -> Iterator[str]:
    """The names, those of tiles with the taps of the case."""
    taps = next((axis.kernel for axis in case.axes if axis.kernel > 1), 3)
    for name in names:
        with suppress(ValueError):
            arithmetics(spelled := name.replace("r)", f"{taps})"))
            yield spelled


def _answers(case: Case, subject: Description) -> Iterator[tuple[Case, Array]]:
    """Other cases and the answers to them: some of one NaN, then such as confirm a fault."""
    is_over = patience(ASKING_S)
    for other in chain(_with_nan(case, subject), _near(case, subject)):
        if is_over():
            return
        answer, _ = ask(subject, other.copied())
        if isinstance(answer, np.ndarray):
            native = answer.astype(answer.dtype.newbyteorder("="))
            if compare_form(native, shape=other.output_shape, dtype=other.dtype) is None:
                yield other, native


def _with_nan(case: Case, subject: Description) -> Iterator[Case]:
    """The case on larger sizes, with one NaN in its input."""
    size = tuple(size + 12 if case.rank < 3 else size + 6 for size in case.size)
    for seed in range(ONE_NAN, KINDS_OF_NONFINITE * PROBES, KINDS_OF_NONFINITE):
        with suppress(InvalidCase):
            other = replace(case, size=size, fill="nonfinite", seed=seed, epilogue=())
            if subject.domain.holds(other) and all(other.output_shape):
                yield other


def _near(case: Case, subject: Description) -> Iterator[Case]:
    """Cases near one that failed, such as confirm a fault, a few of each fill."""
    met = Counter[str]()
    for other in confirming(case, (), subject):
        met[other.fill] += 1
        if met[other.fill] <= OF_A_FILL:
            yield other


def _is_right(case: Case, answer: Array, arithmetic: str) -> bool:
    with np.errstate(over="ignore", invalid="ignore"):
        return compare_values(judgement(case.held_to("", arithmetic)), answer.astype(case.dtype)).kind is None


def _spreads(case: Case, answer: Array) -> bool:
    """Whether the one NaN of a case also stands where the right answer is finite."""
    if case.fill != "nonfinite" or case.seed % KINDS_OF_NONFINITE != ONE_NAN or case.epilogue:
        return False
    return bool((np.isnan(answer.astype(np.float64)) & np.isfinite(judgement(case).wanted)).any())
