"""The strategy that draws whole cases, each argument a narrowing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from strategies.parts import STEPS, axes, batches, borders, channel_counts, epilogues, seeds
from verify.case import DEPTHWISE, Case
from verify.dtypes import FORMATS
from verify.geometry import Axis
from verify.word import AROUND, OPERATIONS, SEEDED_FILLS, Padding

DTYPES = ("f32", "f64", "f16", "bf16", "i32")
PADDINGS = ("same", "valid", "explicit")
REDUCTIONS = ("short", "long")
DRAWN_FILLS = ("ones", "iota", "impulse", "ints", "dyadic", "coded", "reals", "nonfinite", "unread")
"""Every fill but the lecture's, the simple ones first and those last that some cases cannot have."""
REAL_FILLS = ("reals", "unread", "nonfinite")
LONG = {"bf16": 257, "f16": 2049}
"""Terms whose sum of ones a significand of 8 and of 11 bits no longer counts."""
SIDES = {1: 24, 2: 12, 3: 7}
KERNELS = {1: 7, 2: 5, 3: 3}


def cases(
    *,
    operations: Sequence[str] = OPERATIONS,
    ranks: Sequence[int] = (1, 2, 3),
    dtypes: Sequence[str] = DTYPES,
    paddings: Sequence[str] = PADDINGS,
    fills: Sequence[str] = DRAWN_FILLS,
    around: Sequence[str] = AROUND,
    steps: Sequence[str] = STEPS,
    reductions: Sequence[str] = REDUCTIONS,
    data_formats: Sequence[str] = ("channels_last", "channels_first"),
    max_side: int | None = None,
    max_kernel: int | None = None,
    max_stride: int = 4,
    max_dilation: int = 3,
    max_channels: int | None = None,
    max_groups: int = 4,
    max_batch: int | None = None,
) -> SearchStrategy[Case]:
    """Legal cases of every kind, aimed at the corners where convolutions go wrong.

    Each argument narrows what is drawn. `dtypes` are tokens ("f32"), `paddings` are "same",
    "valid" and "explicit", `steps` say whether strides and dilations may exceed 1 ("plain",
    "strided", "dilated", "both"); where these allow it, `unread` is drawn strided, as only windows that
    skip cells leave some unread. `around` says what may come before and after: "border" and the steps of
    an epilogue, a leaky relu as "leaky"; it may be empty. A reduction that is "long" sums more than 256
    terms, in f16 more than 2,048; it is seldom drawn, and never where `max_channels` or `max_batch` is
    given. Unless given, `max_channels` is 17 and `max_batch` 3, `max_side` is 24, 12 and 7 cells for 1, 2
    and 3 axes and `max_kernel` 7, 5 and 3. What cannot go together is left out, such as a fill of real
    numbers in i32.
    Shrinks towards `conv_i1_k1_same_ones`: the first of each sequence, sizes of 1, seed 0.
    Raises ValueError for an empty or unknown choice, or for choices that leave no case.
    """
    choices = {
        "operations": (operations, OPERATIONS),
        "ranks": (ranks, (1, 2, 3)),
        "dtypes": (dtypes, DTYPES),
        "paddings": (paddings, PADDINGS),
        "fills": (fills, DRAWN_FILLS),
        "around": (around or AROUND, AROUND),
        "steps": (steps, STEPS),
        "reductions": (reductions, REDUCTIONS),
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
    choice = _choices(operations, ranks, dtypes, fills)
    if not choice:
        raise ValueError("no case has any of these operations, ranks, dtypes and fills together")
    return _cases(
        choice=choice,
        around=tuple(around),
        paddings=st.sampled_from(paddings),
        reductions=tuple(reductions) if max_channels is None and max_batch is None else ("short",),
        steps=st.sampled_from(steps),
        strided=st.sampled_from([step for step in steps if step in ("strided", "both")] or steps),
        first=st.sampled_from([False] * 6 + [True])
        if len(data_formats) == 2
        else st.just(data_formats[0] == "channels_first"),
        max_side=max_side,
        max_kernel=max_kernel,
        max_stride=max_stride,
        max_dilation=max_dilation,
        max_channels=max_channels or 17,
        multipliers=st.sampled_from(range(1, min(3, max_channels or 17) + 1)),
        groups=st.sampled_from([1] * 6 + list(range(2, min(max_groups, max_channels or 17) + 1))),
        max_batch=max_batch or 3,
    )


Choice = dict[str, dict[int, dict[str, list[str]]]]


def _choices(
    operations: Sequence[str], ranks: Sequence[int], dtypes: Sequence[str], fills: Sequence[str]
) -> Choice:
    """Operation → rank → dtype → the fills that it can have, without what leaves nothing."""
    choice: Choice = {}
    for operation in operations:
        for rank in ranks:
            for dtype in dtypes:
                having = [fill for fill in fills if _fit(operation, rank, dtype, fill)]
                if "dyadic" in having:
                    having.append("dyadic")  # the one that shows what precision was lost
                if having:
                    choice.setdefault(operation, {}).setdefault(rank, {})[dtype] = having
    return choice


def _fit(operation: str, rank: int, dtype: str, fill: str) -> bool:
    """Whether there are cases of these together."""
    return not (
        (operation in DEPTHWISE and rank == 3)
        or (operation == "transpose" and fill == "unread")
        or (dtype == "i32" and fill in REAL_FILLS)
    )


@st.composite
def _cases(
    draw: DrawFn,
    *,
    choice: Choice,
    around: tuple[str, ...],
    paddings: SearchStrategy[str],
    reductions: tuple[str, ...],
    steps: SearchStrategy[str],
    strided: SearchStrategy[str],
    first: SearchStrategy[bool],
    max_side: int | None,
    max_kernel: int | None,
    max_stride: int,
    max_dilation: int,
    max_channels: int,
    multipliers: SearchStrategy[int],
    groups: SearchStrategy[int],
    max_batch: int,
) -> Case:
    operation = draw(st.sampled_from(list(choice)))
    rank = draw(st.sampled_from(list(choice[operation])))
    padding = draw(paddings)
    dtype = draw(st.sampled_from(list(choice[operation][rank])))
    fill = draw(st.sampled_from(choice[operation][rank][dtype]))
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
    # Every operation and fill draws the same numbers, used or not: what draws fewer is smaller to Hypothesis.
    multiplier = draw(multipliers if operation in DEPTHWISE else groups)
    group = 1 if operation in DEPTHWISE else multiplier
    # A long sum is one more count to choose, so that it shrinks as the others do.
    longest = _longest(operation, dtype, spatial) if "long" in reductions else {}
    counts: dict[str, SearchStrategy[int]] = {
        "channels": channel_counts(max_channels // group, long=longest.get("channels")),
        "filters": channel_counts(max_channels // group, long=longest.get("filters")),
        "batch": batches(max_batch, long=longest.get("batch")),
    }
    if "short" not in reductions:
        counts |= {name: st.just(count) for name, count in longest.items()}
    channels, filters, batch = (draw(count) for count in counts.values())
    epilogue = draw(epilogues(operation, dtype, around))
    border = draw(borders(rank)) if "border" in around else ()
    seed = draw(seeds())
    return Case(
        operation=operation,
        batch=batch,
        size=tuple(axis.size for axis in spatial),
        kernel=tuple(axis.kernel for axis in spatial),
        strides=tuple(axis.stride for axis in spatial),
        dilations=tuple(axis.dilation for axis in spatial),
        **_counts(operation, channels=channels, filters=filters, multiplier=multiplier, group=group),
        border=border if operation in ("conv", "depthwise") else (),
        padding=_padding(padding, spatial),
        dtype=FORMATS[dtype].dtype,
        channels_first=draw(first),
        epilogue=() if operation == "filtergrad" and fill == "unread" else epilogue,
        fill=fill,
        seed=seed if fill in SEEDED_FILLS else 0,
    )


def _longest(operation: str, dtype: str, spatial: list[Axis]) -> dict[str, int]:
    """The count that makes a sum longer than a narrow significand counts, where there is one."""
    length = LONG.get(dtype, LONG["bf16"])
    match operation:
        case "depthwise":
            return {}
        case "filtergrad":
            return {"batch": length // max(math.prod(axis.out for axis in spatial), 1) + 1}
        case "transpose":
            return {"filters": length}
    return {"channels": length // math.prod(axis.kernel for axis in spatial) + 1}


def _counts(operation: str, *, channels: int, filters: int, multiplier: int, group: int) -> dict[str, Any]:
    """Those of channels, filters, multiplier and groups that an operation has."""
    match operation:
        case "depthwise":
            return {"channels": channels, "multiplier": multiplier}
        case "separable":
            return {"channels": channels, "multiplier": multiplier, "filter_count": filters}
    return {"channels": group * channels, "filter_count": group * filters, "groups": group}


def _padding(mode: str, spatial: list[Axis]) -> Padding:
    if mode == "explicit":
        return tuple((axis.before, axis.after) for axis in spatial)
    return "SAME" if mode == "same" else "VALID"
