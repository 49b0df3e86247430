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
from verify.cases.word import InvalidCase
from verify.checks.asking import ask
from verify.checks.examination import Examination
from verify.checks.probes import probed
from verify.checks.subject import Description
from verify.faults import Fault, fault_named
from verify.faults.matching import BY_KIND, is_alike, matching_faults
from verify.oracle.compare import NUMERIC_KINDS

CONFIRMED = 4
"""Cases that confirm a fault, even where nothing else is left to tell it from."""
ASKED = 16
"""Cases that are put to the subject at most."""
CONFIRMING_S = 5.0
"""Seconds after which no more of them are."""
NAMED = 3
"""Faults that are named at most: more of them say nothing."""


def diagnosed(examination: Examination) -> Examination:
    """A disagreement with what it looks like, for which the subject is asked about other cases.

    The faults that explain it are held to other cases of its kind; where none is left, single
    products are probed.
    """
    case, kind, subject = examination.case, examination.verdict.kind, examination.subject
    if kind in NUMERIC_KINDS and _wavers(examination):
        return replace(examination, faults=(fault_named("wavers"),))
    faults = matching_faults(case, examination.answer, kind=kind)
    if kind not in BY_KIND:
        faults = confirmed(faults, case=case, subject=subject)
    probes = probed(case, subject) if not faults and kind in NUMERIC_KINDS else ""
    return replace(examination, faults=faults if len(faults) <= NAMED else (), probes=probes)


def _wavers(examination: Examination) -> bool:
    """Whether the same case is now answered with other bits."""
    again, _ = ask(examination.subject, replace(examination.case))
    first = examination.answer
    return isinstance(again, np.ndarray) and first is not None and again.tobytes() != first.tobytes()


def confirmed(faults: Sequence[Fault], *, case: Case, subject: Description) -> tuple[Fault, ...]:
    """Those of some faults that answer confirming cases as the subject does."""
    left, asked, until = list(faults), 0, time.monotonic() + CONFIRMING_S
    for other in confirming(case, faults) if faults else ():
        if time.monotonic() > until:
            break
        expected = [fault(other) for fault in left]
        if asked >= CONFIRMED and all(is_alike(answer, expected[0], case=other) for answer in expected):
            continue
        answer, _ = ask(subject, replace(other))
        if not isinstance(answer, np.ndarray):
            continue
        asked += 1
        native = answer.astype(answer.dtype.newbyteorder("="))
        left = [fault for fault, due in zip(left, expected, strict=True) if is_alike(native, due, case=other)]
        if not left or asked == ASKED:
            break
    return tuple(left)


def confirming(case: Case, faults: Sequence[Fault]) -> Iterator[Case]:
    """Cases near one that failed, and those that show the faults in question; every one of them once."""
    seen = {case}
    for other in (*_near(case), *_shifted_words(case, faults)):
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


def _shifted_words(case: Case, faults: Sequence[Fault]) -> Iterator[Case]:
    """The words of faults, with the operation and the dtype of a case where they can have them."""
    for fault in faults:
        word = Case.parse(fault.word)
        for change in ({"operation": case.operation, "dtype": case.dtype}, {"dtype": case.dtype}, {}):
            with suppress(InvalidCase):
                changed = replace(word, **change)
                if changed.operation == case.operation:
                    yield changed
