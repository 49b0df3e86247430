"""The whole input and answer of a small case as grids of text, and the sums of all cells."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from verify.cases.case import Case
from verify.cases.operands import Array
from verify.oracle.bounds import rule_of
from verify.oracle.reference import reference
from verify.reports.explanation.cell import Cell, cell_of, sum_of
from verify.reports.explanation.explain import steps, sum_lines, terms_of
from verify.reports.explanation.grids import wording
from verify.reports.explanation.lines import (
    LABEL,
    PADDING_SIGN,
    WIDTH,
    Line,
    Span,
    Style,
    number_text,
    pairs_of,
)
from verify.reports.explanation.planes import Planes, planes_of
from verify.reports.phrases import plural

ROWS = 24
"""Lines of grids, with their titles, that are still small."""

_GAP = "   "

Grid = list[list[Span]]


def whole_lines(case: Case, index: tuple[int, ...]) -> Iterator[Line]:
    """The planes that a cell reads, its window in them, and the planes of the answer, where they are small.

    Nothing of three axes, and nothing of what does not fit.
    """
    if case.rank > 2:
        return
    planes = planes_of(case)
    number, place = planes.place(index)
    blocks = planes.plane(number).blocks
    down, across = ((walk.before + walk.size + walk.after) for walk in (planes.rows, planes.columns))
    if planes.left.size and _fits(len(blocks), down, across):
        words = wording(case, cell_of(case, index).blocks, drawn=len(blocks))
        read = [_left(planes, block.left, place) for block in blocks]
        yield from _shown(words.source, read, words.titles)
    if _fits(planes.answers, *planes.extent):
        answers = enumerate(planes.values(due_values(case)))
        due = [_due(planes, values, place if at == number else -1) for at, values in answers]
        yield from _shown("answer", due, [planes.plane(at).name for at in range(planes.answers)])


def due_values(case: Case) -> Array:
    """The numbers of the answer; of a quantised one those of its scheme, or the nearest steps."""
    return reference(case) if case.format.is_quantised else rule_of(case).wanted


def _fits(count: int, rows: int, columns: int) -> bool:
    """Whether so many grids may be small: they are if each number has one digit."""
    beside = WIDTH // (2 * columns)
    return beside > 0 and -(-count // beside) * (rows + 1) <= ROWS


def all_sums(case: Case) -> Iterator[str]:
    """A line for each cell of the answer: its index, its sum, and every step that follows."""
    indices = [tuple(index) for index in np.ndindex(*case.output_shape)]
    wide = max((len(str(index)) for index in indices), default=0)
    for index in indices:
        said = ", ".join(f"{name} {text}" for name, text in steps_of(case, cell_of(case, index), index=index))
        yield f"{index!s:<{wide}}  {said}"


def steps_of(case: Case, cell: Cell, *, index: tuple[int, ...]) -> list[tuple[str, str]]:
    """From the sum of one cell to its answer: the name of each step, and its arithmetic."""
    terms, shown = terms_of(cell)
    rest = steps(case, sum_of(terms), index=index, channel=cell.place.channel)
    return pairs_of([*sum_lines(terms, shown), *rest])


def _left(planes: Planes, number: int, place: int) -> Grid:
    """A plane that is read, in its padding; what the cell reads is marked."""
    row, column = divmod(place, planes.extent[1])
    down, across = planes.rows, planes.columns
    is_read = set(down.readings[row].left), set(across.readings[column].left)
    return [
        [
            _span(planes, number, y, x, is_read=y in is_read[0] and x in is_read[1])
            for x in range(-across.before, across.size + across.after)
        ]
        for y in range(-down.before, down.size + down.after)
    ]


def _span(planes: Planes, number: int, row: int, column: int, *, is_read: bool) -> Span:
    """A place of a padded plane: a number, in the style of padding where it repeats one that is not read."""
    plane, cell = planes.left[number], (planes.rows.source(row), planes.columns.source(column))
    if -1 in cell:
        return Span(PADDING_SIGN, "padding")
    style: Style = "window" if is_read else "plain" if cell == (row, column) else "padding"
    return Span(number_text(plane[cell].item(), 3), style)


def _due(planes: Planes, values: Sequence[float], place: int) -> Grid:
    columns = planes.extent[1]
    spans = [
        Span(number_text(value, 3), "result" if number == place else "plain")
        for number, value in enumerate(values)
    ]
    return [spans[first : first + columns] for first in range(0, len(spans), columns)]


def _shown(label: str, grids: Sequence[Grid], titles: Sequence[str]) -> Iterator[Line]:
    """Grids of one size side by side, as many as fit, in rows; nothing where they take too many lines."""
    wide = max(len(span.text) for grid in grids for row in grid for span in row)
    width = max((wide + 1) * len(grids[0][0]) - 1, *map(len, titles))
    beside = (WIDTH - 2 + len(_GAP)) // (width + len(_GAP))
    if not beside or -(-len(grids) // beside) * (len(grids[0]) + 1) > ROWS:
        return
    yield ()
    yield (Span(f"{label:<{LABEL - 1}} ", "heading"), Span(f"{len(grids)} {plural(len(grids), 'plane')}"))
    for first in range(0, len(grids), beside):
        named = titles[first : first + beside]
        yield (Span("  " + _GAP.join(title.ljust(width) for title in named).rstrip(), "heading"),)
        for row in range(len(grids[0])):
            yield tuple(_row(grids[first : first + beside], row, wide=wide, width=width))


def _row(grids: Sequence[Grid], row: int, *, wide: int, width: int) -> Iterator[Span]:
    yield Span("  ")
    for number, grid in enumerate(grids):
        if number:
            yield Span(_GAP)
        for column, span in enumerate(grid[row]):
            yield Span(" " * bool(column) + span.text.rjust(wide), span.style)
        blank = width - ((wide + 1) * len(grid[row]) - 1)
        if number < len(grids) - 1 and blank:
            yield Span(" " * blank)
