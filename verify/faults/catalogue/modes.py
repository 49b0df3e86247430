"""Faults of modes of padding: padding that repeats other cells than it should, or none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from verify.cases.case import Case
from verify.cases.geometry import Axis
from verify.cases.modes import ZEROS, sources_of
from verify.faults.fault import WINDOWED, Geometry, make_fault
from verify.faults.index_maps import Map, Maps, cells_read, map_of

_Rule = Callable[[Axis, Map], Map]
"""The cell that each place outside an axis stands for; its size for a zero. Places inside are given, too."""


def _standing(rule: _Rule, *, axes: slice = slice(None)) -> Geometry:
    """Padding that stands for other cells, by a rule along each of these axes."""

    def maps(case: Case) -> Maps | None:
        if case.padding_mode == ZEROS or not any(axis.before or axis.after for axis in case.axes):
            return None
        right = [map_of(axis) for axis in case.axes]
        changed = range(case.rank)[axes]
        return [
            _outside(axis, rule) if place in changed and axis.size else cells
            for place, (axis, cells) in enumerate(zip(case.axes, right, strict=True))
        ]

    return Geometry(maps)


def _outside(axis: Axis, rule: _Rule) -> Map:
    places = cells_read(axis)
    is_inside = (places >= 0) & (places < axis.size)
    return np.where(is_inside, places, rule(axis, places))


def _by(mode: str) -> _Rule:
    return lambda axis, places: sources_of(mode, places, axis.size)


def _from_near_end(axis: Axis, places: Map) -> Map:
    """The first cells again before the first, in their order, and the last ones after the last."""
    moved = np.where(places < 0, places + axis.before, places - axis.after)
    return np.clip(moved, 0, axis.size - 1)


def _next_to_edge(axis: Axis, places: Map) -> Map:
    if axis.size == 1:
        return np.zeros_like(places)
    return np.where(places < 0, 1, axis.size - 2)


def _of_other_end(axis: Axis, places: Map) -> Map:
    """What stands as far beyond the other end."""
    return sources_of(axis.mode, axis.size - 1 - places, axis.size)


def _written_last(case: Case) -> Maps | None:
    """Each cell with the products of one place that stands for it: of padding, if there is any."""
    if case.padding_mode == ZEROS:
        return None
    return [_of_one_place(axis) for axis in case.axes]


def _of_one_place(axis: Axis) -> Map:
    inside = range(axis.before, axis.before + axis.size)
    order: Sequence[int] = (*inside, *range(axis.before), *range(inside.stop, axis.padded))
    written = {int(axis.sources[place]): place for place in order}
    kept = [place if written[int(cell)] == place else -1 for place, cell in enumerate(axis.sources)]
    cells = np.where(np.array(kept, dtype=int) < 0, axis.size, axis.sources)
    return cells[axis.places]


_PADDED = f"padding_mode != 'zeros' and {WINDOWED}"
_SOME = "any(before or after for before, after in pads)"
fault = partial(make_fault, family="padding", applies=_PADDED, needs=_SOME)
gradient = partial(
    make_fault,
    family="gradients",
    applies="padding_mode != 'zeros' and operation == 'transpose'",
    needs=_SOME,
)

MODES = (
    fault(
        name="padding-mode-ignored",
        sentence="padding of zeros, whatever its mode",
        applies=f"operation != 'transpose' and {_PADDED}",
        word="conv_i1_k1_p1.0_symmetric_ones",
        change=_standing(_by(ZEROS)),
    ),
    fault(
        name="padding-mode-as-replicate",
        sentence="padding that repeats the cell at the edge, whatever its mode",
        applies=f"padding_mode != 'replicate' and {_PADDED}",
        word="conv_i2_k1_p1.0_reflect_iota",
        change=_standing(_by("replicate")),
    ),
    fault(
        name="reflect-repeats-the-edge",
        sentence="reflected padding that begins with the cell at the edge, as symmetric does",
        applies=f"padding_mode == 'reflect' and {WINDOWED}",
        word="conv_i2_k1_p1.0_reflect_iota",
        change=_standing(_by("symmetric")),
    ),
    fault(
        name="symmetric-skips-the-edge",
        sentence="symmetric padding that leaves out the cell at the edge, as reflect does",
        applies=f"padding_mode == 'symmetric' and {WINDOWED}",
        word="conv_i2_k1_p1.0_symmetric_iota",
        change=_standing(_by("reflect")),
    ),
    fault(
        name="circular-from-the-near-end",
        sentence="circular padding with the cells of the end that it is at, not of the other",
        applies=f"padding_mode == 'circular' and {WINDOWED}",
        word="conv_i2_k1_p1.0_circular_iota",
        change=_standing(_from_near_end),
    ),
    fault(
        name="replicate-of-the-next-cell",
        sentence="replicated padding with the cell beside the one at the edge",
        applies=f"padding_mode == 'replicate' and {WINDOWED}",
        word="conv_i2_k1_p1.0_replicate_iota",
        change=_standing(_next_to_edge),
    ),
    fault(
        name="padding-mode-of-other-end",
        sentence="padding that holds at each end what belongs at the other",
        word="conv_i2_k1_p1.0_reflect_iota",
        change=_standing(_of_other_end),
    ),
    *(
        fault(
            name=f"padding-mode-on-{which}-axis",
            sentence=f"the mode of padding used along the {which} axis alone, zeros along the others",
            applies=f"rank > 1 and {_PADDED}",
            word=f"conv_i1x1_k1x1_{pads}_symmetric_ones",
            change=_standing(_by(ZEROS), axes=axes),
        )
        for which, pads, axes in (
            ("first", "p0.0x1.0", slice(1, None)),
            ("last", "p1.0x0.0", slice(None, -1)),
        )
    ),
    gradient(
        name="padding-gradient-dropped",
        sentence="a gradient without that of the padding, which belongs to the cells that it repeats",
        word="transpose_i1_k1_p1.0_symmetric_ones",
        change=_standing(_by(ZEROS)),
    ),
    gradient(
        name="padding-gradient-overwrites",
        sentence="a gradient of the padding that is written over that of the cells, and not added to it",
        word="transpose_i1_k1_p1.0_symmetric_ones",
        change=Geometry(_written_last),
    ),
)
