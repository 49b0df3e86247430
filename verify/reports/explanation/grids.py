"""The numbers of a cell drawn beside their products, as many as fit; the rest is summed."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from verify.cases.case import Case
from verify.cases.operands import Array
from verify.reports.explanation.axes import plane_lines
from verify.reports.explanation.cell import Cell, Factors, sum_of
from verify.reports.explanation.lines import PADDING_SIGN, WIDTH, Line, Span, Style, number_text
from verify.reports.phrases import plural

DRAWN = (3, 3, 7, 11)
"""Blocks, depth, rows and columns that are drawn at most; grids of 12 columns never fit side by side."""
_GRID_STYLES: tuple[Style, ...] = ("window", "filter", "product")


class Wording(NamedTuple):
    """The words of a drawing, with a title for each block that is drawn.

    `rest` is what a block that is not drawn is called, and `use` what is written instead of its sum.
    """

    titles: Sequence[str]
    left: str
    right: str = "filter"
    rest: str = "channel"
    use: str = ""

    @property
    def source(self) -> str:
        """What the numbers to the left come from."""
        return "input" if self.left == "window" else self.left


def drawing(case: Case, cell: Cell) -> Iterator[Line]:
    """The blocks of a cell, or a line that there are none; for a `separable` also their sums with weights."""
    left, at = cell.factors.left, cell.place.along
    if left.size:
        planes = list(plane_lines(case, at[0] if at else None, count=min(left.shape[1], DRAWN[1])))
        yield from _drawn(cell.factors, wording(case, cell.blocks), planes)
    else:
        none = "there is no window" if case.batch else "the batch is empty"
        is_unread = case.traits.answer == "source"
        yield (Span(f"{'no window reads this cell' if is_unread else none}: nothing is added"),)
    if cell.weighed is not None:
        yield from _drawn(cell.weighed, Wording(["pointwise"], "sums", f"filter {cell.place.channel}"))


def wording(case: Case, blocks: range, *, drawn: int = DRAWN[0]) -> Wording:
    """The words of a drawing of some blocks."""
    numbers, m = blocks[:drawn], case.multiplier
    if case.traits.has_multiplier:
        titles = [f"channel {n // m}" + f", its filter {n % m}" * (m > 1) for n in numbers]
        return Wording(titles, "window", rest="sum", use=", used below")
    match case.traits.answer:
        case "source":
            return Wording([f"filter {n}" for n in numbers], "cotangent", rest="filter")
        case "filters":
            left = "cotangent" if case.is_bias_gradient else "input"
            return Wording([f"batch {n}" for n in numbers], left, "cotangent", rest="batch")
    return Wording([f"channel {n}" for n in numbers], "window")


def _drawn(factors: Factors, wording: Wording, planes: Sequence[Line] = ()) -> Iterator[Line]:
    """The factors of each block beside their products, and what each depth is; the rest is counted."""
    grids, gap = _grids(factors)
    blocks, *extents = grids.shape[1:]
    signs: Line = (Span(wording.left, "window"),)
    if factors.right is not None:
        signs += Span(" × "), Span(wording.right, "filter"), Span(" = "), Span("products", "product")
    for block, products in enumerate(factors.products[:blocks]):
        start = Span(wording.titles[block], "heading"), Span(": ")
        sums = _summing(products)
        if sum(len(span.text) for span in (*start, *signs)) + len(sums) <= WIDTH:
            yield (*start, *signs, Span(sums))
        else:
            yield (*start, *signs, Span(","))
            yield (Span(f"  {sums.removeprefix(', ')}"),)
        for depth in range(extents[0]):
            yield from planes[depth : depth + 1]
            yield from _rows(grids[:, block, depth], gap, is_cut=extents[2] < products.shape[2])
        if products.size > math.prod(extents):
            rest = products.copy()
            rest[tuple(map(slice, extents))] = 0
            more = products.size - math.prod(extents)
            what = plural(more, "product" if factors.right is not None else "number")
            yield (Span(f"  … {more} more {what}{_summing(rest)}"),)
    if more := max(len(factors.left) - blocks, 0):
        use = wording.use or _summing(factors.products[blocks:])
        yield (Span(f"… {more} more {plural(more, wording.rest)}{use}"),)


def _summing(products: Array) -> str:
    return f", summing to {number_text(sum_of(products))}"


def _grids(factors: Factors) -> tuple[Array, str]:
    """As much as fits, and what stands to either side of a sign between two grids.

    The texts are (left · right · products, blocks, depth, rows, columns). Reals have the most decimals
    with which all columns fit.
    """
    block, columns = tuple(map(slice, DRAWN)), factors.left.shape[-1]
    parts = [factors.left[block]]
    if factors.right is not None:
        parts += factors.right[block], factors.products[block]
    for places, gap in ((6, "  "), (4, " "), (3, " ")):
        texts = [
            np.array([number_text(value, places) for value in part.ravel().tolist()]).reshape(part.shape)
            for part in parts
        ]
        texts[0] = np.where(factors.inside[block], texts[0], PADDING_SIGN)
        texts = [np.char.rjust(text, np.char.str_len(text).max()) for text in texts]
        wide = sum(len(text.flat[0]) + 1 for text in texts)
        # A margin of 2, signs with their gaps, and no space after the last column of each grid.
        room = WIDTH - 2 - (len(texts) - 1) * (2 * len(gap) + 1) + len(texts)
        if columns * wide <= room:
            break
        columns_shown = max((room - len(texts) * len(" …")) // wide, 1)
    else:
        texts = [text[..., :columns_shown] for text in texts]
    return np.stack(texts), gap


def _rows(grids: Array, gap: str, *, is_cut: bool) -> Iterator[Line]:
    """One block at one depth, side by side, row by row; `is_cut` where there are more columns."""
    rows = grids.transpose(1, 0, 2).tolist()
    end = (Span(" …"),) if is_cut else ()
    for row, (first, *others) in enumerate(rows):
        line = [Span(" "), *(Span(f" {text}", _style_of(text)) for text in first), *end]
        for sign, style, texts in zip("×=", _GRID_STYLES[1:], others, strict=False):
            shown = sign if row == (len(rows) - 1) // 2 else " "
            line += [Span(f"{gap}{shown}{gap}"), Span(" ".join(texts), style), *end]
        yield tuple(line)


def _style_of(text: str) -> Style:
    return "padding" if text.endswith(PADDING_SIGN) else "window"
