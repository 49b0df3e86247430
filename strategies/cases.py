"""The strategy that draws whole cases, each argument a narrowing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import Any

from hypothesis.strategies import SearchStrategy

from strategies.parts import (
    AXIS_BYTES,
    BORDER_BYTES,
    EPILOGUE_BYTES,
    SEED_BYTES,
    STEPS,
    axis_of,
    batch_options,
    border_of,
    channel_options,
    epilogue_of,
    seed_of,
)
from strategies.row import Row, decided
from verify.cases.case import DEPTHWISE, Case
from verify.cases.dtypes import FORMATS
from verify.cases.geometry import Axis
from verify.cases.word import AROUND, OPERATIONS, SEEDED_FILLS, Padding

DTYPES = ("f32", "f64", "f16", "bf16", "i32")
PADDINGS = ("same", "valid", "explicit")
REDUCTIONS = ("short", "long")
DRAWN_FILLS = ("ones", "iota", "impulse", "ints", "dyadic", "coded", "reals", "nonfinite", "unread")
"""Every fill but the lecture's, the simple ones first and those last that some cases cannot have."""
OFTEN = ("ints", "dyadic", "coded", "reals", "nonfinite", "unread", "dyadic")
"""Fills that show the most, or what no other shows."""
REAL_FILLS = ("reals", "unread", "nonfinite")
LONG = {"bf16": 257, "f16": 2049}
"""Terms whose sum of ones a significand of 8 and of 11 bits no longer counts."""
SIDES = {1: 24, 2: 12, 3: 7}
KERNELS = {1: 7, 2: 5, 3: 3}

ROW_BYTES = 6 + 3 * AXIS_BYTES + 5 + EPILOGUE_BYTES + BORDER_BYTES + SEED_BYTES + 1
"""What is chosen of a case, its axes, its counts, what is around it, its seed and its data format."""


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
    return decided(
        ROW_BYTES,
        partial(
            _case_of,
            choice=choice,
            around=tuple(around),
            paddings=tuple(paddings),
            reductions=tuple(reductions) if max_channels is None and max_batch is None else ("short",),
            steps=(*steps, *(step for step in ("both", "both") if step in steps)),
            first=[False] * 6 + [True] if len(data_formats) == 2 else [data_formats[0] == "channels_first"],
            max_side=max_side,
            max_kernel=max_kernel,
            max_stride=max_stride,
            max_dilation=max_dilation,
            max_channels=max_channels or 17,
            max_groups=max_groups,
            max_batch=max_batch or 3,
        ),
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
                # Those that show the most are drawn more often.
                having += [fill for fill in OFTEN if fill in having]
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


def _case_of(
    row: Row,
    *,
    choice: Choice,
    around: tuple[str, ...],
    paddings: tuple[str, ...],
    reductions: tuple[str, ...],
    steps: tuple[str, ...],
    first: list[bool],
    max_side: int | None,
    max_kernel: int | None,
    max_stride: int,
    max_dilation: int,
    max_channels: int,
    max_groups: int,
    max_batch: int,
) -> Case:
    operation = row.of(list(choice))
    rank = row.of(list(choice[operation]))
    padding = row.of(paddings)
    dtype = row.of(list(choice[operation][rank]))
    fill = row.of(choice[operation][rank][dtype])
    strided = [step for step in steps if step in ("strided", "both")] or steps
    step = row.of(strided if fill == "unread" else steps)
    each = partial(
        axis_of,
        padding=padding,
        step=step,
        max_side=max_side or SIDES[rank],
        max_kernel=max_kernel or KERNELS[rank],
        max_stride=max_stride,
        max_dilation=max_dilation,
    )
    spatial = [each(row, skips=fill == "unread" and not number) for number in range(3)][:rank]
    multiplier = row.of(range(1, min(3, max_channels) + 1))
    group = row.of([1] * 4 + list(range(2, min(max_groups, max_channels) + 1)))
    group = 1 if operation in DEPTHWISE else group
    # A long sum is one more count to choose, so that it shrinks as the others do.
    longest = _longest(operation, dtype, spatial) if "long" in reductions else {}
    counts = {
        "channels": channel_options(max_channels // group, longest.get("channels")),
        "filters": channel_options(max_channels // group, longest.get("filters")),
        "batch": batch_options(max_batch, longest.get("batch")),
    }
    if "short" not in reductions:
        counts |= {name: [count] for name, count in longest.items()}
    channels, filters, batch = (row.of(options) for options in counts.values())
    epilogue = epilogue_of(row, operation=operation, dtype=dtype, steps=around)
    border = border_of(row, rank=rank)
    seed = seed_of(row)
    return Case(
        operation=operation,
        batch=batch,
        size=tuple(axis.size for axis in spatial),
        kernel=tuple(axis.kernel for axis in spatial),
        strides=tuple(axis.stride for axis in spatial),
        dilations=tuple(axis.dilation for axis in spatial),
        **_counts(operation, channels=channels, filters=filters, multiplier=multiplier, group=group),
        border=border if "border" in around and operation in ("conv", "depthwise") else (),
        padding=_padding(padding, spatial),
        dtype=FORMATS[dtype].dtype,
        channels_first=row.of(first),
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
