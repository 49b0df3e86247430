"""Faults of padding: too much, too little, at the wrong end, of the wrong axis or with the wrong cells."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from verify.cases.case import Case
from verify.cases.geometry import Axis, ceil_div, same_padding
from verify.cases.modes import sources_of
from verify.faults.fault import (
    FORWARD,
    OTHER_END,
    WINDOWED,
    Call,
    Geometry,
    make_fault,
    own_padding,
    shifted,
)
from verify.faults.index_maps import Maps, cells_read, outs_of, zero_outside
from verify.oracle.compare import NUMERIC_KINDS


def _bordered(case: Case) -> list[int]:
    return [axis.size + sum(ends) for axis, ends in zip(case.axes, case.borders, strict=True)]


def recomputed(total: Callable[[Axis, int], int]) -> Geometry:
    """SAME with another total, by a rule of the axis and its bordered size; half of it goes before."""

    def befores(case: Case) -> list[int]:
        return [total(axis, size) // 2 for axis, size in zip(case.axes, _bordered(case), strict=True)]

    return shifted(befores)


def _unclamped(axis: Axis, size: int) -> int:
    return (ceil_div(size, axis.stride) - 1) * axis.stride + axis.span - size if size else 0


def _cut_toward_zero(case: Case) -> list[int]:
    """Half of SAME's total, which may be negative, as C divides: -3 / 2 is -1, where it should be -2."""
    totals = [_unclamped(axis, size) for axis, size in zip(case.axes, _bordered(case), strict=True)]
    return [total // 2 if total > 0 else -(-total // 2) for total in totals]


def _called_padded(change: Callable[[Case], list[tuple[int, int]]]) -> Call:
    """A right convolution that was given other cells of padding; the output sizes follow."""

    def axes(case: Case) -> tuple[Axis, ...] | None:
        pads = change(case)
        if pads == own_padding(case):
            return None
        axes = tuple(
            axis._replace(before=border[0] + before, after=after + border[1])
            for axis, border, (before, after) in zip(case.axes, case.borders, pads, strict=True)
        )
        has_room = "residual" not in case.epilogue or outs_of(axes) == outs_of(case.axes)
        return axes if has_room and not any(axis.shortfall for axis in axes) else None

    return Call(axes, Geometry(lambda case: None))


def _is_causal(axis: Axis) -> bool:
    """Whether (kernel - 1) * dilation cells go before an axis, more than kernel - 1, and none after it."""
    return axis.dilation > 1 and axis.after == 0 and 0 < axis.before == axis.span - 1


def _undilated(case: Case) -> list[tuple[int, int]]:
    """The cells before and after each axis, (kernel - 1) * dilation of a causal one taken for kernel - 1."""
    return [
        (axis.kernel - 1, 0) if _is_causal(axis) and not any(border) else pair
        for axis, border, pair in zip(case.axes, case.borders, own_padding(case), strict=True)
    ]


def _filled_by(mode: str) -> Geometry:
    """Padding that repeats cells of the bordered input, as a mode has it."""

    def maps(case: Case) -> Maps | None:
        if not any(map(any, own_padding(case))) or 0 in _bordered(case):
            return None
        axes = zip(case.axes, case.borders, _bordered(case), strict=True)
        return [
            zero_outside(axis, sources_of(mode, cells_read(axis) + before, size) - before)
            for axis, (before, _), size in axes
        ]

    return Geometry(maps)


def _exchanged(pairs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    return [pairs[-1], *pairs[1:-1], pairs[0]]


fault = partial(make_fault, family="padding")
call_fault = partial(fault, kinds=NUMERIC_KINDS | {"shape"})

_OF_ZEROS = "padding != 'valid' and padding_mode == 'zeros'"
_NOT_VALID = f"padding != 'valid' and {WINDOWED}"
_SAME = f"padding == 'same' and {WINDOWED}"
padding_fault = partial(fault, applies=_NOT_VALID, needs="any(before or after for before, after in pads)")

_SOME = "any(before or after for before, after in pads)"
_GIVEN = f"padding == 'explicit' and {FORWARD}"
_CAUSAL = (
    "any(d > 1 and k > 1 and p == (reach - 1, 0) for k, d, p, reach in zip(kernel, dilations, pads, span))"
)

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
        name="same-halved-toward-zero",
        sentence="SAME's total not clamped at 0, and half of a negative one rounded toward 0",
        applies=_SAME,
        needs="any(s > reach + 1 for s, reach in zip(strides, span))",
        word="conv_i3_k1_s3_same_iota",
        change=shifted(_cut_toward_zero),
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
        sentence="padding of the first and the last axis exchanged",
        applies=f"rank > 1 and padding != 'valid' and {WINDOWED}",
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
        applies=f"{_OF_ZEROS} and operation != 'transpose' and {WINDOWED}",
        word="conv_i1_k2_same_ones",
        change=_filled_by("replicate"),
    ),
    padding_fault(
        name="padding-reflects",
        sentence="padding with the cells reflected at the edge instead of zeros",
        applies=f"{_OF_ZEROS} and operation != 'transpose' and {WINDOWED}",
        word="conv_i1_k2_same_ones",
        change=_filled_by("reflect"),
    ),
    call_fault(
        name="called-padded-as-first",
        sentence="the first axis's padding used for every axis, and in the output size",
        applies=f"rank > 1 and {_GIVEN}",
        needs="len(set(pads)) > 1 or border",
        word="conv_i1x1_k1x1_p1.0x0.0_ones",
        change=_called_padded(lambda case: own_padding(case)[:1] * case.rank),
    ),
    call_fault(
        name="called-padded-exchanged",
        sentence="padding of the first and the last axis exchanged, and in the output size",
        applies=f"rank > 1 and {_GIVEN}",
        needs="pads[0] != pads[-1] or border",
        word="conv_i1x1_k1x1_p1.0x0.0_ones",
        change=_called_padded(lambda case: _exchanged(own_padding(case))),
    ),
    call_fault(
        name="called-padded-twice",
        sentence="padding applied twice, and in the output size",
        applies=_GIVEN,
        needs=_SOME,
        word="conv_i1_k1_p1.0_ones",
        change=_called_padded(lambda case: [(2 * before, 2 * after) for before, after in own_padding(case)]),
    ),
    call_fault(
        name="called-unpadded",
        sentence="no padding, as in VALID",
        applies=f"padding != 'valid' and {FORWARD}",
        needs=_SOME,
        word="conv_i1_k1_p1.0_ones",
        change=_called_padded(lambda case: [(0, 0)] * case.rank),
    ),
    call_fault(
        name="called-padded-before",
        sentence="padding before the input alone, none after it",
        applies=f"padding != 'valid' and {FORWARD}",
        needs="any(after for before, after in pads)",
        word="conv_i1_k1_p0.1_ones",
        change=_called_padded(lambda case: [(before, 0) for before, _ in own_padding(case)]),
    ),
    call_fault(
        name="called-padded-alike",
        sentence="the padding before the input used after it as well",
        applies=_GIVEN,
        needs="border or any(before != after for before, after in pads)",
        word="conv_i1_k1_p1.0_ones",
        change=_called_padded(lambda case: [(before, before) for before, _ in own_padding(case)]),
    ),
    fault(
        name="causal-padding-not-dilated",
        sentence="causal padding of kernel - 1 cells, where the dilation makes it (kernel - 1) * dilation",
        applies=f"padding == 'explicit' and {WINDOWED}",
        needs=_CAUSAL,
        word="conv_i1_k2_d2_p2.0_ones",
        change=shifted(lambda case: [before for before, _ in _undilated(case)]),
        is_narrow=True,
    ),
    call_fault(
        name="causal-answer-too-short",
        sentence="causal padding of kernel - 1 cells, where the dilation makes it (kernel - 1) * dilation, "
        "and an answer that is shorter by the difference",
        applies=_GIVEN,
        needs=_CAUSAL,
        word="conv_i1_k2_d2_p2.0_ones",
        change=_called_padded(_undilated),
        is_narrow=True,
    ),
)
