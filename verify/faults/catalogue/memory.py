"""Faults in how memory is read and written: strides, gaps and alignment that a kernel does not respect."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from verify.cases.case import Case
from verify.cases.memory import parts_in_memory
from verify.cases.operands import Array, Operands
from verify.cases.pages import Page, Strides, dense, pages_of
from verify.faults.fault import Conduct, Fault, Inputs, make_fault

ALIGNED = 16
"""Bytes that a vector of four floats is loaded from a multiple of."""

Reading = Callable[[Page], tuple[int, Strides]]
"""The first element and the strides by which a kernel reads a page."""


def _read_by(reading: Reading, letters: str = "xwvyb") -> Inputs:
    """Operands of these letters read by another first element or other strides than theirs."""

    def operands(case: Case) -> Operands | None:
        pages, changed = pages_of(case), dict[str, Array]()
        for letter, operand in parts_in_memory(case).items():
            if operand in pages and letter in letters:
                page = pages[operand]
                read = page.read(*reading(page))
                if read.tobytes() != page.view().tobytes():
                    changed[operand] = read
        return case.operands._replace(**changed) if changed else None

    return Inputs(operands)


def _as_contiguous(page: Page) -> tuple[int, Strides]:
    return page.first, page.dense


def _pitch_of_length_one(page: Page) -> tuple[int, Strides]:
    """Along the last axis before one of length 1, the stride of that one, which means nothing."""
    strides, pairs = list(page.strides), zip(page.shape, page.shape[1:], strict=False)
    before = [axis for axis, (length, after) in enumerate(pairs) if length > 1 and after == 1]
    for axis in before[-1:]:
        strides[axis] = page.strides[axis + 1]
    return page.first, tuple(strides)


def _channels_first(page: Page) -> tuple[int, Strides]:
    """What is not in C order read as if its last axis came first in memory, behind the images."""
    shape = page.shape
    if page.strides == page.dense or len(shape) < 2:
        return page.first, page.strides
    moved = dense((shape[0], shape[-1], *shape[1:-1]))
    return page.first, (moved[0], *moved[2:], moved[1])


def _rounded_down(page: Page) -> tuple[int, Strides]:
    """From the aligned address before the first element; pages begin at one."""
    return page.first - page.first % max(ALIGNED // page.cells.itemsize, 1), page.strides


def _without_sign(page: Page) -> tuple[int, Strides]:
    return page.first, tuple(map(abs, page.strides))


def _without_zeros(page: Page) -> tuple[int, Strides]:
    pairs = zip(page.strides, page.dense, strict=True)
    return page.first, tuple(stride or plain for stride, plain in pairs)


def _dense_along_the_last(page: Page) -> tuple[int, Strides]:
    return page.first, (*page.strides[:-1], 1)


def _dense_rows(page: Page) -> tuple[int, Strides]:
    """Rows that follow each other without a gap, by the stride of the last axis and the shape."""
    return page.first, tuple(page.strides[-1] * stride for stride in page.dense)


def _fortran(page: Page) -> tuple[int, Strides]:
    """What is not in C order read as if it were in Fortran order."""
    plain = page.strides == page.dense
    return page.first, page.strides if plain else dense(page.shape[::-1])[::-1]


def _next_times_zero(case: Case) -> Operands | None:
    """Each element with 0 times the one behind it in memory, as of a vector masked by a product."""
    parts, pages = parts_in_memory(case), pages_of(case)
    changed = {}
    for operand in parts.values():
        if operand in pages and pages[operand].cells.dtype.kind not in "iu":
            page = pages[operand]
            changed[operand] = page.view() + page.read(page.first + 1, page.strides) * page.view().dtype.type(
                0
            )
    return case.operands._replace(**changed) if changed else None


def _writes_beside(case: Case, right: Array) -> Array:
    """The right answer, after a 0 was written beside the elements of each operand."""
    for page in pages_of(case).values():
        free = page.beside
        page.cells[free[np.searchsorted(free, page.first)]] = 0
    return right


def _shows_writing(case: Case, right: Array) -> bool:
    return bool(pages_of(case))


def _named(letter: str) -> str:
    return f"any(pair[0] == '{letter}' for pair in memory)"


def _laid(*layouts: str) -> str:
    return f"any(pair[1] in {layouts!r} for pair in memory)"


fault: Callable[..., Fault] = partial(make_fault, family="memory", applies="memory", is_narrow=True)

_ODD = "conv_i2_k1_same_ones_memxodd"

MEMORY: tuple[Fault, ...] = (
    *(
        fault(
            name=f"{name}-as-contiguous",
            sentence=f"memory of the {name} read as if it were C-contiguous",
            applies=_named(letter),
            word=word,
            change=_read_by(_as_contiguous, letter),
        )
        for name, letter, word in (
            ("input", "x", "conv_i2_k1_same_ones_memxstrided"),
            ("filters", "w", "conv_i1_k1_f2_same_ones_memwstrided"),
            ("cotangent", "y", "transpose_i2_k1_same_ones_memystrided"),
            ("bias", "b", "conv_i1_k1_f2_same_bias_ones_membstrided"),
        )
    ),
    fault(
        name="stride-of-length-one",
        sentence="the stride of an axis of length 1 used for the axis before it",
        word=_ODD,
        change=_read_by(_pitch_of_length_one),
    ),
    fault(
        name="gap-read",
        sentence="cells between elements, or behind the last, read if only to be multiplied by zero",
        word="conv_i1_k1_same_ones_memxstrided",
        change=Inputs(_next_times_zero),
    ),
    fault(
        name="layout-by-shape",
        sentence="what is not C-contiguous taken for channels first in memory, whatever its strides",
        word="conv_i2_k1_same_ones_memxstrided",
        change=_read_by(_channels_first),
    ),
    fault(
        name="fortran-assumed",
        sentence="what is not C-contiguous taken for Fortran order, whatever its strides",
        word="conv_i2_k1_same_ones_memxstrided",
        change=_read_by(_fortran),
    ),
    fault(
        name="load-rounded-down",
        sentence="a misaligned load rounded down to the aligned address before it",
        word="conv_i1_k1_same_ones_memxoffset",
        change=_read_by(_rounded_down),
    ),
    fault(
        name="negative-stride-positive",
        sentence="a negative stride taken as positive",
        applies=_laid("reversed"),
        word="conv_i2_k1_same_ones_memxreversed",
        change=_read_by(_without_sign),
    ),
    fault(
        name="zero-stride-dense",
        sentence="a stride of 0 read as that of a contiguous array",
        applies=_laid("expanded"),
        word="conv_n2_i1_k1_same_ones_memxexpanded",
        change=_read_by(_without_zeros),
    ),
    fault(
        name="last-axis-dense",
        sentence="the last axis read as if its elements were next to each other, the others by their strides",
        word="conv_i1_c2_k1_same_ones_memxstrided",
        change=_read_by(_dense_along_the_last),
    ),
    fault(
        name="rows-dense",
        sentence="rows read as if no gap lay between them, by the stride of the last axis and the shape",
        word="conv_i2_k1_same_ones_memxsliced",
        change=_read_by(_dense_rows),
    ),
    fault(
        name="written-beside",
        sentence="memory written to beside the elements of an operand",
        word="conv_i1_k1_same_ones_memxpaged",
        change=Conduct(_writes_beside, _shows_writing),
        kinds=frozenset({"written beside"}),
    ),
)
