"""A subject tried before it is gated: one call on a tiny case of its domain, to see what it returns."""

from __future__ import annotations

from contextlib import suppress
from inspect import isclass

from verify.cases.case import Case
from verify.cases.domain import Domain
from verify.checks.clock import TimeUp
from verify.checks.exits import Exited, asking
from verify.checks.interrupts import is_of_a_subject
from verify.checks.signatures import misuse_of_answer
from verify.checks.subject import Declined, Description

PADDINGS = ("same", "valid", "p0.0")

_RETURNED = "returns Declined: write `raise Declined(…)` in place of `return Declined(…)`"


def tiny_case(domain: Domain) -> Case | None:
    """A case of one cell in a domain, or None where that has none."""
    words = [f"{operation}_i1_k1_{padding}_ones" for operation in domain.operations for padding in PADDINGS]
    for word in words:
        with suppress(ValueError):  # what `supports` raised, which the gate tells
            if case := domain.carried(Case.parse(word)):
                return case
    return None


def misuse_on(subject: Description, case: Case) -> str:
    """Why what a subject returns shows that it is none, in one phrase; "" for anything else.

    An error that it raises is for the gate to judge, and that it takes too long for the gate to tell.
    """
    try:
        with asking():
            answer = subject.call(case)
    except (Exception, SystemExit, Exited, TimeUp):  # noqa: BLE001 - anything that a subject raises
        return ""
    except KeyboardInterrupt as interrupt:
        if not is_of_a_subject(interrupt):
            raise
        return ""
    if isinstance(answer, Declined) or (isclass(answer) and issubclass(answer, Declined)):
        return _RETURNED
    return misuse_of_answer(answer)
