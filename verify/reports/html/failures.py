"""The findings of a page: message, maps of the answer, what the worst element reads, how it is computed."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from functools import cache
from math import prod
from typing import NamedTuple

import numpy as np

from verify.cases.case import Case
from verify.cases.operands import Array
from verify.reports.explanation.explain import explain as explained
from verify.reports.explanation.lines import plain_text
from verify.reports.explanation.picture import Drawing, drawing_of, require_drawable
from verify.reports.findings import Finding, findings
from verify.reports.html.maps import Map, answer_maps
from verify.reports.html.pictures import Picture, window_pictures
from verify.reports.records import ANSWER_LIMIT, DIFFERING_LIMIT, Record
from verify.reports.tally import Tally

ROOM = 1_000_000
"""Characters that all maps, pictures and explanations of a page may take, so that it stays below 2 MB."""

LARGEST_DRAWING = 400_000
"""Characters of one moving picture."""

LARGEST_KERNEL = 4096
"""Taps of an axis above which the cells that they read are not drawn."""

OPERANDS = 4_000
"""Numbers of input and filters that a page draws at most."""

case_of = cache(Case.parse)


class ShownFailure(NamedTuple):
    """A finding: its message, what it broke, maps and pictures if elements of its answer differ, and why.

    `explanation` computes its worst element in words, `explain` is the command for more, and `drawing` moves.
    `is_all` says whether every element that differs is known.
    """

    message: str
    reach: tuple[str, ...]
    replay: str
    subject: str
    titles: tuple[str, ...]
    word: str
    explain: str = ""
    explanation: str = ""
    answer: tuple[Map, ...] = ()
    window: tuple[Picture, ...] = ()
    drawing: Drawing | None = None
    is_all: bool = True

    @property
    def lines(self) -> list[str]:
        """Its message and its reach, line by line."""
        return [*self.message.split("\n"), *self.reach]

    @property
    def gist(self) -> str:
        """Its case, and what it looks like: what tells it from another with the same first line."""
        label = "  looks like  "
        looks = [line.removeprefix(label) for line in self.lines if line.startswith(label)]
        return ": ".join(filter(None, [self.word, *looks]))

    @property
    def is_asked(self) -> bool:
        """Whether the element itself is marked among the cells."""
        return any(mark.sign == "asked" for picture in self.window for mark in picture.marks)

    @property
    def has_values(self) -> bool:
        """Whether the maps know what came and what was due."""
        return any(cell.got for plane in self.answer for _, cells in plane.rows for cell in cells)

    @property
    def size(self) -> int:
        """How many characters its maps, pictures and explanation take on a page, about."""
        drawn = len(self.drawing.numbers) if self.drawing else 0
        marks = sum(600 + 45 * len(picture.marks) for picture in self.window)
        return drawn + marks + len(self.explanation) + sum(plane.size for plane in self.answer)

    @property
    def bare(self) -> ShownFailure:
        """The same without what takes room."""
        return self._replace(explanation="", answer=(), window=(), drawing=None)


def shown_failures(records: Mapping[str, Record], tallies: Sequence[Tally]) -> tuple[ShownFailure, ...]:
    """Each finding, with all that there is room for; `records` are those of failures, by their messages."""
    left, shown = ROOM, []
    for finding in findings(tallies):
        failure = _shown(finding, record=records.get(finding.failure.text, {}), room=left)
        failure = failure if failure.size <= left else failure.bare
        left -= failure.size
        shown.append(failure)
    return tuple(shown)


def _shown(finding: Finding, *, record: Record, room: int) -> ShownFailure:
    failure, replay = finding.failure, record.get("replay", "")
    shown = ShownFailure(failure.text, finding.reach, replay, finding.subject, finding.titles, failure.word)
    if not (failure.word and record):
        return shown
    case, worst = case_of(failure.word), record["worst"]
    if case.illegal:  # its message says why it must be refused
        return shown
    shown = shown._replace(explain=explain_line(replay, case))
    if max(case.kernel) > LARGEST_KERNEL or not room:
        return shown
    index = tuple(worst["index"]) if worst else None
    held = case.held_to(record.get("scheme", ""), record.get("arithmetic", ""))
    return shown._replace(
        answer=tuple(_maps(case, record, index)),
        window=() if index is None else tuple(window_pictures(case, index)),
        explanation=_explanation(held, index),
        is_all=len(record["differs"]) < DIFFERING_LIMIT,
        drawing=_drawing(held, record, index, name=finding.subject, room=room),
    )


def explain_line(replay: str, case: Case) -> str:
    """The command that explains a case, by a page if it can be drawn, asked as the line to replay it asks."""
    explain, page = ["conv-verify", "explain", str(case)], ["--html", "picture.html"] * _is_drawable(case)
    settings, command, rest = replay.partition("conv-verify replay ")
    try:
        *options, subject, _ = shlex.split(rest)
    except ValueError:  # a call in Python
        command = ""
    if not command:
        return shlex.join([*explain, *page])
    return settings + shlex.join([*explain, "--subject", subject, *options, *page])


def _is_drawable(case: Case) -> bool:
    try:
        require_drawable(case)
    except ValueError:
        return False
    return True


def _maps(case: Case, record: Record, index: tuple[int, ...] | None) -> list[Map]:
    differs = [tuple(place) for place in record["differs"]]
    return answer_maps(
        case,
        shape=record["shape"],
        differs=differs,
        values=record.get("values", ()),
        worst=index,
        is_all=len(differs) < DIFFERING_LIMIT,
    )


def _explanation(case: Case, index: tuple[int, ...] | None) -> str:
    """How an element, by default the first, is computed; nothing for a case without an answer."""
    try:
        return plain_text(explained(case, index))
    except ValueError:
        return ""


def _drawing(
    case: Case, record: Record, index: tuple[int, ...] | None, *, name: str, room: int
) -> Drawing | None:
    """The moving picture of a case beside what was answered, if it can be drawn and there is room."""
    operands = prod(case.input_shape) + prod(case.factor_shape)
    if not _is_drawable(case) or prod(case.output_shape) > ANSWER_LIMIT or operands > OPERANDS:
        return None
    try:
        drawing = drawing_of(case, at=index, name=name, answer=_answer(case, record))
    except ValueError:  # the worst element lies outside the answer
        return None
    return drawing if len(drawing.numbers) <= min(room, LARGEST_DRAWING) else None


def _answer(case: Case, record: Record) -> Array | None:
    """What was answered, if the record has it."""
    numbers = record.get("answer")
    if not numbers or tuple(record["shape"]) != case.output_shape:
        return None
    kind = int if case.format.exact_integers else float
    return np.array([kind(number) for number in numbers]).reshape(case.output_shape)
