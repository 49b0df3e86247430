"""The strategy that draws whole cases, each argument a narrowing."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from strategies.parts import STEPS, axes, batches, channel_counts, epilogues, seeds
from verify.case import Case
from verify.dtypes import FORMATS
from verify.geometry import Axis
from verify.word import FILLS, OPERATIONS, SEEDED_FILLS, Padding

DTYPES = ("f32", "f64", "f16", "bf16", "i32")
PADDINGS = ("same", "valid", "explicit")
DRAWN_FILLS = tuple(fill for fill in FILLS if fill != "cs231n")
REAL_FILLS = ("reals", "unread")
SIDES = {1: 24, 2: 12, 3: 7}
KERNELS = {1: 7, 2: 5, 3: 3}


def cases(
    *,
    operations: Sequence[str] = OPERATIONS,
    ranks: Sequence[int] = (1, 2, 3),
    dtypes: Sequence[str] = DTYPES,
    paddings: Sequence[str] = PADDINGS,
    fills: Sequence[str] = DRAWN_FILLS,
    steps: Sequence[str] = STEPS,
    data_formats: Sequence[str] = ("channels_last", "channels_first"),
    max_side: int | None = None,
    max_kernel: int | None = None,
    max_stride: int = 4,
    max_dilation: int = 3,
    max_channels: int = 17,
    max_groups: int = 4,
    max_batch: int = 3,
) -> SearchStrategy[Case]:
    """Legal cases of every kind, aimed at the corners where convolutions go wrong.

    Each argument narrows what is drawn. `dtypes` are tokens ("f32"), `paddings` are "same",
    "valid" and "explicit", `steps` say whether strides and dilations may exceed 1 ("plain",
    "strided", "dilated", "both"); where these allow it, `unread` is drawn strided, as only windows that
    skip cells leave some unread. `max_side` is 24, 12 and 7 cells for 1, 2 and 3 axes and
    `max_kernel` 7, 5 and 3 unless given. A dtype that none of the `fills` can fill is not drawn.
    Shrinks towards `conv_i1_k1_same_ones`: the first of each sequence, sizes of 1, seed 0.
    Raises ValueError for an empty or unknown choice.
    """
    choices = {
        "operations": (operations, OPERATIONS),
        "ranks": (ranks, (1, 2, 3)),
        "dtypes": (dtypes, DTYPES),
        "paddings": (paddings, PADDINGS),
        "fills": (fills, DRAWN_FILLS),
        "steps": (steps, STEPS),
        "data_formats": (data_formats, ("channels_last", "channels_first")),
    }
    for name, (chosen, known) in choices.items():
        unknown = [each for each in chosen if each not in known]
        if unknown or not chosen:
            what = repr(unknown[0]) if unknown else "nothing"
            raise ValueError(f"{name} has {what}; choose from {', '.join(map(str, known))}")
    limits = {
        "max_side": max_side,
        "max_kernel": max_kernel,
        "max_stride": max_stride,
        "max_dilation": max_dilation,
        "max_channels": max_channels,
        "max_groups": max_groups,
        "max_batch": max_batch,
    }
    for name, limit in limits.items():
        if limit is not None and limit < 1:
            raise ValueError(f"{name} is {limit}; it must be at least 1")
    fillable = [dtype for dtype in dtypes if dtype != "i32" or set(fills) - set(REAL_FILLS)]
    if not fillable:
        raise ValueError(f"none of the fills {', '.join(fills)} can fill i32")
    return _cases(
        operations=st.sampled_from(operations),
        ranks=st.sampled_from(ranks),
        dtypes=st.sampled_from(fillable),
        paddings=st.sampled_from(paddings),
        fills=tuple(fills),
        steps=st.sampled_from(steps),
        strided=st.sampled_from([step for step in steps if step in ("strided", "both")] or steps),
        first=st.sampled_from([False] * 9 + [True])
        if len(data_formats) == 2
        else st.just(data_formats[0] == "channels_first"),
        max_side=max_side,
        max_kernel=max_kernel,
        max_stride=max_stride,
        max_dilation=max_dilation,
        max_channels=max_channels,
        groups=st.sampled_from([1] * 6 + list(range(2, min(max_groups, max_channels) + 1))),
        batches=batches(max_batch),
    )


@st.composite
def _cases(
    draw: DrawFn,
    *,
    operations: SearchStrategy[str],
    ranks: SearchStrategy[int],
    dtypes: SearchStrategy[str],
    paddings: SearchStrategy[str],
    fills: tuple[str, ...],
    steps: SearchStrategy[str],
    strided: SearchStrategy[str],
    first: SearchStrategy[bool],
    max_side: int | None,
    max_kernel: int | None,
    max_stride: int,
    max_dilation: int,
    max_channels: int,
    groups: SearchStrategy[int],
    batches: SearchStrategy[int],
) -> Case:
    operation, rank = draw(operations), draw(ranks)
    padding = draw(paddings)
    dtype = draw(dtypes)
    fill = draw(st.sampled_from([f for f in fills if dtype != "i32" or f not in REAL_FILLS]))
    step = draw(strided if fill == "unread" else steps)
    each = partial(
        axes,
        padding=padding,
        step=step,
        max_side=max_side or SIDES[rank],
        max_kernel=max_kernel or KERNELS[rank],
        max_stride=max_stride,
        max_dilation=max_dilation,
    )
    spatial = [draw(each(skips=fill == "unread" and not number)) for number in range(rank)]
    group = draw(groups)
    counts = channel_counts(max_channels // group)
    return Case(
        operation=operation,
        batch=draw(batches),
        size=tuple(axis.size for axis in spatial),
        channels=group * draw(counts),
        kernel=tuple(axis.kernel for axis in spatial),
        filter_count=group * draw(counts),
        strides=tuple(axis.stride for axis in spatial),
        dilations=tuple(axis.dilation for axis in spatial),
        groups=group,
        padding=_padding(padding, spatial),
        dtype=FORMATS[dtype].dtype,
        channels_first=draw(first),
        epilogue=draw(epilogues()),
        fill=fill,
        seed=draw(seeds()) if fill in SEEDED_FILLS else 0,
    )


def _padding(mode: str, spatial: list[Axis]) -> Padding:
    if mode == "explicit":
        return tuple((axis.before, axis.after) for axis in spatial)
    return "SAME" if mode == "same" else "VALID"
