"""A failure as it is read at a terminal: in colours, with its worst elements, their window and a map."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from rich.text import Text

from verify.cases.case import Case
from verify.cases.operands import Array
from verify.checks.elements import NONE_WRONG, Wrong, wrong_in
from verify.checks.examination import Examination, allowed_phrase, disagreement, line
from verify.oracle.compare import Worst
from verify.reports.explanation.cell import cell_of
from verify.reports.explanation.grids import wording
from verify.reports.explanation.lines import (
    PADDING_SIGN,
    WIDTH,
    Line,
    Span,
    Style,
    coloured,
    number_text,
)
from verify.reports.explanation.planes import Planes, planes_of
from verify.reports.records import DIFFERING_LIMIT

LARGEST = 2**16
"""Elements of the arrays of a case of which something is drawn."""

ROWS = 9
"""Rows of a grid; with its title a map takes ten lines."""

_INDENT = line("", "")
_GAP = "   "
_WORST = re.compile(r"(  worst    at .*: got )(.+)(, want )(.+)(, allowed .*)")
_STYLES: dict[str, Style] = {
    line("replay", ""): "heading",
    "  looks like  ": "product",
    f"  {'or':<10}  ": "product",
}
_MAP: dict[str, Style] = {".": "padding", "x": "wrong", "X": "failure"}

Grid = Sequence[Sequence[Span]]


def failure_text(text: str, *, word: str = "", wrong: Wrong = NONE_WRONG) -> Text:
    """The message of a failure in colours; with what is drawn of its elements, where they are given."""
    is_drawn = word and wrong.worst
    lines = failure_lines(text, Case.parse(word), wrong) if is_drawn else message_lines(text)
    return Text.from_ansi(coloured(lines))


def examination_text(examination: Examination, message: str = "") -> Text:
    """A disagreement as `failure_text` has it, or a message of it that says more."""
    wrong = wrong_in(examination, most=DIFFERING_LIMIT)
    return failure_text(message or disagreement(examination), word=str(examination.case), wrong=wrong)


def message_lines(text: str) -> Iterator[Line]:
    """The lines of a message, with their styles."""
    headline, *rest = text.split("\n")
    yield (Span(headline, "failure"),)
    for said in rest:
        if found := _WORST.fullmatch(said):
            yield _worst_line(*found.groups())
        else:
            yield (Span(said, _style_of(said)),)


def failure_lines(text: str, case: Case, wrong: Wrong) -> Iterator[Line]:
    """Those of a message with the worst elements, and what is drawn before the line that asks it again."""
    is_drawn = False
    for said in message_lines(text):
        if len(said) > 1:
            yield from worst_lines(wrong.worst)
            continue
        if said[0].style == "heading" and not is_drawn:
            yield from drawn_lines(case, wrong)
            is_drawn = True
        yield said


def worst_lines(elements: Sequence[Worst]) -> Iterator[Line]:
    """A line for each of the worst elements, in columns; a reason is said once."""
    indices, gots, wants = (
        [f"{each}" for each in column]
        for column in (
            (f"at {each.index}:" for each in elements),
            (repr(each.got) for each in elements),
            (repr(each.want) for each in elements),
        )
    )
    wide = [max(map(len, column)) for column in (indices, gots, wants)]
    for number, (each, index, got, want) in enumerate(zip(elements, indices, gots, wants, strict=True)):
        label = line("" if number else "worst", f"{index:<{wide[0]}} got ")
        is_said = number and each.why == elements[0].why
        allowed = f", allowed {allowed_phrase(each)}" + f" ({each.why})" * (not is_said)
        yield _worst_line(label, got.rjust(wide[1]), ", want ", want.rjust(wide[2]), allowed)


def _worst_line(label: str, got: str, between: str, want: str, allowed: str) -> Line:
    return (Span(label), Span(got, "wrong"), Span(between), Span(want, "right"), Span(allowed))


def _style_of(said: str) -> Style:
    return next((style for label, style in _STYLES.items() if said.startswith(label)), "plain")


def drawn_lines(case: Case, wrong: Wrong) -> Iterator[Line]:
    """What the worst element reads, and where the answer is wrong, as far as these are small."""
    if case.illegal or any(math.prod(shape) > LARGEST for shape in (*case.array_shapes, case.output_shape)):
        return
    worst = wrong.worst[0].index
    places = [place for place in (worst, *wrong.places) if _is_inside(place, case.output_shape)]
    if places[:1] != [worst]:
        return
    yield from window_lines(case, worst)
    if len(wrong.places) < DIFFERING_LIMIT:
        yield from map_lines(case, places)


def _is_inside(index: tuple[int, ...], shape: tuple[int, ...]) -> bool:
    return len(index) == len(shape) and all(place < size for place, size in zip(index, shape, strict=True))


def window_lines(case: Case, index: tuple[int, ...]) -> Iterator[Line]:
    """The numbers that one element is computed from, as many planes as stand side by side."""
    cell = cell_of(case, index)
    factors = cell.factors
    _, depth, rows, _ = factors.left.shape
    if not factors.left.size or rows > ROWS:
        return
    words = wording(case, cell.blocks, drawn=WIDTH)
    planes = [
        (title + f", slice {number}" * (depth > 1), block[number], inside[number])
        for title, block, inside in zip(words.titles, factors.left, factors.inside, strict=False)
        for number in range(depth)
    ]
    grids = [_numbers(values, inside) for _, values, inside in planes]
    yield from _beside("reads", [title for title, *_ in planes], grids)


def _numbers(values: Array, inside: Array) -> Grid:
    return [
        [
            Span(number_text(value, 3), "window") if is_inside else Span(PADDING_SIGN, "padding")
            for value, is_inside in zip(row, within, strict=True)
        ]
        for row, within in zip(values.tolist(), np.broadcast_to(inside, values.shape).tolist(), strict=True)
    ]


def map_lines(case: Case, places: Sequence[tuple[int, ...]]) -> Iterator[Line]:
    """Where an answer of several elements is wrong, the worst of which is the first of the places."""
    if case.rank > 2 or math.prod(case.output_shape) == 1:
        return
    planes = planes_of(case)
    if planes.extent[0] > ROWS:
        return
    signs: dict[int, dict[int, str]] = {}
    for number, index in enumerate(places):
        plane, place = planes.place(index)
        signs.setdefault(plane, {}).setdefault(place, "x" if number else "X")
    titles = [planes.plane(number).name for number in signs]
    grids = [_marked(planes, of_plane) for of_plane in signs.values()]
    yield from _beside("wrong", titles, grids, note="X the worst")


def _marked(planes: Planes, signs: Mapping[int, str]) -> Grid:
    rows, columns = planes.extent
    cells = [signs.get(place, ".") for place in range(rows * columns)]
    return [
        [Span(cell, _MAP[cell]) for cell in cells[first : first + columns]]
        for first in range(0, len(cells), columns)
    ]


def _beside(label: str, titles: Sequence[str], grids: Sequence[Grid], *, note: str = "") -> Iterator[Line]:
    """Grids side by side under their titles, as many as fit; nothing where the first does not."""
    wide = max(len(span.text) for grid in grids for row in grid for span in row)
    width = max((wide + 1) * len(grids[0][0]) - 1, *map(len, titles))
    beside = (WIDTH - len(_INDENT) + len(_GAP)) // (width + len(_GAP))
    if not beside:
        return
    more = len(grids) - beside
    notes = filter(None, (note, f"{more} more" if more > 0 else ""))
    shown = _GAP.join(title.ljust(width) for title in titles[:beside]).rstrip()
    yield (Span(f"{line(label, shown)}{''.join(f'  ({said})' for said in notes)}"),)
    for row in zip(*grids[:beside], strict=True):
        yield (Span(_INDENT), *_row(row, wide=wide, width=width))


def _row(rows: Sequence[Sequence[Span]], *, wide: int, width: int) -> Iterator[Span]:
    """A row of each grid."""
    for number, row in enumerate(rows):
        for column, span in enumerate(row):
            yield Span(" " * bool(column) + span.text.rjust(wide), span.style)
        if number < len(rows) - 1:
            yield Span(" " * (width - ((wide + 1) * len(row) - 1)) + _GAP)
