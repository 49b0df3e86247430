"""Faults of blocked kernels: products, taps, rows and columns at the end of a block left out or repeated."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from verify.cases.case import Case
from verify.cases.operands import Array, Operands
from verify.faults.fault import FORWARD, IMAGE, WINDOWED, Answer, Geometry, Inputs, make_fault
from verify.faults.index_maps import Map, Maps, cells_read, map_of, outs_of, right_maps
from verify.oracle.problem import channels_last, in_data_format

BLOCKS = (4, 8, 16, 32)

_Lost = Callable[[int], NDArray[np.bool_] | None]
"""Which of so many products of a sum are left out, by their number; None where none is."""


def _after(block: int) -> _Lost:
    """Products after the last whole block, if there is a whole block and a rest."""

    def lost(count: int) -> NDArray[np.bool_] | None:
        whole = count // block * block
        return None if whole in (0, count) else np.arange(count) >= whole

    return lost


def _last_of(block: int) -> _Lost:
    """The last product of every whole block."""
    return lambda count: np.arange(count) % block == block - 1 if count >= block else None


def _without(lost: _Lost) -> Inputs:
    """Sums without some products, counted tap by tap, or image by image in a gradient of filters."""

    def operands(case: Case) -> Operands | None:
        shape = _terms_of(case)
        count = int(np.prod(shape))
        gone = lost(count)
        if gone is None:
            return None
        factor = case.operands.factor
        is_image = case.traits.factor == "result"
        last = channels_last(case, factor) if is_image else factor
        table = last.reshape(_table_of(case))
        kept = np.where(gone.reshape(shape), table.dtype.type(0), table).reshape(last.shape)
        changed = in_data_format(case, kept) if is_image else kept
        return case.operands._replace(factor=np.ascontiguousarray(changed))

    return Inputs(operands)


def _table_of(case: Case) -> tuple[int, ...]:
    """The factor's shape by groups: what is summed over stands in its own axes."""
    taps, filters = int(np.prod(case.kernel)), case.filter_count // max(case.groups, 1)
    if case.traits.answer == "filters":
        return case.batch, int(np.prod([axis.out for axis in case.axes])), case.filter_count
    if case.traits.has_multiplier:
        return taps, case.channels, case.multiplier
    return taps, case.channels // case.groups, case.groups, filters


def _terms_of(case: Case) -> tuple[int, ...]:
    """The axes of that table that are summed over; 1 for the others."""
    table = _table_of(case)
    if case.traits.answer == "filters":
        return *table[:2], 1
    if case.traits.has_multiplier:
        return table[0], 1, 1
    return (table[0], 1, 1, table[3]) if case.traits.answer == "source" else (*table[:2], 1, 1)


def _without_taps(axis: int, *, in_last_window: bool) -> Geometry:
    """The last tap along an axis left out of every window, or of the last one."""

    def maps(case: Case) -> Maps | None:
        if case.kernel[axis] == 1 or 0 in outs_of(case.axes):
            return None
        changed = right_maps(case)
        windows = slice(-1, None) if in_last_window else slice(None)
        changed[axis][windows, -1] = case.size[axis]
        return changed

    return Geometry(maps)


def _by_columns_stride(case: Case) -> Maps | None:
    """Rows that are one column's stride apart; where they leave the input they read zeros."""
    rows, columns = case.axes[-2:]
    if columns.out != 1 or rows.out < 2 or rows.stride == columns.stride:
        return None
    return [*right_maps(case)[:-2], map_of(rows, stride=columns.stride), map_of(columns)]


def _beyond_rows(case: Case) -> Array:
    """The elements whose rows, by the columns' stride, lie after the last of the input."""
    rows, columns = case.axes[-2:]
    cells: Map = cells_read(rows, stride=columns.stride)
    is_beyond = (cells.max(axis=1, initial=0) >= rows.size) & (_by_columns_stride(case) is not None)
    place = case.rank - 1 + case.channels_first
    shape = [1] * len(case.output_shape)
    shape[place] = rows.out
    return np.broadcast_to(is_beyond.reshape(shape), case.output_shape)


def _in_odd_rows(change: Callable[[Any], None]) -> Answer:
    """An answer whose rows and channels, its first and last axis then, `change` overwrites."""

    def answer(case: Case, right: Array) -> Array | None:
        wrong = right.copy()
        channels_at_end = channels_last(case, wrong)
        change(np.moveaxis(channels_at_end, 1, 0))
        return wrong

    return Answer(answer)


def _repeat_rows(rows: Any) -> None:
    count = len(rows) // 2
    rows[1 : 2 * count : 2] = rows[0 : 2 * count : 2]


def _repeat_last_channels(rows: Any) -> None:
    if rows.shape[-1] >= 8:
        rows[1::2, ..., -4:] = rows[1::2, ..., -8:-4]


def _repeat_every_second(rows: Any) -> None:
    whole = rows.shape[-1] // 8 * 8
    for first in range(0, whole, 8):
        rows[1::2, ..., first + 4 : first + 8] = rows[1::2, ..., first : first + 4]


fault = partial(make_fault, family="geometry")
channel_fault = partial(make_fault, family="channels")

_CHANNELS = (
    "(channels if operation == 'transpose' "
    "else channels * multiplier if operation == 'depthwise' else filters)"
)
_ROWS = "((size if operation == 'transpose' else out)[0] > 1)"

_PRODUCTS = tuple(
    entry
    for block in BLOCKS
    for entry in (
        channel_fault(
            name=f"products-after-{block}s-lost",
            sentence=f"products left out of a sum after whole blocks of {block}",
            applies=WINDOWED,
            needs=f"products > {block} or operation == 'transpose'",
            word=f"conv_i1_c{block + 1}_k1_same_ones",
            change=_without(_after(block)),
        ),
        channel_fault(
            name=f"last-product-of-{block}-lost",
            sentence=f"the last product of every {block} left out",
            applies=WINDOWED,
            needs=f"products >= {block} or operation == 'transpose'",
            word=f"conv_i1_c{block}_k1_same_ones",
            change=_without(_last_of(block)),
        ),
    )
)

_TAPS = tuple(
    fault(
        name=f"last-tap-{which}-{'short' if in_last else 'lost'}",
        sentence=f"the last {which} of taps left out"
        + (f" of the last {which} of windows" if in_last else ""),
        applies=f"{scope}{WINDOWED}",
        needs=f"kernel[{axis}] > 1",
        word=word,
        change=_without_taps(axis, in_last_window=in_last),
    )
    for which, axis, scope, words in (
        ("row", 0, "", ("filtergrad_i2_k2_same_ones", "filtergrad_i2_k2_valid_ones")),
        (
            "column",
            -1,
            "rank > 1 and ",
            ("filtergrad_i1x2_k1x2_same_ones", "filtergrad_i1x2_k1x2_valid_ones"),
        ),
    )
    for in_last, word in zip((False, True), words, strict=True)
)

BLOCKED = (
    *_PRODUCTS,
    *_TAPS,
    fault(
        name="rows-by-columns-stride",
        sentence="the rows of an answer of one column computed with the columns' stride",
        applies=f"rank > 1 and {FORWARD}",
        needs="out[-1] == 1 and out[-2] > 1 and strides[-2] != strides[-1]",
        word="conv_i3x1_k1x1_s1x2_same_iota",
        change=Geometry(_by_columns_stride),
        unknown=_beyond_rows,
        is_narrow=True,
    ),
    fault(
        name="odd-rows-repeated",
        sentence="every odd row of the answer a copy of the row before it",
        applies=IMAGE,
        needs=_ROWS,
        word="conv_i2_k1_same_iota",
        change=_in_odd_rows(_repeat_rows),
    ),
    fault(
        name="odd-rows-repeat-last-four",
        sentence="in odd rows of the answer the last four channels are the four before them",
        applies=IMAGE,
        needs=f"{_ROWS} and {_CHANNELS} >= 8",
        word="conv_i2_k1_f8_same_iota",
        change=_in_odd_rows(_repeat_last_channels),
    ),
    fault(
        name="odd-rows-repeat-fours",
        sentence="in odd rows of the answer every second block of four channels is the block before it",
        applies=IMAGE,
        needs=f"{_ROWS} and {_CHANNELS} >= 8",
        word="conv_i2_k1_f8_same_iota",
        change=_in_odd_rows(_repeat_every_second),
    ),
)
