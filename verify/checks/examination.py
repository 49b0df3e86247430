"""An examination: the outcome of putting a case to a subject, its message, and its exception."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType

from verify.cases.case import Case
from verify.cases.geometry import Axis, mode_phrase
from verify.cases.operands import Array
from verify.cases.trimming import output_padding
from verify.checks.deviations import Deviation
from verify.checks.escaping import shown
from verify.checks.subject import Description
from verify.checks.versions import versions_of
from verify.faults import Fault
from verify.faults.visibility import matching_faults, preferred
from verify.oracle.arithmetic import SENTENCES, arithmetics
from verify.oracle.compare import LOST, Kind, Verdict, Worst

LOUD: frozenset[Kind] = frozenset({"refused", "answered", *LOST})
"""Disagreements that are told from each other by their words."""

_NUMBER = re.compile(r"0x[0-9a-fA-F]+|-?\d+(?:\.\d+)?(?:e[+-]?\d+)?")
_NUMBERS = re.compile(r"#(?:[\s,x]+#)*,?")

WORDS = 200
"""Characters of an error that are compared with another's."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Examination:
    """A case, a subject, and the verdict; with them the answer and the error behind it, where there is one.

    A disagreement may have the known `deviation` that excuses it, or `contradicted` says which is recorded
    there, and what it predicts in place of this. `faults` are those that it was found to look like,
    `arithmetic` is one by which it is right and that the subject does not declare, and `probes` says where
    its wrong terms come from: all are unknown until it is diagnosed. `flaky` is how often of how many times
    it disagreed, such as "3/5", of a case that wavers. `like` is the failure of the same subject that was
    found to have the same cause, as its `tag` says, and `also` has words in other operations, ranks or
    dtypes that disagree for this cause.
    """

    case: Case
    subject: Description
    verdict: Verdict
    answer: Array | None = None
    error: BaseException | None = None
    deviation: Deviation | None = None
    contradicted: str = ""
    faults: tuple[Fault, ...] | None = None
    arithmetic: str = ""
    probes: str = ""
    flaky: str = ""
    like: str = ""
    also: tuple[str, ...] = ()

    @property
    def held(self) -> Case:
        """The case as it is judged: held to the scheme or the arithmetic of the subject."""
        return self.subject.held(self.case)

    @property
    def outcome(self) -> str:
        """That of the verdict, or "known" for a disagreement that is excused."""
        return "known" if self.deviation else self.verdict.outcome

    @property
    def fails(self) -> bool:
        """Whether it is a disagreement that nothing excuses."""
        return self.verdict.kind is not None and self.deviation is None

    @property
    def cause(self) -> str:
        """The class of the error behind a disagreement, or nothing."""
        return type(self.error).__name__ if self.error else ""

    @property
    def words(self) -> str:
        """The words of an error, or why a call is illegal, without numbers; "" for a wrong answer."""
        kind = self.verdict.kind
        if kind not in LOUD:
            return ""
        text = self.case.why_illegal if kind == "answered" else self.verdict.sentence
        return _NUMBERS.sub("#", _NUMBER.sub("#", text[:WORDS]))

    @property
    def signature(self) -> tuple[str | None, type, str]:
        """What distinguishes the disagreements of a search; Hypothesis does so by all but the words."""
        return self.verdict.kind, type(self.error), self.words

    @property
    def tag(self) -> str:
        """The kind and the case of a failure, by which another refers to it."""
        return f"{self.verdict.kind} {self.case}"

    @cached_property
    def looks_like(self) -> tuple[Fault, ...]:
        """The faults that would have given this answer: judged by this case alone until it is diagnosed."""
        if self.faults is not None:
            return self.faults
        faults = preferred(matching_faults(self.held, self.answer, kind=self.verdict.kind))
        return faults if len(faults) == 1 else ()

    @property
    def fault(self) -> str:
        """The name of the one fault that it looks like, or nothing."""
        return self.looks_like[0].name if len(self.looks_like) == 1 else ""


def disagreement(
    examination: Examination, *, with_faults: bool = True, more: Sequence[str] = (), replay: str = ""
) -> str:
    """The whole message for one disagreement, several lines, the last one `replay` or how to ask it again.

    Before that stands what `more` lines say. Without the faults that it looks like, it is cheap to make.
    """
    case, subject, verdict = examination.case, examination.subject, examination.verdict
    kind = verdict.kind or ""
    did = _LOST_PHRASES.get(kind, "disagrees with the reference")
    lines = [f"{subject.name} {did}: {verdict.sentence}", line("case", str(case))]
    if subject.version and (version := versions_of(subject).get("subject")):
        lines.append(line("version", version))
    axes = () if case.illegal else case.axes
    lines += [axis_line(number, axis) for number, axis in enumerate(axes) if matters(axis)]
    if verdict.place:
        lines.append(line({"crashed": "crashed", "timed out": "hung"}.get(kind, "raised"), verdict.place))
    lines += [line("stderr", text) for text in verdict.stderr]
    if verdict.worst is not None:
        lines.append(line("worst", worst_phrase(verdict.worst)))
    if examination.contradicted:
        lines.append(line("recorded", examination.contradicted))
    if examination.flaky:
        lines.append(line("flaky", flaky_phrase(examination.flaky)))
    if with_faults:
        lines += likeness_lines(likenesses(examination))
    if examination.probes:
        lines.append(line("probes", examination.probes))
    lines += more
    lines.append(line("replay", replay or replay_line_of(examination)))
    return shown("\n".join(lines))


_LOST_PHRASES = {"crashed": "crashed", "timed out": "timed out", "out of memory": "ran out of memory"}


def likenesses(examination: Examination) -> list[str]:
    """What an answer looks like: faults, or an arithmetic that is not declared."""
    if examination.arithmetic:
        return [declaring(examination.arithmetic)]
    return [fault.sentence for fault in examination.looks_like]


def declaring(arithmetic: str) -> str:
    """What an answer by an arithmetic looks like, and how it is declared."""
    one = arithmetics(arithmetic)[0]
    said = f"Winograd's F({one.m}, {one.r})" if one.kind == "winograd" else SENTENCES[one.kind]
    return f'{said}; where that is meant, declare `arithmetic = "{arithmetic}"`'


def line(label: str, text: str) -> str:
    return f"  {label:<8} {text}"


def likeness_lines(sentences: Iterable[str]) -> list[str]:
    """What an answer looks like, one line each."""
    return [f"  {'or' if place else 'looks like':<10}  {text}" for place, text in enumerate(sentences)]


def matters(axis: Axis) -> bool:
    """Whether an axis does anything but walk over its cells one by one."""
    return axis != Axis(axis.size, 1)


def axis_line(number: int, axis: Axis) -> str:
    return line(f"axis {number}", axis_phrase(axis))


def axis_phrase(axis: Axis) -> str:
    """The arithmetic of an axis, from its size to its output."""
    return (
        f"size {axis.size}, kernel {axis.kernel}, stride {axis.stride}, dilation {axis.dilation} "
        f"-> out {axis.out}{_fewer_phrase(axis)}, padding {axis.before} before, {axis.after} after"
        f"{mode_phrase(axis)}"
    )


def _fewer_phrase(axis: Axis) -> str:
    """How many windows fewer than fit there are, and the cells at the end that are left; often nothing."""
    if not axis.fewer:
        return ""
    return f", {axis.fewer} fewer than fit (output_padding {output_padding(axis)})"


def worst_phrase(worst: Worst) -> str:
    allowed = f"{allowed_phrase(worst)} ({worst.why})"
    return f"at {worst.index}: got {worst.got!r}, want {worst.want!r}, allowed {allowed}"


def allowed_phrase(worst: Worst) -> str:
    return f"{worst.allowed:.3g}" if worst.allowed else "0"


def flaky_phrase(flaky: str) -> str:
    wrong, _, asked = flaky.partition("/")
    often = "every time, with other values" if wrong == asked else f"{wrong} of {asked} times"
    return f"FLAKY {flaky}: the same case disagrees {often}"


def replay_line_of(examination: Examination) -> str:
    """The line that runs an examined case again."""
    subject = examination.subject
    return replay_line(
        str(examination.case), subject.name, switches=subject.switches, options=subject.options
    )


def replay_line(
    word: str, subject: str, *more: str, switches: Mapping[str, str] = MappingProxyType({}), options: str = ""
) -> str:
    """The line that runs a case again, and `more` after it; in Python if a shell cannot name the subject."""
    if subject.startswith("__main__:") or (":" in subject and "<" in subject):
        return f"verify.check(verify.Case.parse({word!r}), subject)"
    settings = "".join(f"{name}={shlex.quote(value)} " for name, value in switches.items())
    what = " ".join(map(shlex.quote, (subject, word, *more)))
    return f"{settings}conv-verify replay {options}{' ' * bool(options)}{what}"


MISMATCHES: dict[Kind, type[Mismatch]] = {}
"""Kind of a disagreement → its class."""


class Mismatch(AssertionError):
    """A subject disagrees with the reference; what is known of that is its `examination`.

    It never changes: diagnosing makes a new one, of an examination that knows more.
    """

    def __init_subclass__(cls, *, kind: Kind) -> None:
        MISMATCHES[kind] = cls

    def __init__(self, examination: Examination) -> None:
        super().__init__(examination.verdict.sentence)
        self._examination = examination
        # Hypothesis distinguishes errors by their context.
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


class ShapeMismatch(Mismatch, kind="shape"):
    """The answer has the wrong shape."""


class DTypeMismatch(Mismatch, kind="dtype"):
    """The answer has the wrong dtype."""


class ValueMismatch(Mismatch, kind="value"):
    """A value lies further from the reference than is allowed."""


class NonFiniteMismatch(Mismatch, kind="non-finite"):
    """A NaN or an infinity stands where it should not, or is missing where it should."""


class InputModified(Mismatch, kind="input modified"):
    """The subject wrote to its operands."""


class WrittenBeside(Mismatch, kind="written beside"):
    """The subject wrote to memory around or between the elements of an array that it was given."""


class Refused(Mismatch, kind="refused"):
    """The subject raised an error, or returned no array, where it must answer."""


class Answered(Mismatch, kind="answered"):
    """The subject answered a call that must be refused."""


class NotRepeatable(Mismatch, kind="not repeatable"):
    """The same case was answered twice with different bits."""


class Crashed(Mismatch, kind="crashed"):
    """The process that ran the subject died of a signal, or exited."""


class TimedOut(Mismatch, kind="timed out"):
    """The subject gave no answer in its time."""


class OutOfMemory(Mismatch, kind="out of memory"):
    """The subject needed more memory than it is allowed, or than the machine has."""


def mismatch_of(examination: Examination) -> Mismatch:
    """The exception for an examination that found a disagreement."""
    assert examination.verdict.kind is not None
    return MISMATCHES[examination.verdict.kind](examination)
