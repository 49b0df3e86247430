"""A case as one page of HTML in which the window moves over the input, as the CS231n lecture animates it."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from verify.cases.case import Case
from verify.cases.operands import Array
from verify.checks.escaping import shown as escaped
from verify.checks.replacing import replace_file, require_replaceable
from verify.oracle.bounds import rule_of
from verify.oracle.compare import Judgement, where_differs
from verify.reports.explanation.axes import axis_lines
from verify.reports.explanation.cell import cell_of, sum_of
from verify.reports.explanation.explain import checked, order, terms_of, where
from verify.reports.explanation.grids import wording
from verify.reports.explanation.lines import LABEL, Line, plain_text
from verify.reports.explanation.planes import Planes, Walk, planes_of
from verify.reports.explanation.whole import due_values, steps_of
from verify.reports.template import page

if TYPE_CHECKING:
    from verify.reports.explanation.answered import Answered

BLOCKS = 8
"""Blocks of a cell that are drawn; the others are summed."""

LARGEST = 20_000
"""Numbers of the operands and the answer together that a picture takes."""


class Drawing(NamedTuple):
    """What a page draws of a case: the arithmetic of its axes, and the numbers for the script, as JSON."""

    axes: tuple[str, ...]
    numbers: str


def require_picture(file: Path, case: Case, *, title: str = "") -> None:
    """Check that a case can be drawn, and into this file.

    ValueError, one sentence, says why it cannot, and what can be done; OSError is one of the file.
    """
    if find_spec("jinja2") is None:
        raise ValueError("a picture needs Jinja: pip install 'conv-verify[html]'")
    require_drawable(case, title=title)
    require_replaceable(file)


def require_drawable(case: Case, *, title: str = "") -> None:
    """Raise ValueError, one sentence, for a case that cannot be drawn."""
    checked(case, None)
    if case.rank > 2:
        raise ValueError(
            f"a picture has one or two spatial axes, and {title or str(case)} has {case.rank}: "
            "explain it without --html"
        )
    numbers = math.prod(case.input_shape) + math.prod(case.factor_shape) + math.prod(case.output_shape)
    if numbers > LARGEST:
        raise ValueError(
            f"{title or str(case)} has {numbers:,} numbers, and a picture takes {LARGEST:,}: "
            "explain one cell, by --at INDEX without --html"
        )


def write_picture(
    file: Path,
    case: Case,
    *,
    title: str = "",
    at: tuple[int, ...] | None = None,
    answered: Answered | None = None,
) -> None:
    """Write the picture of a case, which begins at a cell: the worst of what was answered, or the first."""
    require_picture(file, case, title=title)
    worst = answered.verdict.worst if answered else None
    drawing = drawing_of(
        case,
        at=worst.index if at is None and worst else at,
        name=answered.name if answered else "",
        answer=answered.answer if answered else None,
    )
    shown = _Shown.of(case, title or str(case), answered)
    styles, scripts = ["html/page", "explanation/picture"], ["explanation/picture"]
    text = page("explanation/picture", styles=styles, scripts=scripts, shown=shown, drawing=drawing)
    replace_file(file, escaped(text).encode())


def drawing_of(
    case: Case, *, at: tuple[int, ...] | None, name: str = "", answer: Array | None = None
) -> Drawing:
    """What is drawn of a case from a cell on, beside an `answer` by that name; require it to be drawable."""
    index = checked(case, at)
    data = _data(planes_of(case), index=index, name=name, answer=answer)
    axes = tuple(_text(axis_lines(case, number, at=None)) for number in range(case.rank))
    numbers = json.dumps(data, separators=(",", ":"))
    # So that no sign ends the script, and none is a command to a log, which would be written by its code.
    return Drawing(axes, numbers.replace("<", "\\u003c").replace("##", "#\\u0023"))


class _Shown(NamedTuple):
    """What the page says in words."""

    title: str
    facts: tuple[tuple[str, str], ...]
    answered: Answered | None

    @classmethod
    def of(cls, case: Case, title: str, answered: Answered | None) -> _Shown:
        facts = [("answer", f"shape {case.output_shape}{order(case)}"), ("dtype", case.dtype.name)]
        if case.groups > 1:
            facts.append(("groups", str(case.groups)))
        if case.epilogue:
            facts.append(("then", ", ".join(case.epilogue)))
        return cls(title, tuple(facts), answered)


def _data(planes: Planes, *, index: tuple[int, ...], name: str, answer: Array | None) -> dict[str, Any]:
    """The numbers of the page, for its script."""
    case, words = planes.case, wording(planes.case, range(0))
    cells = [[_cell(case, at) for at in planes.indices(plane)] for plane in range(planes.answers)]
    drawn = [planes.plane(number) for number in range(planes.answers)]
    rule = rule_of(case)
    return {
        "integers": case.format.exact_integers,
        "left": _operand(words.source, planes.left),
        "right": None if planes.right is None else _operand(words.right, planes.right),
        "walks": [_walk(planes.rows), _walk(planes.columns)],
        "axes": _axes(case),
        "answer": [{"name": plane.name, "blocks": [[*block] for block in plane.blocks]} for plane in drawn],
        "due": [list(map(_number, values)) for values in planes.values(due_values(case))],
        "cells": cells,
        "answered": None if answer is None else _answered(planes, rule, name, answer),
        "start": [*planes.place(index)],
    }


def _operand(name: str, planes: Array) -> dict[str, Any]:
    return {"name": name, "planes": [[_numbers(row) for row in plane] for plane in planes]}


def _walk(walk: Walk) -> dict[str, Any]:
    readings = [[list(part) for part in reading] for reading in walk.readings]
    return {
        "before": walk.before,
        "size": walk.size,
        "after": walk.after,
        "readings": readings,
        "sources": walk.sources,
    }


def _axes(case: Case) -> list[list[str]]:
    """The arithmetic of each place of the answer on each axis."""
    if case.is_bias_gradient:
        return []
    counts = [
        {"source": axis.size, "filters": axis.kernel}.get(case.traits.answer, axis.out) for axis in case.axes
    ]
    return [_place_texts(case, number, count) for number, count in enumerate(counts)]


def _place_texts(case: Case, number: int, count: int) -> list[str]:
    """The lines on each place of an axis, below those on the axis itself."""
    general = len(axis_lines(case, number, at=None))
    return [_text(axis_lines(case, number, at=at)[general:]) for at in range(count)]


def _text(lines: Iterable[Line]) -> str:
    return "\n".join(line.removeprefix(" " * LABEL) for line in plain_text(lines).split("\n"))


def _cell(case: Case, index: tuple[int, ...]) -> dict[str, Any]:
    """One cell: where it lies, the sum of each block that is drawn, and every step to its answer."""
    cell = cell_of(case, index)
    products = cell.factors.products
    made: dict[str, Any] = {
        "at": str(index),
        "where": where(case, cell, index=index),
        "sums": [_number(sum_of(block)) for block in products[:BLOCKS]],
        "steps": steps_of(case, cell, index=index),
        "titles": list(wording(case, cell.blocks, drawn=BLOCKS).titles),
    }
    if len(products) > BLOCKS:
        made["rest"] = [len(products) - BLOCKS, _number(sum_of(terms_of(cell)[0][BLOCKS:]))]
    if cell.weights is not None:
        made["weights"] = _numbers(cell.weights[:BLOCKS])
    return made


def _answered(planes: Planes, rule: Judgement, name: str, answer: Array) -> dict[str, Any] | None:
    """The numbers that were answered, and which are wrong; None where they have another shape."""
    if answer.shape != planes.case.output_shape or not np.can_cast(answer.dtype, np.float64, "same_kind"):
        return None
    with np.errstate(over="ignore", invalid="ignore"):
        wrong = where_differs(rule, answer)
    allowed = np.broadcast_to(np.asarray(rule.allowed, np.float64), wrong.shape)
    indices = [[*planes.indices(plane)] for plane in range(planes.answers)]
    return {
        "name": name,
        "values": [list(map(_number, values)) for values in planes.values(answer)],
        "wrong": [[number for number, at in enumerate(plane) if wrong[at]] for plane in indices],
        "allowed": [
            [f"{allowed[at]:.3g} ({rule.why(at)})" if wrong[at] else "" for at in plane] for plane in indices
        ],
    }


def _numbers(values: Array) -> list[int | float | str]:
    return list(map(_number, values.ravel().tolist()))


def _number(value: float) -> int | float | str:
    """A number that JSON can hold; a text for NaN, infinities and integers that a double cannot hold."""
    value = float(value) if not isinstance(value, int | float) else value
    if not math.isfinite(value) or (isinstance(value, int) and abs(value) > 2**53):
        return str(value)
    return int(value) if value % 1 == 0 and abs(value) < 2**53 else value
