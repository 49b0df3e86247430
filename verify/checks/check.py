"""A case and a subject, judged: a `Verdict`, or the `Mismatch` whose class is the kind."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from functools import cache, cached_property
from itertools import count
from traceback import extract_tb
from typing import Any

import numpy as np

from verify.cases.case import Case
from verify.cases.fills import shows_nothing
from verify.cases.operands import Array, Operands
from verify.checks.clock import Clock
from verify.checks.message import disagreement, worst_phrase
from verify.faults import Fault
from verify.faults.matching import matching_faults
from verify.oracle.bounds import judge_operands, judgement, sums_are_exact
from verify.oracle.compare import (
    KINDS,
    LOST,
    Kind,
    Verdict,
    compare_form,
    compare_values,
    different_bits,
    disagrees,
)
from verify.oracle.problem import problem_from

Subject = Callable[[Case], Any]


STIRRED = 2**18
"""Bytes at most that are stirred at a time before a subject is asked."""

_STIRRING = count()


class Declined(Exception):
    """Raised by a subject for a case that it does not support; the message says why."""


class Elsewhere(Exception):
    """Raised by a subject that runs in another process, for the verdict that was reached there."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict.sentence)
        self.verdict = verdict


@cache
def elsewhere(name: str) -> type[Elsewhere]:
    """A class of its own for what is called `name` there: an error's class and place, or a signal.

    By their classes Hypothesis and the tallies tell one error from another.
    """
    return type(name, (Elsewhere,), {})


class Mismatch(AssertionError):
    """A subject disagrees with the reference. One subclass for each kind."""

    def __init__(
        self,
        case: Case,
        subject: str,
        switches: Mapping[str, str],
        verdict: Verdict,
        options: str = "",
        answer: Array | None = None,
    ) -> None:
        super().__init__(verdict.sentence)
        self.case = case
        self.subject = subject
        self.switches = switches
        self.verdict = verdict
        self.options = options
        self.answer = answer
        self.probed = ""

    @cached_property
    def looks_like(self) -> tuple[Fault, ...]:
        """The faults that would have answered so: by this case alone, until it is diagnosed further."""
        found = matching_faults(self.case, self.answer, kind=self.verdict.kind)
        return found if len(found) == 1 else ()

    def __str__(self) -> str:
        sentences = [fault.sentence for fault in self.looks_like]
        return disagreement(
            self.case, self.subject, self.switches, self.verdict, self.options, sentences, self.probed
        )


class ShapeMismatch(Mismatch):
    """The answer has the wrong shape."""


class DTypeMismatch(Mismatch):
    """The answer has the wrong dtype."""


class ValueMismatch(Mismatch):
    """A value lies further from the reference than is allowed."""


class NonFiniteMismatch(Mismatch):
    """A NaN or an infinity stands where it should not, or is missing where it should."""


class InputModified(Mismatch):
    """The subject wrote to its operands."""


class Refused(Mismatch):
    """The subject raised an error, or returned no array, where an answer is due."""


class Answered(Mismatch):
    """The subject answered a call that must be refused."""


class NotRepeatable(Mismatch):
    """The same case was answered twice with different bits."""


class Crashed(Mismatch):
    """The process that ran the subject died of a signal, or exited."""


class TimedOut(Mismatch):
    """The subject gave no answer in its time."""


class OutOfMemory(Mismatch):
    """The subject needed more memory than it may have, or than there is."""


MISMATCHES: dict[Kind, type[Mismatch]] = {
    "shape": ShapeMismatch,
    "dtype": DTypeMismatch,
    "value": ValueMismatch,
    "non-finite": NonFiniteMismatch,
    "input modified": InputModified,
    "refused": Refused,
    "answered": Answered,
    "not repeatable": NotRepeatable,
    "crashed": Crashed,
    "timed out": TimedOut,
    "out of memory": OutOfMemory,
}


def subject_name(subject: Subject) -> str:
    """A subject's own `name`, else `module:qualified.name`, in angle brackets for an object."""
    named = getattr(subject, "name", None)
    if isinstance(named, str):
        return named
    if hasattr(subject, "__qualname__") and not hasattr(subject, "__self__"):
        return f"{subject.__module__}:{subject.__qualname__}"
    kind = type(getattr(subject, "__self__", subject))
    return f"{kind.__module__}:<{kind.__qualname__}>"


def check(
    case: Case,
    subject: Subject,
    *,
    kinds: Collection[Kind] = KINDS,
    repeats: int = 1,
    clock: Clock | None = None,
    accumulator: str | None = None,
) -> Verdict:
    """Run a subject on a case and judge its answer.

    Only disagreements of `kinds` are judged, and a subject that is lost (it crashed, timed out or ran
    out of memory), whatever the kinds. With `repeats` above 1 the subject is asked that many
    times, and all answers must have the same bits. With an `accumulator`, the token of a dtype,
    values are judged by the bound of sums in it. A `clock` is told where the time goes.
    Raises the subclass of Mismatch for the kind of a disagreement; TypeError for a subject that
    cannot be called.
    """
    __tracebackhide__ = True
    verdict, cause, answer = _examine(case, subject, kinds, repeats, clock or Clock(), accumulator)
    if verdict.kind is not None:
        switches = getattr(subject, "switches", {})
        options = getattr(subject, "options", "")
        kind = MISMATCHES[verdict.kind]
        mismatch = kind(case, subject_name(subject), switches, verdict, options, answer)
        mismatch.__context__ = cause  # by which Hypothesis tells one error from another
        raise mismatch from cause
    return verdict


def compare(case: Case, actual: Any) -> Verdict:
    """The verdict on an answer that the caller already has; a disagreement is not raised."""
    answer = _as_array(actual)
    if isinstance(answer, Verdict):
        return answer
    form = compare_form(answer, shape=case.output_shape, dtype=case.dtype)
    return form or compare_values(judgement(case), answer)


def assert_conv(
    actual: Any,
    x: Array,
    w: Array,
    *,
    strides: int | Sequence[int] = 1,
    padding: str | Sequence[Sequence[int]] = "VALID",
    dilations: int | Sequence[int] = 1,
    groups: int = 1,
    bias: Array | None = None,
    data_format: str | None = None,
) -> None:
    """Assert that an array is the convolution of plain arrays; the arguments are those of `conv`.

    The values must be equal where the data shows that every order of summation gives the same bits,
    and within the bound of `verify.oracle.bounds` elsewhere. The answer must have x's dtype, one of
    float16, bfloat16, float32, float64 and int32, as must `w` and `bias`.
    Raises AssertionError for a disagreement, ValueError for arguments that no convolution has.
    """
    x, w = np.asarray(x), np.asarray(w)
    b = None if bias is None else np.asarray(bias)
    for name, part in (("w", w), ("bias", b)):
        if part is not None and part.dtype != x.dtype:
            raise ValueError(f"x is {x.dtype.name} and {name} is {part.dtype.name}; give both one dtype")
    problem = problem_from(
        x,
        w,
        strides=strides,
        padding=padding,
        dilations=dilations,
        groups=groups,
        bias=b,
        data_format=data_format,
    )
    if problem.format.name != x.dtype.name:
        raise ValueError(
            f"x is {x.dtype.name}; assert_conv judges float16, bfloat16, float32, float64 and int32"
        )
    answer = _as_array(actual)
    if isinstance(answer, Verdict):
        raise AssertionError(answer.sentence)
    operands = Operands(input=x, factor=w, bias=b)
    exact = sums_are_exact(problem, operands)
    rule = judge_operands(problem, operands, products=w.size // w.shape[-1], exact=exact)
    form = compare_form(answer, shape=rule.wanted.shape, dtype=x.dtype)
    verdict = form or compare_values(rule, answer)
    if not verdict.holds:
        worst = f"; the worst {worst_phrase(verdict.worst)}" if verdict.worst else ""
        raise AssertionError(f"not the convolution of x and w: {verdict.sentence}{worst}")


def _as_array(answer: Any) -> Array | Verdict:
    if not isinstance(answer, np.ndarray) and not hasattr(answer, "__array__"):
        return disagrees("refused", f"it returned {_article(answer)} where an array is due")
    try:
        return np.asarray(answer)  # a masked array's values too: what it hides is part of the answer
    except Exception as error:
        return disagrees("refused", f"its answer cannot be read as an array: {_said(error)}")


def _article(answer: Any) -> str:
    name = type(answer).__name__
    return "None" if answer is None else f"{'an' if name[0] in 'aeiouAEIOU' else 'a'} {name}"


def _examine(
    case: Case,
    subject: Subject,
    kinds: Collection[Kind],
    repeats: int,
    clock: Clock,
    accumulator: str | None,
) -> tuple[Verdict, BaseException | None, Array | None]:
    """The verdict, the error behind it, and the answer, if there is one."""
    if not callable(subject):
        raise TypeError(f"{subject!r} is no subject: a subject is a callable that takes a case")
    asked = replace(case)
    answer, cause = ask(subject, asked, clock)
    if case.illegal:
        return _refusal(case, answer), None, None
    if isinstance(answer, Verdict):
        return _only(kinds, answer), cause, None
    verdict = _verdict(case, asked, answer, kinds, clock, accumulator)
    if repeats > 1:
        answer = answer.copy()  # a subject may write every answer into one buffer
    for _ in range(repeats - 1):
        if verdict.holds:
            again, cause = ask(subject, replace(case), clock)
            verdict = _repeated(verdict, answer, again)
    return _only(kinds, verdict), cause, answer


def _refusal(case: Case, answer: Array | Verdict) -> Verdict:
    """The verdict on a call that must be refused."""
    if isinstance(answer, Verdict):
        return Verdict(outcome="agrees") if answer.kind == "refused" else answer
    said = f"{answer.dtype.name} of shape {answer.shape}"
    return disagrees("answered", f"it answered a call that must be refused, with {said}: {case.why_illegal}")


def _stir(asked: Case) -> None:
    """Write to memory of about an answer's size and free it, so that what is never written shows."""
    size = 0 if asked.illegal else math.prod(asked.output_shape) * asked.dtype.itemsize
    value = next(_STIRRING) % 255 + 1
    blocks = [np.empty(max(min(size, STIRRED) + 64 * step, 1), np.uint8) for step in range(-2, 6)]
    for block in blocks:
        block.fill(value)


def ask(subject: Subject, asked: Case, clock: Clock) -> tuple[Array | Verdict, BaseException | None]:
    """The subject's answer, or why there is none and the error that says so."""
    __tracebackhide__ = True
    with clock.part("operands"):
        asked.input  # noqa: B018 - made here, so that its time is not counted as the subject's
        _stir(asked)
    try:
        with clock.part("subject"):
            return _answered(asked, _as_array(subject(asked))), None
    except Declined as why:
        return Verdict(outcome="declined", sentence=str(why)), None
    except Elsewhere as told:
        return told.verdict, told
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        return _raised(error), error


def _answered(asked: Case, answer: Array | Verdict) -> Array | Verdict:
    """What came without an error; a call that must be refused is answered by None, too."""
    if asked.illegal and isinstance(answer, Verdict):
        return disagrees(
            "answered", f"{answer.sentence}, where the call must be refused: {asked.why_illegal}"
        )
    return answer


def _raised(error: BaseException) -> Verdict:
    is_memory = any(each.__name__ in _MEMORY for each in type(error).__mro__)
    verdict = disagrees("out of memory" if is_memory else "refused", f"it raised {_said(error)}")
    own = [frame for frame in extract_tb(error.__traceback__)[1:] if "site-packages" not in frame.filename]
    if not own:
        return verdict
    return replace(verdict, place=f"at {own[-1].filename}:{own[-1].lineno} in {own[-1].name}")


_MEMORY = ("MemoryError", "ResourceExhaustedError")
"""Python's and NumPy's error, and TensorFlow's."""


_FRAME = re.compile(r'^\s*File ".*", line \d+, in .*$', re.MULTILINE)


def _said(error: BaseException) -> str:
    """The class of an error and the beginning of what it says, in one line.

    The frames of a traceback that a message quotes, as those of TensorFlow's graphs do, are left out.
    """
    try:
        message = " ".join(_FRAME.sub("", str(error)).split())
    except Exception:
        message = "(its message cannot be read)"
    return f"{type(error).__name__}: {message if len(message) <= 300 else message[:300] + '…'}"


def _only(kinds: Collection[Kind], verdict: Verdict) -> Verdict:
    """The verdict, unless it is of a kind that is judged elsewhere."""
    if verdict.kind is None or verdict.kind in kinds or verdict.kind in LOST:
        return verdict
    return Verdict(outcome="vacuous", sentence=f"{verdict.sentence}, which is not judged here")


def _verdict(
    case: Case, asked: Case, answer: Array, kinds: Collection[Kind], clock: Clock, accumulator: str | None
) -> Verdict:
    if "input modified" in kinds:
        with clock.part("comparison"):
            verdict = modified(case, asked)
        if verdict:
            return verdict
    form = compare_form(answer, shape=case.output_shape, dtype=case.dtype)
    if form and form.kind in kinds:
        return form
    if not {"value", "non-finite"} & set(kinds):
        return Verdict(outcome="agrees")
    if form and (form.kind == "shape" or not np.can_cast(answer.dtype, np.float64, "same_kind")):
        return form
    with clock.part("reference"):
        rule = judgement(case, accumulator=accumulator)
    with clock.part("comparison"), np.errstate(over="ignore", invalid="ignore"):
        # A wrong dtype is judged elsewhere; here its values are held to what the right one holds.
        verdict = compare_values(rule, answer.astype(case.dtype))
    if verdict.outcome == "agrees" and shows_nothing(case):
        return Verdict(outcome="vacuous", sentence="every cell of the input is read")
    return verdict


def modified(case: Case, asked: Case) -> Verdict | None:
    """The disagreement of a subject that wrote to the operands of the case that it was asked, or None."""
    for name, was, now in zip(Operands._fields, case.make_operands(), asked.operands, strict=True):
        if was is not None and now is not None and was.tobytes() != now.tobytes():
            written = case.traits.factor_name if name == "factor" else name
            return disagrees("input modified", f"it wrote to the {written} that it was given")
    return None


def _repeated(verdict: Verdict, first: Array, again: Array | Verdict) -> Verdict:
    """The verdict so far, or the disagreement of two answers to one case."""
    if isinstance(again, Verdict):
        declined = again.outcome == "declined"
        sentence = f"answered once, then declined: {again.sentence}"
        return disagrees("not repeatable", sentence) if declined else again
    if first.tobytes() == again.tobytes() and first.shape == again.shape:
        return verdict
    if first.shape != again.shape or first.dtype != again.dtype:
        shapes = f"{first.dtype.name} {first.shape} and {again.dtype.name} {again.shape}"
        return disagrees("not repeatable", f"answered twice, it gave {shapes}")
    differ = different_bits(first, again)
    index = tuple(int(i) for i in np.argwhere(differ)[0])
    return disagrees(
        "not repeatable",
        f"answered twice, {int(differ.sum())} of {differ.size} values have different bits; "
        f"at {index} first {float(first[index])!r}, then {float(again[index])!r}",
    )
