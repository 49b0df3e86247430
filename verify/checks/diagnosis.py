"""What a disagreement looks like, found by asking the subject about other cases."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

import numpy as np

from verify.cases.case import Case
from verify.cases.fills import FILLS
from verify.cases.operands import Array
from verify.cases.word import InvalidCase
from verify.checks.check import Mismatch, Subject, ask
from verify.checks.clock import Clock
from verify.checks.probes import probed
from verify.faults import Fault, fault_named
from verify.faults.matching import BY_KIND, is_alike, matching_faults
from verify.oracle.compare import NUMERIC_KINDS

CONFIRMED = 4
"""Cases that confirm a fault, even where nothing else is left to tell it from."""
ASKED = 16
"""Cases that are put to the subject at most."""
LIMIT_S = 5.0
"""Seconds after which no more of them are."""
NAMED = 3
"""Faults that are named at most: more of them say nothing."""


def diagnose(mismatch: Mismatch, subject: Subject) -> None:
    """Find what a disagreement looks like and keep it in its message.

    The faults that explain it are held to other cases of its kind; where none is left, single
    products are probed.
    """
    kind = mismatch.verdict.kind
    if kind in NUMERIC_KINDS and _wavers(mismatch, subject):
        mismatch.looks_like = (fault_named("wavers"),)
        return
    found = matching_faults(mismatch.case, mismatch.answer, kind=kind)
    if kind not in BY_KIND:
        found = confirmed(found, mismatch.case, subject)
    mismatch.looks_like = found if len(found) <= NAMED else ()
    if not found and kind in NUMERIC_KINDS:
        mismatch.probed = probed(mismatch.case, subject)


def _wavers(mismatch: Mismatch, subject: Subject) -> bool:
    """Whether the same case is now answered with other bits."""
    again, _ = ask(subject, replace(mismatch.case), Clock())
    return (
        isinstance(again, np.ndarray)
        and mismatch.answer is not None
        and again.tobytes() != mismatch.answer.tobytes()
    )


def confirmed(found: Sequence[Fault], case: Case, subject: Subject) -> tuple[Fault, ...]:
    """Those of some faults that answer confirming cases as the subject does."""
    left, asked, until = list(found), 0, time.monotonic() + LIMIT_S
    for other in confirming(case, found) if found else ():
        if time.monotonic() > until:
            break
        answers = [fault(other) for fault in left]
        if asked >= CONFIRMED and all(is_alike(each, answers[0], case=other) for each in answers):
            continue
        given, _ = ask(subject, replace(other), Clock())
        if not isinstance(given, np.ndarray):
            continue
        asked += 1
        left = [fault for fault, each in zip(left, answers, strict=True) if _is_same(other, given, each)]
        if not left or asked == ASKED:
            break
    return tuple(left)


def _is_same(case: Case, given: Array, expected: Array) -> bool:
    return is_alike(given.astype(given.dtype.newbyteorder("=")), expected, case=case)


def confirming(case: Case, found: Sequence[Fault]) -> Iterator[Case]:
    """Cases near one that failed, and those that show the faults in question; every one of them once."""
    seen = {case}
    for other in (*_near(case), *_shifted_words(case, found)):
        if other not in seen:
            seen.add(other)
            yield other


def _near(case: Case) -> Iterator[Case]:
    larger = tuple(size + kernel + 2 for size, kernel in zip(case.size, case.kernel, strict=True))
    uneven = tuple(size + axis for axis, size in enumerate(larger))
    changes: tuple[dict[str, Any], ...] = (
        {},
        {"size": uneven},
        {"size": uneven, "kernel": tuple(kernel + 1 for kernel in case.kernel)},
        {"size": uneven, "strides": tuple(2 + axis for axis in range(case.rank))},
        {
            "size": uneven,
            "kernel": (2,) * case.rank,
            "dilations": tuple(3 - axis for axis in range(case.rank)),
        },
        {"batch": 3, "size": uneven},
        {"channels": 3 * case.groups, "filter_count": 5 * case.groups},
        {"channels": 5 * case.groups},
        {"channels": 17 * case.groups},
        {"filter_count": 17 * case.groups},
    )
    for change in changes:
        for fill, seed in (("coded", 0), ("ints", 3), ("dyadic", 1), ("dyadic", 0)):
            with suppress(InvalidCase):
                yield replace(case, **change, fill=fill, seed=seed if FILLS[fill].is_seeded else 0)


def _shifted_words(case: Case, found: Sequence[Fault]) -> Iterator[Case]:
    """The words of faults, with the operation and the dtype of a case where they can have them."""
    for fault in found:
        word = Case.parse(fault.word)
        for change in ({"operation": case.operation, "dtype": case.dtype}, {"dtype": case.dtype}, {}):
            with suppress(InvalidCase):
                changed = replace(word, **change)
                if changed.operation == case.operation:
                    yield changed
