"""What a worker said, read with suspicion: an answer, a verdict or counts, else BrokenStream."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate, chain
from typing import Any

import numpy as np

from verify.cases.case import Case
from verify.cases.fills import bytes_of_operands
from verify.cases.memory import parts_in_memory
from verify.cases.operands import Array, Operands
from verify.checks.asking import most_answer_bytes
from verify.checks.bulk import Swept
from verify.oracle.compare import KINDS, Verdict
from verify.subjects.protocol import BrokenStream, array_of


def most_bytes(case: Case) -> int:
    """The most that the body of an answer takes: the answer, and each operand, which may be modified."""
    if case.is_large:  # whose operands are not sent back
        return most_answer_bytes(case)
    return most_answer_bytes(case) + bytes_of_operands(case)


def answer_in(case: Case, header: Mapping[str, Any], *, body: memoryview) -> Array:
    """The answer of a message; modified operands are copied to the case's, of a large one one is named."""
    wrong = BrokenStream("it sent an answer whose parts do not fit each other")
    modified, sizes = header.get("modified"), header.get("sizes")
    if not (isinstance(modified, list) and isinstance(sizes, list) and _are_counts(sizes)):
        raise wrong
    if sum(sizes) != len(body):
        raise wrong
    if case.is_large:
        if len(sizes) != 1 or len(modified) > 1 or not {*modified} <= {*Operands._fields}:
            raise wrong
        vars(case).update(written="".join(modified))
        return array_of(header["answer"], body)
    parts = [body[end - size : end] for end, size in zip(accumulate(sizes), sizes, strict=True)]
    operands = case.operands._asdict() if modified else {}  # which few subjects write to
    written = {name: part for name, part in operands.items() if name in modified}
    is_each = len(written) == len(modified) == len(parts) - 1
    if not is_each or [part.nbytes for part in written.values() if part is not None] != sizes[1:]:
        raise wrong
    if "beside" in header:
        vars(case).update(beside=_beside_in(case, header["beside"]))
    answer = array_of(header["answer"], parts[0])
    for operand, part in zip(written.values(), parts[1:], strict=True):
        operand.flags.writeable = True  # where it is read-only, as it was there
        operand[...] = np.ndarray(operand.shape, operand.dtype, part)
    return answer


def _beside_in(case: Case, said: Any) -> dict[str, int]:
    """How many cells beside each array were written to."""
    names = {parts_in_memory(case)[letter] for letter, _ in case.memory} | {"out"}
    if not isinstance(said, dict) or not {*said} <= names or not _are_counts([*said.values()]):
        raise BrokenStream("it sent counts of memory that there is not")
    return {name: count for name, count in said.items() if count}


def _are_counts(values: Sequence[Any]) -> bool:
    return all(type(value) is int and value >= 0 for value in values)


def verdict_in(header: Mapping[str, Any]) -> Verdict:
    """The verdict of a message without an answer: that a case was declined, or why it disagrees."""
    outcome: Any = header.get("outcome")
    kind: Any = header.get("kind")
    if (outcome, kind) != ("declined", None) and (outcome != "disagrees" or kind not in KINDS):
        raise BrokenStream("it sent a verdict that there is not")
    sentence, place = str(header.get("sentence", "")), str(header.get("place", ""))
    return Verdict(outcome=outcome, kind=kind, sentence=sentence, place=place)


def swept_in(data: dict[str, Any], *, cases: int) -> Swept:
    """What became of a block of so many cases, as it was sent."""
    unreadable = BrokenStream("it sent counts that cannot be read")
    try:
        swept = Swept.from_data(data)
        counters = (swept.declined, swept.known, swept.counterexamples)
        counts = [swept.agreed, swept.vacuous, swept.repeated, *chain(*(each.values() for each in counters))]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise unreadable from error
    if not _are_counts(counts):
        raise unreadable
    if swept.cases != cases:
        raise BrokenStream("it sent the counts of another number of cases")
    return swept
