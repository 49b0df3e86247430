"""A record of behaviour: for each case the bits of a subject's answer, and its error.

A baseline is a file of them, JSON with sorted keys, `format` 2 and the `grammar` of its words. `subjects` has
by label `machine`, `versions` and `cases`: for each word `answered: ERROR BITS`, or why there is no such
answer (`Response`).
"""

from __future__ import annotations

import json
import os
import shlex
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from verify.cases.case import Case
from verify.cases.grammar import GRAMMAR, require_grammar
from verify.cases.large import require_whole
from verify.cases.operands import Array
from verify.checks import shapes
from verify.checks.deviations import Deviation
from verify.checks.examination import Examination
from verify.checks.files import refusal_of
from verify.checks.path import Examiner
from verify.checks.reading import MOST_BYTES, DataError, json_of, line_with, text_in
from verify.checks.subject import Description, Subject, describe, split_label
from verify.checks.versions import versions_of
from verify.oracle.compare import compare_form
from verify.subjects.processor import cpu_model, system, vectors
from verify.subjects.protocol import bytes_of
from verify.subjects.registry import is_builtin

ANSWERED = "answered"

ERROR_DIGITS = 3
"""Significant digits of an error."""

_WITH_ANSWER = {None, "shape", "dtype", "value", "non-finite", "input modified", "written beside", "answered"}
"""Kinds of disagreement with an answer."""


class Response(NamedTuple):
    """What a subject did with a case.

    `outcome` is "answered"; or the dtype and shape of an answer if they are wrong; or why
    there is none: "declined", or a kind of disagreement. `bits` are the values in C order, in base 64.
    `error` is the largest in units of the bound, infinite if a value had to be equal and is not.
    """

    outcome: str
    bits: str = ""
    error: float = 0.0

    def is_as(self, other: Response) -> bool:
        """Whether two answers are the same; their errors then differ only where the reference does."""
        return self[:2] == other[:2]

    def values(self, case: Case) -> Array:
        """The answer, if it has the right dtype and shape; ValueError for bits that do not fit it."""
        return np.frombuffer(b64decode(self.bits), case.dtype).reshape(case.output_shape)


class Behaviour(NamedTuple):
    """How a subject answered each case, by its word; on which machine, and with which versions."""

    cases: Mapping[str, Response]
    machine: Mapping[str, str]
    versions: Mapping[str, str]


class Observation(NamedTuple):
    """A case that was asked: its record, and its examination."""

    answer: Response
    examination: Examination


def observe(
    subject: Subject, cases: Iterable[Case], *, name: str, known: Sequence[Deviation] = ()
) -> Iterator[Observation]:
    """Ask each case twice, and judge it; a disagreement that a `known` deviation explains is "known".

    The ways of a subject that have a case take turns, always in the same way for the same cases.
    """
    description = describe(subject)
    examiner = Examiner(subject=description, known=known, repeats=2, noted_as=name)
    for number, case in enumerate(cases):
        require_whole(case, "recorded bit by bit")
        ways = description.having(case)
        by_turn = replace(examiner, subject=ways[number % len(ways)])
        examination = by_turn.examine(case)
        answer = _answer(examination)
        if examination.verdict.kind and answer.bits and _answer(by_turn.examine(case)).bits != answer.bits:
            answer = Response("not repeatable")
        yield Observation(answer, examination)


def behaviour_of(subject: Description, observations: Iterable[Observation]) -> Behaviour:
    """The record of a subject that was observed in this run."""
    cases = {str(examination.case): answer for answer, examination in observations}
    return Behaviour(cases, machine(), _recorded_versions(subject))


def machine() -> dict[str, str]:
    """What libraries choose kernels by: the system, the processor, its instruction sets and cores."""
    return {
        "system": system(),
        "processor": cpu_model(),
        "instructions": vectors(),
        "cores": str(os.cpu_count() or 1),
    }


def _answer(examination: Examination) -> Response:
    """The record of an examination."""
    case, verdict, values = examination.case, examination.verdict, examination.answer
    if values is None or verdict.kind not in _WITH_ANSWER:
        return Response(verdict.kind or ("refused" if case.illegal else verdict.outcome))
    has_form = not case.illegal and compare_form(values, shape=case.output_shape, dtype=case.dtype) is None
    outcome = ANSWERED if has_form else f"{values.dtype.name} {values.shape}"
    return Response(outcome, b64encode(bytes_of(values)).decode(), float(f"{verdict.error:.{ERROR_DIGITS}g}"))


def _recorded_versions(subject: Description) -> dict[str, str]:
    """The versions where the subject runs; of a user's own subject always its version, too."""
    packages = versions_of(subject)
    packages.pop("hypothesis", None)  # it draws none of the fixed cases
    if subject.version and not is_builtin(subject.name):
        packages["subject"] = subject.version
    return packages


BASELINE_FORMAT = 2

OPTION = "--baseline"
"""By which another file is named."""

Behaviours = dict[str, Behaviour]
"""Label (a subject and its switches) → how it behaved."""


_LINE = shapes.text(10_000, is_line=True)

_TABLE = shapes.fields(
    {
        "format": shapes.whole(),
        "subjects": shapes.map_of(
            shapes.fields(
                {
                    "machine": shapes.map_of(_LINE),
                    "versions": shapes.map_of(_LINE),
                    "cases": shapes.map_of(shapes.text(MOST_BYTES)),
                }
            ),
            keys=_LINE,
        ),
    }
)


def read_behaviours(file: Path) -> Behaviours:
    """The records in a file; empty if there is no file.

    Raises ValueError, one sentence with the file and the line, for a file that is no baseline of this format.
    """
    try:
        return behaviours_of(text_in(file, option=OPTION), file)
    except FileNotFoundError:
        return {}
    except OSError as wrong:
        raise ValueError(refusal_of(wrong, OPTION)) from None


def behaviours_of(text: str, file: Path) -> Behaviours:
    """The records in a file's text; empty if the text is. Raises ValueError, as `read_behaviours`."""
    if not text:
        return {}
    try:
        table = _table_of(text, file)
        return {label: _record_from(entry, text) for label, entry in table["subjects"].items()}
    except DataError as wrong:
        why = f"{wrong}; delete it or name another by {OPTION}"
        raise ValueError(f"{file}, line {wrong.line}: it is no baseline: {why}") from None


def _table_of(text: str, file: Path) -> dict[str, Any]:
    """The table of a baseline of this format and this grammar; DataError and OtherGrammar for any other."""
    table: Any = json_of(text)
    version = table.get("format") if isinstance(table, dict) else None
    if isinstance(version, int) and version != BASELINE_FORMAT:
        raise DataError(f"it has the format {version}, not {BASELINE_FORMAT}", line_with(text, '"format"'))
    if isinstance(table, dict) and table.get("subjects"):
        command = f"`conv-verify run SUBJECT --baseline {shlex.quote(str(file))}`"
        remedy = f"delete it, and {command} writes it anew"
        require_grammar(table.get("grammar"), file, remedy=remedy)
    checked: dict[str, Any] = _TABLE(table)
    for label in checked["subjects"]:
        try:
            split_label(label)
        except ValueError:
            raise DataError(f"{label!r} is no subject with its settings", line_with(text, label)) from None
    return checked


def text_of(records: Behaviours) -> str:
    """The text of a file that has these records."""
    subjects = {
        label: {**record._asdict(), "cases": {word: _text(answer) for word, answer in record.cases.items()}}
        for label, record in records.items()
    }
    table = {"format": BASELINE_FORMAT, "grammar": GRAMMAR, "subjects": subjects}
    return f"{json.dumps(table, indent=1, sort_keys=True, ensure_ascii=False)}\n"


def _record_from(entry: dict[str, Any], text: str) -> Behaviour:
    cases = {}
    for word, answer in entry["cases"].items():
        try:
            cases[word] = _answer_from(word, answer)
        except ValueError as wrong:
            raise DataError(f"the answer to {word[:50]!r}: {wrong}", line_with(text, f'"{word}"')) from None
    return Behaviour(cases, dict(entry["machine"]), dict(entry["versions"]))


def _text(answer: Response) -> str:
    return f"{answer.outcome}: {answer.error:g} {answer.bits}" if answer.bits else answer.outcome


def _answer_from(word: str, text: str) -> Response:
    """What `_text` has written of a case; ValueError for what it cannot have written."""
    case = Case.parse(word)
    outcome, _, rest = text.partition(": ")
    error, _, bits = rest.partition(" ")
    answer = Response(outcome, bits, float(error or 0))
    is_whole = b64encode(b64decode(bits, validate=True)).decode() == bits
    if not is_whole or not outcome.isprintable() or not answer.error >= 0:
        raise ValueError(f"{text[:50]!r} is no answer")
    if outcome == ANSWERED:
        answer.values(case)
    return answer
