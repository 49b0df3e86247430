"""Factors and their products drawn side by side, as much of them as fits; the rest is summed."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from verify.cases.operands import Array
from verify.reports.explanation.cell import Factors
from verify.reports.explanation.lines import PADDING, WIDTH, Line, Span, Style, sum_of, written
from verify.reports.phrases import plural

DRAWN = (3, 3, 7, 11)
"""Blocks, depth, rows and columns that are drawn at most; grids of 12 columns never fit side by side."""
_STYLES: tuple[Style, ...] = ("window", "filter", "product")


class Wording(NamedTuple):
    """The words of a drawing.

    `titles` has an element for each block that is drawn, `planes` for each depth, if there is depth.
    `rest` is what a block that is not drawn is called, and `use` what is written instead of its sum.
    """

    titles: Sequence[str]
    left: str
    right: str
    planes: Sequence[Line] = ()
    rest: str = "channel"
    use: str = ""


class _Grids(NamedTuple):
    """What is drawn: strings of the shape (left · right · products, blocks, depth, rows, columns)."""

    texts: Array
    gap: str
    """What stands to either side of a sign between two grids."""


def drawn(factors: Factors, wording: Wording) -> Iterator[Line]:
    """The factors of each block beside their products; what is not drawn is counted."""
    grids = _grids(factors)
    blocks, *extents = grids.texts.shape[1:]
    signs: Line = (Span(wording.left, "window"),)
    if factors.right is not None:
        signs += Span(" × "), Span(wording.right, "filter"), Span(" = "), Span("products", "product")
    for block, products in enumerate(factors.products[:blocks]):
        start = Span(wording.titles[block], "heading"), Span(": ")
        yield (*start, *signs, Span(f", summing to {written(sum_of(products))}"))
        for depth in range(extents[0]):
            yield from wording.planes[depth : depth + 1]
            yield from _rows(grids, block=block, depth=depth, cut=extents[2] < products.shape[2])
        if products.size > math.prod(extents):
            rest = products.copy()
            rest[tuple(map(slice, extents))] = 0
            what = "product" if factors.right is not None else "number"
            yield (Span(f"  {_more(products.size - math.prod(extents), what)}{_summing(rest)}"),)
    if len(factors.left) > blocks:
        rest = factors.products[blocks:]
        yield (Span(f"{_more(len(rest), wording.rest)}{wording.use or _summing(rest)}"),)


def _more(count: int, what: str) -> str:
    return f"… {count} more {plural(count, what)}"


def _summing(products: Array) -> str:
    return f", summing to {written(sum_of(products))}"


def _grids(factors: Factors) -> _Grids:
    """As much as fits; reals have the most decimals with which all columns fit."""
    block, columns = tuple(map(slice, DRAWN)), factors.left.shape[-1]
    parts = [factors.left[block]]
    if factors.right is not None:
        parts += factors.right[block], factors.products[block]
    for places, gap in ((6, "  "), (4, " "), (3, " ")):
        texts = [
            np.array([written(value, places) for value in part.ravel().tolist()]).reshape(part.shape)
            for part in parts
        ]
        texts[0] = np.where(factors.inside[block], texts[0], PADDING)
        texts = [np.char.rjust(text, np.char.str_len(text).max()) for text in texts]
        wide = sum(len(text.flat[0]) + 1 for text in texts)
        # A margin of 2, signs with their gaps, and no space after the last column of each grid.
        room = WIDTH - 2 - (len(texts) - 1) * (2 * len(gap) + 1) + len(texts)
        if columns * wide <= room:
            break
        columns_shown = max((room - len(texts) * len(" …")) // wide, 1)
    else:
        texts = [text[..., :columns_shown] for text in texts]
    return _Grids(np.stack(texts), gap)


def _rows(grids: _Grids, *, block: int, depth: int, cut: bool) -> Iterator[Line]:
    """One block at one depth, side by side, row by row; `cut` where there are more columns."""
    rows = grids.texts[:, block, depth].transpose(1, 0, 2).tolist()
    end = (Span(" …"),) if cut else ()
    for row, (first, *others) in enumerate(rows):
        line = [Span(" "), *(Span(f" {text}", _style_of(text)) for text in first), *end]
        for sign, style, texts in zip("×=", _STYLES[1:], others, strict=False):
            shown = sign if row == (len(rows) - 1) // 2 else " "
            line += [Span(f"{grids.gap}{shown}{grids.gap}"), Span(" ".join(texts), style), *end]
        yield tuple(line)


def _style_of(text: str) -> Style:
    return "padding" if text.endswith(PADDING) else "window"
