"""A disagreement as an exception: one subclass of `Mismatch` for each kind."""

from __future__ import annotations

from verify.cases.case import Case
from verify.checks.examination import Examination
from verify.checks.message import disagreement
from verify.oracle.compare import Kind, Verdict


class Mismatch(AssertionError):
    """A subject disagrees with the reference; what is known of that is its `examination`.

    It never changes: one that says more is made of an examination that knows more.
    """

    def __init__(self, examination: Examination) -> None:
        super().__init__(examination.verdict.sentence)
        self._examination = examination
        # By the context Hypothesis tells one error from another.
        self.__cause__ = self.__context__ = examination.error

    @property
    def examination(self) -> Examination:
        return self._examination

    @property
    def case(self) -> Case:
        return self._examination.case

    @property
    def subject(self) -> str:
        """The subject's name."""
        return self._examination.subject.name

    @property
    def verdict(self) -> Verdict:
        return self._examination.verdict

    def __str__(self) -> str:
        return disagreement(self._examination)


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


def mismatch_of(examination: Examination) -> Mismatch:
    """The exception for an examination that found a disagreement."""
    assert examination.verdict.kind is not None
    return MISMATCHES[examination.verdict.kind](examination)
