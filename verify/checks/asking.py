"""Asking a subject for its answer to a case: an array, or the verdict that it gave none."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from itertools import count
from traceback import extract_tb
from typing import Any

import numpy as np

from verify.cases.case import Case
from verify.cases.exchange import is_array_like, numpy_of
from verify.cases.memory import OPERANDS
from verify.cases.operands import Array, Operands
from verify.cases.pages import sentence_beside, written_beside
from verify.cases.slabs import first_changed
from verify.cases.spelling import with_article
from verify.checks.broken import Broken
from verify.checks.clock import Clock
from verify.checks.exits import Exited, asking
from verify.checks.interrupts import is_of_a_subject
from verify.checks.journal import journal
from verify.checks.subject import Declined, Description, Elsewhere, NotAsked
from verify.oracle.compare import Kind, Verdict, compare_form, disagrees

DIRTIED = 2**18
"""Bytes at most of one of the blocks that are written and freed before a subject is asked."""

WIDEST = 16
"""Bytes of the widest number of NumPy that can be compared."""

SMALL = 2**20
"""Bytes of an answer that is looked at whatever its shape."""

QUOTED, DECLINED, NAMED = 300, 1000, 100
"""Characters at most of what an error says, of why a case is declined, and of the name of a class."""

_FILL_VALUES = count()

_MEMORY_ERRORS = ("MemoryError", "ResourceExhaustedError")
"""Python's and NumPy's error, and TensorFlow's."""

_READ_ONLY = ("assignment destination is read-only", "output array is read-only")
"""What NumPy says that keeps an array from being written to."""

_FRAME = re.compile(r'^\s*File ".*", line \d+, in .*$', re.MULTILINE)


def ask(
    subject: Description, case: Case, clock: Clock | None = None
) -> tuple[Array | Verdict, BaseException | None]:
    """The subject's answer, or why there is none and the error that says so.

    The subject may write to the operands of the case. A process that keeps a journal notes the case.
    """
    __tracebackhide__ = True
    clock = clock or Clock()
    is_elsewhere = getattr(subject.call, "runs_elsewhere", False)
    journal.asking(subject.name, case)
    if not is_elsewhere:  # where the arrays are made that it is given
        with clock.part("operands"):
            case.input  # noqa: B018 - made here, so that its time is not counted as the subject's
            _dirty_memory(case)
    try:
        with clock.part("subject"), asking():
            return _answered(case, as_array(subject.call(case))), None
    except Declined as why:
        return Verdict(outcome="declined", sentence=_cut(_message(why), DECLINED)), None
    except Elsewhere as lost:
        return lost.verdict, lost
    except (Broken, NotAsked):
        raise
    except BaseException as error:  # anything that a subject raises is a verdict on it
        is_ctrl_c = isinstance(error, KeyboardInterrupt) and not is_of_a_subject(error)
        if is_ctrl_c or is_elsewhere:
            raise  # of a subject that runs elsewhere an error here is ours
        return _wrote_read_only(case, error) or _raised(error), error


def as_array(answer: Any) -> Array | Verdict:
    """An answer as an array, or the verdict that it is none."""
    if isinstance(answer, Declined):
        return disagrees("refused", "it returned Declined where that must be raised")
    if not is_array_like(answer):
        return disagrees("refused", f"it returned {_article(answer)} where an array is expected")
    try:
        return numpy_of(answer)  # a masked array's values too: what it hides is part of the answer
    except Exception as error:  # noqa: BLE001 - it runs the `__array__` of an unknown answer
        return disagrees("refused", f"its answer cannot be read as an array: {_said(error)}")


def modified(case: Case, operands: Operands) -> Verdict | None:
    """The disagreement of a subject that wrote to the operands of its case, which were as here; or None."""
    for operand, before, after in zip(Operands._fields, operands, case.operands, strict=True):
        if before is not None and after is not None and before.tobytes() != after.tobytes():
            return disagrees("input modified", _wrote_to(case, operand))
    return None


def modified_beside(case: Case) -> Verdict | None:
    """The disagreement of a subject that wrote to memory beside the elements of an array; or None."""
    written = written_beside(case)
    return disagrees("written beside", sentence_beside(case, written)) if written else None


def modified_in_slabs(case: Case) -> Verdict | None:
    """The same of a large case, whose operands are held to checksums of theirs."""
    name = case.written or first_changed(case)
    return disagrees("input modified", _wrote_to(case, name)) if name else None


def _wrote_read_only(case: Case, error: BaseException) -> Verdict | None:
    """The disagreement of a subject that NumPy kept from writing to an operand that is read-only; or None."""
    names = [OPERANDS[letter] for letter, layout in case.memory if layout == "readonly"]
    if not names or not isinstance(error, ValueError) or _message(error) not in _READ_ONLY:
        return None
    kept = f"it tried to write to its {' or '.join(names)}, which is read-only"
    return replace(_raised(error), kind="input modified", sentence=f"{kept}: it raised {_said(error)}")


def _wrote_to(case: Case, operand: str) -> str:
    name = case.traits.factor_name if operand == "factor" else operand
    return f"it wrote to the {name} that it was given"


def _dirty_memory(case: Case) -> None:
    """Write to memory of about an answer's size and free it, so that what is never written shows."""
    size = 0 if case.illegal else math.prod(case.output_shape) * case.dtype.itemsize
    value = next(_FILL_VALUES) % 255 + 1
    blocks = [np.empty(max(min(size, DIRTIED) + 64 * step, 1), np.uint8) for step in range(-2, 6)]
    for block in blocks:
        block.fill(value)


def most_answer_bytes(case: Case) -> int:
    """The most that an answer takes whose values are looked at: that of any dtype in the right shape.

    A small one of another shape is looked at, too; of a large case one in its own dtype alone.
    """
    size = 0 if case.illegal else math.prod(case.output_shape)
    return max(size * (case.dtype.itemsize if case.is_large else WIDEST), SMALL)


def refusal_of_answer(case: Case, answer: Array) -> Verdict:
    """The verdict on an answer to a call that must be refused."""
    what = f"{answer.dtype.name} of shape {answer.shape}"
    return disagrees("answered", f"it answered a call that must be refused, with {what}: {case.why_illegal}")


def _answered(case: Case, answer: Array | Verdict) -> Array | Verdict:
    """What came without an error; a call that must be refused is answered by None, too.

    Of an answer that has no numbers, such as one of objects, or far too many, the form alone is judged.
    """
    if isinstance(answer, Verdict):
        refused = f"{answer.sentence}, where the call must be refused: {case.why_illegal}"
        return disagrees("answered", refused) if case.illegal else answer
    if np.can_cast(answer.dtype, np.float64, "same_kind") and answer.nbytes <= most_answer_bytes(case):
        return answer
    if case.illegal:
        return refusal_of_answer(case, answer)
    return compare_form(answer, shape=case.output_shape, dtype=case.dtype) or answer


def _raised(error: BaseException) -> Verdict:
    is_memory = any(kind.__name__ in _MEMORY_ERRORS for kind in type(error).__mro__)
    is_end = isinstance(error, (Exited, SystemExit))
    kind: Kind = "out of memory" if is_memory else "crashed" if is_end else "refused"
    verdict = disagrees(kind, f"it raised {_said(error)}")
    frames = [frame for frame in extract_tb(error.__traceback__)[1:] if "site-packages" not in frame.filename]
    if not frames:
        return verdict
    return replace(verdict, place=f"at {frames[-1].filename}:{frames[-1].lineno} in {frames[-1].name}")


def _said(error: BaseException) -> str:
    """The class of an error and the beginning of what it says, in one line.

    The frames of a traceback that a message quotes, as those of TensorFlow's graphs do, are left out.
    """
    message = " ".join(_FRAME.sub("", _message(error)).split())
    return f"{_cut(type(error).__name__, NAMED)}: {_cut(message, QUOTED)}"


def _message(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # noqa: BLE001 - it runs the `__str__` of an unknown error
        return "(its message cannot be read)"


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[:most] + "…"


def _article(answer: Any) -> str:
    return "None" if answer is None else with_article(type(answer).__name__)
