"""A subject tried before it is gated: one call on a tiny case of its domain, to see what it returns."""

from __future__ import annotations

from inspect import isclass

from verify.cases.case import Case
from verify.cases.domain import Domain, NoReply
from verify.checks.clock import TimeUp
from verify.checks.exits import Exited, asking
from verify.checks.interrupts import is_of_a_subject
from verify.checks.signatures import misuse_of_answer
from verify.checks.subject import Declined, Description

PADDINGS = ("same", "valid", "p0.0")

_RETURNED = "returns Declined: write `raise Declined(…)` in place of `return Declined(…)`"


def tiny_case(domain: Domain) -> Case | None:
    """A case of one cell in a domain, or None where that has none.

    Raises NoReply where none is found, and of one of them a condition could not be tested.
    """
    words = [f"{operation}_i1_k1_{padding}_ones" for operation in domain.operations for padding in PADDINGS]
    no_reply = None
    for word in words:
        try:
            if case := domain.carried(Case.parse(word)):
                return case
        except NoReply as reason:
            no_reply = no_reply or reason
    if no_reply:
        raise no_reply
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
