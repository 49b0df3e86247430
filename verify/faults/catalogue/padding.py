"""Faults of padding: too much, too little, at the wrong end, of the wrong axis or with the wrong cells."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from verify.cases.case import Case
from verify.cases.geometry import Axis, ceil_div, same_padding
from verify.faults.fault import FORWARD, OTHER_END, WINDOWED, Geometry, make_fault, own_padding, shifted
from verify.faults.index_maps import Map, Maps, cells_read, zero_outside


def _bordered(case: Case) -> list[int]:
    return [axis.size + sum(ends) for axis, ends in zip(case.axes, case.borders, strict=True)]


def recomputed(total: Callable[[Axis, int], int]) -> Geometry:
    """SAME with another total, by a rule of the axis and its bordered size; half of it goes before."""

    def befores(case: Case) -> list[int]:
        return [total(axis, size) // 2 for axis, size in zip(case.axes, _bordered(case), strict=True)]

    return shifted(befores)


def _unclamped(axis: Axis, size: int) -> int:
    return (ceil_div(size, axis.stride) - 1) * axis.stride + axis.span - size if size else 0


def _filled_by(source: Callable[[Map, int], Map]) -> Geometry:
    """Padding that repeats cells of the bordered input: `source` gives the cell for each place and size."""

    def maps(case: Case) -> Maps | None:
        if not any(map(any, own_padding(case))) or 0 in _bordered(case):
            return None
        axes = zip(case.axes, case.borders, _bordered(case), strict=True)
        return [
            zero_outside(axis, source(cells_read(axis) + before, size) - before)
            for axis, (before, _), size in axes
        ]

    return Geometry(maps)


def _reflected(cells: Map, size: int) -> Map:
    if size == 1:
        return np.zeros_like(cells)
    folded = cells % (2 * size - 2)
    return np.where(folded < size, folded, 2 * size - 2 - folded)


def _exchanged(pairs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    return [pairs[-1], *pairs[1:-1], pairs[0]]


fault = partial(make_fault, family="padding")

_NOT_VALID = f"padding != 'valid' and {WINDOWED}"
_SAME = f"padding == 'same' and {WINDOWED}"
padding_fault = partial(fault, applies=_NOT_VALID, needs="any(before or after for before, after in pads)")

PADDING = (
    fault(
        name="odd-cell-before",
        sentence="SAME's odd cell placed before instead of after",
        applies=_SAME,
        needs="border or any(before != after for before, after in pads)",
        word="conv_i2_k2_same_ones",
        change=OTHER_END,
    ),
    fault(
        name="same-of-stride-1",
        sentence="SAME padded as for a stride of 1",
        applies=_SAME,
        needs="max(strides) > 1 and max(span) > 1",
        word="conv_i4_k3_s2_same_ones",
        change=recomputed(lambda axis, size: sum(same_padding(size, axis.kernel, 1, axis.dilation))),
    ),
    fault(
        name="same-of-dilation-1",
        sentence="SAME padded as for a dilation of 1",
        applies=_SAME,
        needs="max(dilations) > 1 and max(kernel) > 1",
        word="conv_i1_k2_d2_same_ones",
        change=recomputed(lambda axis, size: sum(same_padding(size, axis.kernel, axis.stride, 1))),
    ),
    fault(
        name="same-not-clamped",
        sentence="SAME's total not clamped at 0, so that cells are cut off",
        applies=_SAME,
        needs="any(s > reach for s, reach in zip(strides, span))",
        word="conv_i2_k1_s2_same_iota",
        change=recomputed(_unclamped),
    ),
    fault(
        name="padding-of-first-axis",
        sentence="the first axis's padding used for every axis",
        applies=f"rank > 1 and padding != 'valid' and {WINDOWED}",
        needs="len(set(before for before, after in pads)) > 1 or border",
        word="conv_i1x2_k1x3_same_ones",
        change=shifted(lambda case: [own_padding(case)[0][0]] * case.rank),
    ),
    fault(
        name="padding-ends-exchanged",
        sentence="explicit padding before and after exchanged",
        applies=f"padding == 'explicit' and {FORWARD}",
        needs="border or any(before != after for before, after in pads)",
        word="conv_i1_k1_p0.1_ones",
        change=OTHER_END,
    ),
    fault(
        name="padding-axes-exchanged",
        sentence="explicit padding of the first and the last axis exchanged",
        applies=f"rank > 1 and padding == 'explicit' and {WINDOWED}",
        needs="pads[0][0] != pads[-1][0] or border",
        word="conv_i1x1_k1x1_p0.0x1.0_ones",
        change=shifted(lambda case: [before for before, _ in _exchanged(own_padding(case))]),
    ),
    padding_fault(
        name="padding-twice",
        sentence="padding applied twice",
        word="conv_i1_k1_p1.0_ones",
        change=shifted(lambda case: [2 * before for before, _ in own_padding(case)]),
    ),
    padding_fault(
        name="padding-lost",
        sentence="no padding before the input",
        word="conv_i1_k1_p1.0_ones",
        change=shifted(lambda case: [0] * case.rank),
    ),
    padding_fault(
        name="padding-repeats-edge",
        sentence="padding with the cells of the edge instead of zeros",
        applies=f"padding != 'valid' and operation != 'transpose' and {WINDOWED}",
        word="conv_i1_k2_same_ones",
        change=_filled_by(lambda cells, size: np.clip(cells, 0, size - 1)),
    ),
    padding_fault(
        name="padding-reflects",
        sentence="padding with the cells reflected at the edge instead of zeros",
        applies=f"padding != 'valid' and operation != 'transpose' and {WINDOWED}",
        word="conv_i1_k2_same_ones",
        change=_filled_by(_reflected),
    ),
)
