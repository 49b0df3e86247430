"""A report of a disagreement, in Markdown, for those who maintain the subject."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from verify.cases.memory import OPERANDS
from verify.checks.examination import Examination, axis_line, likenesses, replay_line_of, worst_phrase
from verify.checks.versions import FRAMEWORKS, versions_of
from verify.oracle.bounds import judgement
from verify.oracle.compare import NUMERIC_KINDS
from verify.reports.explanation.explain import explain
from verify.reports.explanation.lines import plain_text
from verify.subjects.processor import cpu_model, system, vectors

TITLE = 120
"""Characters of a title at most."""

SHOWN = 64
"""Elements of an answer that are printed; of a larger one the corners."""

_ESCAPE = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


def issue(examination: Examination, source: str) -> str:
    """The report of a disagreement, with the `source` that shows it."""
    parts = [
        f"# {_title(examination)}",
        _deviation(examination),
        _section("Versions", _bullets(examination)),
        _section("To reproduce", [f"```python\n{source.rstrip()}\n```"]),
        _section("Expected and actual", _answers(examination)),
        _section("Why the expected value is right", _reasons(examination)),
        _section("Releases in which it happens", _releases(examination)),
    ]
    return _printable("\n\n".join(filter(None, parts))) + "\n"


def _printable(text: str) -> str:
    """A text without what only a terminal reads, which errors have in them."""
    plain = _ESCAPE.sub("", text)
    return "".join(letter for letter in plain if letter.isprintable() or letter == "\n")


def _title(examination: Examination) -> str:
    """What happens in which call, in one line."""
    case, verdict = examination.case, examination.verdict
    call = examination.subject.name.rpartition("/")[2]
    if verdict.worst is not None and verdict.kind in NUMERIC_KINDS:
        said = f"{call} answers {verdict.worst.got!r} where {verdict.worst.want!r} is right"
        laid = "".join(f", {layout} {OPERANDS[letter]}" for letter, layout in case.memory)
        axes = f"{case.rank} {'axis' if case.rank == 1 else 'axes'}"
        said += f" ({case.operation} of {axes}, {case.dtype.name}{laid})"
    else:
        said = _printable(f"{call}: {' '.join(verdict.sentence.split())}")
    return said if len(said) <= TITLE else f"{said[: TITLE - 1]}…"


def _section(title: str, lines: Sequence[str]) -> str:
    return "\n\n".join([f"## {title}", *lines])


def _deviation(examination: Examination) -> str:
    """What is wrong, in words: those of what is recorded, or those of the faults that it looks like."""
    if examination.deviation:
        return " ".join(examination.deviation.sentence.split())
    likely = " or ".join(likenesses(examination))
    return f"It looks like this: {likely}." if likely else ""


def _bullets(examination: Examination) -> list[str]:
    subject = examination.subject
    numbers = {name: number for name, number in versions_of(subject).items() if name != "hypothesis"}
    versions = ", ".join(f"{name} {number}" for name, number in numbers.items())
    switches = " ".join(f"{name}={value}" for name, value in subject.switches.items())
    lines = {
        "versions": versions,
        "system": system(),
        "CPU": f"{cpu_model() or 'unknown'}{f' ({vectors()})' if vectors() else ''}",
        "switches": switches or "none",
    }
    return ["\n".join(f"- {label}: {text}" for label, text in lines.items())]


def _answers(examination: Examination) -> list[str]:
    """The right answer and the one that was given, and where they are furthest apart."""
    case, verdict = examination.case, examination.verdict
    with np.printoptions(threshold=SHOWN, edgeitems=2, floatmode="unique", linewidth=100):
        if case.illegal:
            expected = f"an error: {case.why_illegal}"
        else:
            wanted = judgement(examination.held).wanted
            expected = f"{case.dtype.name} {case.output_shape}\n{wanted}"
        got = examination.answer
        silent = "\n".join((verdict.sentence, *verdict.stderr))
        actual = silent if got is None else f"{got.dtype.name} {got.shape}\n{got}"
    lines = [f"Expected:\n\n```text\n{expected}\n```", f"Actual:\n\n```text\n{actual}\n```"]
    return [*lines, verdict.sentence] if got is not None else lines


def _reasons(examination: Examination) -> list[str]:
    """The arithmetic of the worst element, and of each axis."""
    case, worst = examination.case, examination.verdict.worst
    if case.illegal:
        return [f"The call must be refused: {case.why_illegal}."]
    if worst is None or 0 in case.output_shape:
        axes = "\n".join(axis_line(number, axis).strip() for number, axis in enumerate(case.axes))
        return [f"The shape follows from the arithmetic of each axis:\n\n```text\n{axes}\n```"]
    arithmetic = plain_text(explain(case, worst.index))
    return [f"The worst element is {worst_phrase(worst)}:\n\n```text\n{arithmetic}\n```"]


def _releases(examination: Examination) -> list[str]:
    """The releases in which it was seen, those of the entry that records it too, and the entry's link."""
    deviation, version = examination.deviation, examination.subject.version
    named = next((name for name in FRAMEWORKS if examination.subject.versions.get(name) == version), "")
    here = f"It happens in {named or 'version'} {version}, which was asked." if version else ""
    recorded = (
        f"It is recorded of {', '.join(deviation.versions)}." if deviation and deviation.versions else ""
    )
    link = f"See {deviation.link}" if deviation and deviation.link else ""
    again = f"By conv-verify: `{replay_line_of(examination)}`"
    return [text for text in (here or "The subject says no version.", recorded, link, again) if text]
