"""The strategy that draws whole cases, each argument a narrowing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from itertools import product
from typing import Any, NamedTuple

from hypothesis.strategies import SearchStrategy

from verify.cases.case import Case
from verify.cases.dtypes import FORMATS
from verify.cases.fills import FILLS
from verify.cases.geometry import Axis
from verify.cases.operations import AROUND, OPERATIONS, Operation
from verify.cases.word import DATA_FORMATS, PADDING_MODES, Padding, as_narrowed

from .parts import (
    AXIS_BYTES,
    BORDER_BYTES,
    EPILOGUE_BYTES,
    SEED_BYTES,
    STEPS,
    Row,
    axis_of,
    batch_options,
    border_of,
    channel_options,
    decided,
    epilogue_of,
    seed_of,
)

DTYPES = tuple(
    sorted(FORMATS, key=lambda token: (FORMATS[token].exact_integers, FORMATS[token].accumulator != token))
)
"""Those whose sums are held in the dtype itself first, then the narrower ones, integers last."""
REDUCTIONS = ("short", "long")
DRAWN_FILLS = tuple(fill.name for fill in FILLS.values() if fill.chance)
OFTEN = tuple(name for times in (1, 2) for name, fill in FILLS.items() if fill.chance > times)
"""Fills that reveal the most, or what no other fill reveals."""
LONG = 256
"""Terms whose sum of ones a significand of 8 bits no longer counts."""
SIDES = {1: 24, 2: 12, 3: 7}
KERNELS = {1: 7, 2: 5, 3: 3}

ROW_BYTES = 6 + 3 * AXIS_BYTES + 5 + EPILOGUE_BYTES + BORDER_BYTES + SEED_BYTES + 1
"""What is chosen of a case, its axes, its counts, what is around it, its seed and its data format."""


class Narrowing(NamedTuple):
    """The arguments of `cases`."""

    operations: Sequence[str]
    ranks: Sequence[int]
    dtypes: Sequence[str]
    paddings: Sequence[str]
    fills: Sequence[str]
    around: Sequence[str]
    steps: Sequence[str]
    reductions: Sequence[str]
    data_formats: Sequence[str]
    max_side: int | None
    max_kernel: int | None
    max_stride: int
    max_dilation: int
    max_channels: int | None
    max_groups: int
    max_batch: int | None


def cases(
    *,
    operations: Sequence[str] = tuple(OPERATIONS),
    ranks: Sequence[int] = (1, 2, 3),
    dtypes: Sequence[str] = DTYPES,
    paddings: Sequence[str] = PADDING_MODES,
    fills: Sequence[str] = DRAWN_FILLS,
    around: Sequence[str] = AROUND,
    steps: Sequence[str] = STEPS,
    reductions: Sequence[str] = REDUCTIONS,
    data_formats: Sequence[str] = tuple(DATA_FORMATS),
    max_side: int | None = None,
    max_kernel: int | None = None,
    max_stride: int = 4,
    max_dilation: int = 3,
    max_channels: int | None = None,
    max_groups: int = 4,
    max_batch: int | None = None,
) -> SearchStrategy[Case]:
    """Legal cases of every kind, aimed at the corners where convolutions go wrong.

    Each argument narrows what is drawn. `dtypes` have NumPy's names ("float32"), `paddings` are "same",
    "valid" and "explicit", `data_formats` "channels_last" and "channels_first", or the name that cases have
    for one ("NHWC"), in any case of letters; `steps` say whether strides and dilations may exceed 1 ("plain",
    "strided", "dilated", "both"); where these allow it, `unread` is drawn strided, as only windows that
    skip cells leave some unread. `around` says what may come before and after: "border" and the steps of
    an epilogue, a leaky relu as "leaky"; it may be empty. A reduction that is "long" sums more than 256
    terms, in float16 more than 2,048; it is rarely drawn, and never where `max_channels` or `max_batch` is
    given. Unless given, `max_channels` is 17 and `max_batch` 3, `max_side` is 24, 12 and 7 cells for 1, 2
    and 3 axes and `max_kernel` 7, 5 and 3. Impossible combinations are left out, such as a fill of real
    numbers in int32.
    Shrinks towards `conv_i1_k1_same_ones`: the first of each sequence, sizes of 1, seed 0.
    Raises ValueError for an empty or unknown choice, or for choices that leave no case.
    """
    narrowing = Narrowing(**{name: as_narrowed(name, chosen) for name, chosen in locals().items()})
    _require_known(narrowing)
    choices = _choices(narrowing)
    if not choices:
        raise ValueError("no case has any of these operations, ranks, dtypes and fills together")
    return decided(ROW_BYTES, partial(_case_of, choices=choices, narrowing=narrowing))


def _require_known(narrowing: Narrowing) -> None:
    """Raise ValueError for a choice that is empty or none of the defaults, or a limit below 1."""
    defaults = cases.__kwdefaults__ or {}
    for name, chosen in narrowing._asdict().items():
        if name.startswith("max_"):
            if chosen is not None and chosen < 1:
                raise ValueError(f"{name} is {chosen}; it must be at least 1")
            continue
        unknown = [choice for choice in chosen if choice not in defaults[name]]
        if unknown or not (chosen or name == "around"):
            what = repr(unknown[0]) if unknown else "nothing"
            raise ValueError(f"{name} has {what}; choose from {', '.join(map(str, defaults[name]))}")


Choices = dict[str, dict[int, dict[str, list[str]]]]


def _choices(narrowing: Narrowing) -> Choices:
    """Operation → rank → dtype → the fills that it can have; without entries that have no fill."""
    choices: Choices = {}
    for operation, rank, dtype in product(narrowing.operations, narrowing.ranks, narrowing.dtypes):
        traits, is_whole = OPERATIONS[operation], FORMATS[dtype].exact_integers
        fitting = [
            fill
            for fill in narrowing.fills
            if not (FILLS[fill].needs_unread and traits.input != "source")
            and not (FILLS[fill].needs_floats and is_whole)
        ]
        # Those that reveal the most are drawn more often.
        fitting += [fill for fill in OFTEN if fill in fitting]
        if fitting and rank in traits.ranks:
            choices.setdefault(operation, {}).setdefault(rank, {})[dtype] = fitting
    return choices


def _case_of(row: Row, *, choices: Choices, narrowing: Narrowing) -> Case:
    """The case that a row decides. The order of the decisions is that of the bytes, and must not change."""
    operation = OPERATIONS[row.of(list(choices))]
    rank = row.of(list(choices[operation.name]))
    padding = row.of(narrowing.paddings)
    dtype = row.of(list(choices[operation.name][rank]))
    fill = FILLS[row.of(choices[operation.name][rank][dtype])]
    spatial = _axes_of(row, rank=rank, padding=padding, skips=fill.needs_unread, narrowing=narrowing)
    counts = _counts_of(row, operation=operation, dtype=dtype, spatial=spatial, narrowing=narrowing)
    epilogue = epilogue_of(row, operation=operation.name, dtype=dtype, around=narrowing.around)
    border = border_of(row, rank=rank)
    seed = seed_of(row)
    layouts = narrowing.data_formats
    first = [False] * 6 + [True] if len(layouts) == 2 else [layouts[0] == "channels_first"]
    return Case(
        operation=operation.name,
        size=tuple(axis.size for axis in spatial),
        kernel=tuple(axis.kernel for axis in spatial),
        strides=tuple(axis.stride for axis in spatial),
        dilations=tuple(axis.dilation for axis in spatial),
        **counts,
        border=border if "border" in narrowing.around and operation.takes_border else (),
        padding=_padding(padding, spatial),
        dtype=FORMATS[dtype].dtype,
        channels_first=row.of(first),
        epilogue=() if operation.answer == "filters" and fill.needs_unread else epilogue,
        fill=fill.name,
        seed=seed if fill.is_seeded else 0,
    )


def _axes_of(row: Row, *, rank: int, padding: str, skips: bool, narrowing: Narrowing) -> list[Axis]:
    """The spatial axes; the first leaves cells unread if `skips` asks for it."""
    steps = (*narrowing.steps, *(step for step in ("both", "both") if step in narrowing.steps))
    strided = [step for step in steps if step in ("strided", "both")] or steps
    next_axis = partial(
        axis_of,
        row,
        padding=padding,
        step=row.of(strided if skips else steps),
        max_side=narrowing.max_side or SIDES[rank],
        max_kernel=narrowing.max_kernel or KERNELS[rank],
        max_stride=narrowing.max_stride,
        max_dilation=narrowing.max_dilation,
    )
    return [next_axis(skips=skips and not number) for number in range(3)][:rank]


def _counts_of(
    row: Row, *, operation: Operation, dtype: str, spatial: list[Axis], narrowing: Narrowing
) -> dict[str, Any]:
    """The fields of a case that count what an operation has: its batch, channels, filters and groups."""
    largest = narrowing.max_channels or 17
    multiplier = row.of(range(1, min(3, largest) + 1))
    groups = row.of([1] * 4 + list(range(2, min(narrowing.max_groups, largest) + 1)))
    groups = groups if operation.has_groups else 1
    # A long sum is one more count to choose, so that it shrinks as the others do.
    is_limited = narrowing.max_channels is not None or narrowing.max_batch is not None
    reductions = ("short",) if is_limited else narrowing.reductions
    longest = _longest(operation, dtype, spatial) if "long" in reductions else {}
    options = {
        "channels": channel_options(largest // groups, longest.get("channels")),
        "filters": channel_options(largest // groups, longest.get("filters")),
        "batch": batch_options(narrowing.max_batch or 3, longest.get("batch")),
    }
    if "short" not in reductions:
        options |= {name: [count] for name, count in longest.items()}
    chosen = {name: row.of(counts) for name, counts in options.items()}
    return {
        "batch": chosen["batch"],
        "channels": groups * chosen["channels"],
        "filter_count": groups * chosen["filters"] if operation.has_filters else 1,
        "multiplier": multiplier if operation.has_multiplier else 1,
        "groups": groups,
    }


def _longest(operation: Operation, dtype: str, spatial: list[Axis]) -> dict[str, int]:
    """The count that makes a sum longer than a narrow significand counts, where there is one."""
    form = FORMATS[dtype]
    length = 1 + (2**form.precision if form.accumulator != dtype else LONG)
    match operation.lengthened_by:
        case "batch":
            return {"batch": length // max(math.prod(axis.out for axis in spatial), 1) + 1}
        case "filters":
            return {"filters": length}
        case "channels":
            return {"channels": length // math.prod(axis.kernel for axis in spatial) + 1}
    return {}


def _padding(mode: str, spatial: list[Axis]) -> Padding:
    if mode == "explicit":
        return tuple((axis.before, axis.after) for axis in spatial)
    return "SAME" if mode == "same" else "VALID"
