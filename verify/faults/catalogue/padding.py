"""Faults of padding: too much, too little, at the wrong end, of the wrong axis or with the wrong cells."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from verify.cases.case import Case
from verify.cases.geometry import Axis, ceil_div, same_padding
from verify.cases.predicates import Predicate
from verify.faults.fault import Fault, Geometry
from verify.faults.index_maps import Map, Maps, cells_read, inside

Befores = Callable[[Case], list[int]]
"""The cells of padding before each axis, a border's not counted."""

GATHERS = "operation != 'transpose' and not (operation == 'filtergrad' and 'bias' in epilogue)"
"""Operations whose input is padded."""
LINEAR = "not (operation == 'filtergrad' and 'bias' in epilogue)"
"""Operations that have windows; the gradient of a bias has none."""
FORWARD = "operation in ('conv', 'depthwise', 'separable')"
PADDED = "any(before or after for before, after in pads)"


def borders(case: Case) -> tuple[tuple[int, int], ...]:
    return case.border or ((0, 0),) * case.rank


def bordered(case: Case) -> list[int]:
    return [axis.size + sum(ends) for axis, ends in zip(case.axes, borders(case), strict=True)]


def own_padding(case: Case) -> list[tuple[int, int]]:
    """The operation's own padding of each axis, without the border."""
    pairs = zip(case.axes, borders(case), strict=True)
    return [(axis.before - before, axis.after - after) for axis, (before, after) in pairs]


def shifted(befores: Befores) -> Geometry:
    """Windows that begin as if so many cells of padding came before each axis."""

    def maps(case: Case) -> Maps | None:
        firsts = [first + ends[0] for first, ends in zip(befores(case), borders(case), strict=True)]
        if firsts == [axis.before for axis in case.axes]:
            return None
        return [
            inside(axis, cells_read(axis, before=first))
            for axis, first in zip(case.axes, firsts, strict=True)
        ]

    return Geometry(maps)


def _recomputed(total: Callable[[Axis, int], int]) -> Geometry:
    """SAME with another total, by a rule of the axis and its bordered size; half of it goes before."""

    def befores(case: Case) -> list[int]:
        return [total(axis, size) // 2 for axis, size in zip(case.axes, bordered(case), strict=True)]

    return shifted(befores)


def _unclamped(axis: Axis, size: int) -> int:
    return (ceil_div(size, axis.stride) - 1) * axis.stride + axis.span - size if size else 0


def _filled_by(source: Callable[[Map, int], Map]) -> Geometry:
    """Padding that repeats cells of the bordered input: `source` gives the cell for each place and size."""

    def maps(case: Case) -> Maps | None:
        if not any(map(any, own_padding(case))) or 0 in bordered(case):
            return None
        read = []
        for axis, (before, _), size in zip(case.axes, borders(case), bordered(case), strict=True):
            read.append(inside(axis, source(cells_read(axis) + before, size) - before))
        return read

    return Geometry(maps)


def _reflected(cells: Map, size: int) -> Map:
    if size == 1:
        return np.zeros_like(cells)
    folded = cells % (2 * size - 2)
    return np.where(folded < size, folded, 2 * size - 2 - folded)


def _exchanged(pairs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    return [pairs[-1], *pairs[1:-1], pairs[0]]


def _fault(name: str, sentence: str, applies: str, needs: str, word: str, change: Geometry) -> Fault:
    return Fault(name, "padding", sentence, Predicate(applies), Predicate(needs), word, change)


_SAME = f"padding == 'same' and {LINEAR}"

PADDING = (
    _fault(
        "odd-cell-before",
        "SAME's odd cell placed before instead of after",
        _SAME,
        "border or any(before != after for before, after in pads)",
        "conv_i2_k2_same_ones",
        shifted(lambda case: [after for _, after in own_padding(case)]),
    ),
    _fault(
        "same-of-stride-1",
        "SAME padded as for a stride of 1",
        _SAME,
        "max(strides) > 1 and max(span) > 1",
        "conv_i4_k3_s2_same_ones",
        _recomputed(lambda axis, size: sum(same_padding(size, axis.kernel, 1, axis.dilation))),
    ),
    _fault(
        "same-of-dilation-1",
        "SAME padded as for a dilation of 1",
        _SAME,
        "max(dilations) > 1 and max(kernel) > 1",
        "conv_i1_k2_d2_same_ones",
        _recomputed(lambda axis, size: sum(same_padding(size, axis.kernel, axis.stride, 1))),
    ),
    _fault(
        "same-not-clamped",
        "SAME's total not clamped at 0, so that cells are cut off",
        _SAME,
        "any(s > reach for s, reach in zip(strides, span))",
        "conv_i2_k1_s2_same_iota",
        _recomputed(_unclamped),
    ),
    _fault(
        "padding-of-first-axis",
        "the first axis's padding used for every axis",
        f"rank > 1 and padding != 'valid' and {LINEAR}",
        "len(set(before for before, after in pads)) > 1 or border",
        "conv_i1x2_k1x3_same_ones",
        shifted(lambda case: [own_padding(case)[0][0]] * case.rank),
    ),
    _fault(
        "padding-ends-exchanged",
        "explicit padding before and after exchanged",
        f"padding == 'explicit' and {FORWARD}",
        "border or any(before != after for before, after in pads)",
        "conv_i1_k1_p0.1_ones",
        shifted(lambda case: [after for _, after in own_padding(case)]),
    ),
    _fault(
        "padding-axes-exchanged",
        "explicit padding of the first and the last axis exchanged",
        f"rank > 1 and padding == 'explicit' and {LINEAR}",
        "pads[0][0] != pads[-1][0] or border",
        "conv_i1x1_k1x1_p0.0x1.0_ones",
        shifted(lambda case: [before for before, _ in _exchanged(own_padding(case))]),
    ),
    _fault(
        "padding-twice",
        "padding applied twice",
        f"padding != 'valid' and {LINEAR}",
        PADDED,
        "conv_i1_k1_p1.0_ones",
        shifted(lambda case: [2 * before for before, _ in own_padding(case)]),
    ),
    _fault(
        "padding-lost",
        "no padding before the input",
        f"padding != 'valid' and {LINEAR}",
        PADDED,
        "conv_i1_k1_p1.0_ones",
        shifted(lambda case: [0] * case.rank),
    ),
    _fault(
        "padding-repeats-edge",
        "padding with the cells of the edge instead of zeros",
        f"padding != 'valid' and {GATHERS}",
        PADDED,
        "conv_i1_k2_same_ones",
        _filled_by(lambda cells, size: np.clip(cells, 0, size - 1)),
    ),
    _fault(
        "padding-reflects",
        "padding with the cells reflected at the edge instead of zeros",
        f"padding != 'valid' and {GATHERS}",
        PADDED,
        "conv_i1_k2_same_ones",
        _filled_by(_reflected),
    ),
)
