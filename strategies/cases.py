"""The strategy that draws whole cases, each argument a narrowing."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from operator import itemgetter
from types import MappingProxyType
from typing import Any

from hypothesis.strategies import SearchStrategy

from verify.cases.case import Case
from verify.cases.domain import BOUNDS, DATA_FORMATS, EVERY_CASE, LISTS, RANKS, Domain
from verify.cases.dtypes import DTYPES as EVERY_DTYPE
from verify.cases.dtypes import FORMATS, QUANTISED
from verify.cases.fills import FILLS
from verify.cases.geometry import Axis
from verify.cases.modes import PADDING_MODES, ZEROS
from verify.cases.narrowings import DILATED, DRAWN_FILLS, REDUCTIONS, STEPS, STRIDED, checked
from verify.cases.operations import AROUND, OPERATIONS, Operation
from verify.cases.regions import regions as all_regions
from verify.cases.shards import ALL, Shard
from verify.cases.trimming import BELOW_DILATION, BELOW_STRIDE, OUTPUT_PADDINGS
from verify.cases.weights import OWN, WEIGHTS
from verify.cases.word import PADDINGS

from .inside import Inside
from .memory import MEMORY_BYTES, memory_of
from .narrowed import Narrowing, longest
from .parts import (
    AXIS_BYTES,
    BORDER_BYTES,
    EPILOGUE_BYTES,
    MODE_BYTES,
    SEED_BYTES,
    Row,
    axis_of,
    batch_options,
    border_of,
    channel_options,
    decided,
    epilogue_of,
    seed_of,
)
from .plans import Plan, padded_alike
from .quantising import QUANTISED_BYTES, quantisations
from .regional import fields_of
from .trimming import TRIMMED_BYTES, can_be_trimmed, trimmed_alike
from .weighing import WEIGHTS_BYTES, weighed

DTYPES = tuple(
    sorted(FORMATS, key=lambda token: (FORMATS[token].exact_integers, FORMATS[token].accumulator != token))
)
"""Those whose sums are held in the dtype itself first, then the narrower ones, integers last."""
SIDES = {1: 24, 2: 12, 3: 7}
KERNELS = {1: 7, 2: 5, 3: 3}

ROW_BYTES = 10 + 3 * AXIS_BYTES + 5 + EPILOGUE_BYTES + BORDER_BYTES + SEED_BYTES
"""What is chosen of a case, its axes, its counts, what is around it and its seed."""

NO_CASE = "no case has any of these operations, ranks, dtypes and fills together"
OF_DILATED = f": an output padding {BELOW_DILATION} is of a transpose with a dilation above 1"


def cases(
    *,
    operations: Sequence[str] = tuple(OPERATIONS),
    ranks: Sequence[int] = RANKS,
    dtypes: Sequence[str] = DTYPES,
    paddings: Sequence[str] = PADDINGS,
    padding_modes: Sequence[str] = (ZEROS,),
    output_paddings: Sequence[str] = BELOW_STRIDE,
    weight_dtypes: Sequence[str] = (OWN,),
    fills: Sequence[str] = DRAWN_FILLS,
    around: Sequence[str] = AROUND,
    views: Sequence[str] = (),
    steps: Sequence[str] = STEPS,
    reductions: Sequence[str] = REDUCTIONS,
    data_formats: Sequence[str] = DATA_FORMATS,
    regions: Sequence[str] | None = None,
    max_side: int | None = None,
    max_kernel: int | None = None,
    max_stride: int | None = None,
    max_dilation: int | None = None,
    max_channels: int | None = None,
    max_groups: int | None = None,
    max_batch: int | None = None,
) -> SearchStrategy[Case]:
    """Legal cases of every kind but quantised ones, aimed at the corners where convolutions go wrong.

    Two thirds of them are drawn inside a region, a part of the space that libraries treat by a kernel of its
    own (`verify/cases/regions.toml`), a third anywhere; with `regions`, all of them inside one of these.

    Each argument narrows what is drawn. `dtypes` have NumPy's names ("float32"); of "int8", "uint8" and
    "int16" quantised cases are drawn, only where they are named. `paddings` are "same",
    "valid" and "explicit"; of `padding_modes` but "zeros" and of `weight_dtypes` but "own" cases are drawn
    only where they are named, and of `output_paddings` but "below-stride" transposes with an output padding
    of "below-dilation", as PyTorch takes it, or of "any" size;
    `data_formats` "channels_last" and "channels_first", or as a case says them
    ("SAME", "NHWC"), in any case of letters. `steps` say whether strides and dilations may exceed 1 ("plain",
    "strided", "dilated", "both"); where these allow it, `unread` is drawn strided, as only windows that
    skip cells leave some unread. `around` says what may come before and after: "border" and the steps of
    an epilogue, a leaky relu as "leaky"; it may be empty. `views` are layouts of operands that are not
    C-contiguous, by default none. A reduction that is "long" sums more than 256
    terms, in float16 more than 2,048; it is rarely drawn, and never where `max_channels` or `max_batch` is
    given. Outside regions and unless given, `max_channels` is 17 and `max_batch` 3, `max_side` is 24, 12
    and 7 cells for 1, 2 and 3 axes and `max_kernel` 7, 5 and 3, `max_stride` 4 and `max_dilation` 3, and
    `max_groups` 4, or as many as there are channels. What cannot go together is left out, such as a fill of
    real numbers in int32.
    Shrinks towards `conv_i1_k1_same_ones`: the first of each sequence, sizes of 1, seed 0.
    Raises ValueError for an empty or unknown choice, or for choices that leave no case.
    """
    return cases_by_way({"": EVERY_CASE}, **locals()).map(itemgetter(1))


def cases_by_way(
    domains: Mapping[str, Domain],
    *,
    thrown: Counter[str] | None = None,
    is_aimed: bool = True,
    shard: Shard = ALL,
    **narrowings: Any,
) -> SearchStrategy[tuple[str, Case]]:
    """Pairs of a way and a case inside its domain: each operation is drawn as often, and each way of one.

    `domains` has the domain of each way by its name; the narrowings are those of `cases`. Shrinks towards
    the first way. `thrown` counts what was "drawn", what of that a condition has "thrown" away, and what was
    "unjudged", in place of which a plainer case may be drawn. One that is not aimed draws no case in a region
    unless regions are given; one of a shard draws those of its regions, unless regions are given.
    Raises ValueError as `cases` does.
    """
    given = checked(narrowings)
    usual = {**USUAL, **given}
    most = {name: usual[name] for name in BOUNDS}
    listed = usual["regions"]
    narrowing = Narrowing(
        fills=usual["fills"],
        steps=usual["steps"],
        reductions=usual["reductions"],
        most=most,
        regions=shard.dealt(tuple(all_regions()) if is_aimed else ()) if listed is None else tuple(listed),
        is_whole=listed is None,
    )
    plans = plans_of(domains, narrowing, given)
    if not plans:
        raise ValueError(f"{NO_CASE}{OF_DILATED if given.get('output_paddings') == [BELOW_DILATION] else ''}")
    counts = Counter() if thrown is None else thrown
    has_quantised = any(
        not QUANTISED.keys().isdisjoint(plan.space.dtypes)
        for ways in plans.values()
        for plan, _ in ways.values()
    )
    has_views = any(plan.space.views for ways in plans.values() for plan, _ in ways.values())
    has_weights = any(plan.has_weights for ways in plans.values() for plan, _ in ways.values())
    has_modes = any(plan.has_modes for ways in plans.values() for plan, _ in ways.values())
    has_trimmed = any(plan.has_trimmed for ways in plans.values() for plan, _ in ways.values())
    more = (MODE_BYTES * has_modes, TRIMMED_BYTES * has_trimmed, WEIGHTS_BYTES * has_weights)
    length = ROW_BYTES + sum(more) + QUANTISED_BYTES * has_quantised + MEMORY_BYTES * has_views
    drawn = decided(length, partial(_drawn, plans=plans, narrowing=narrowing, counts=counts))
    return drawn.filter(itemgetter(1))  # type: ignore[return-value]


Plans = Mapping[str, Mapping[str, tuple[Plan, Inside]]]
"""Operation → way → what can be drawn of it, and of that in regions."""


def plans_of(domains: Mapping[str, Domain], narrowing: Narrowing, given: Mapping[str, Any]) -> Plans:
    """The plans that have a case, of each way of each operation."""
    plans: dict[str, dict[str, tuple[Plan, Inside]]] = {}
    usual = {**USUAL, **given}
    lists = {name: usual[name] for name in (*LISTS, *given) if name != "views" or name in given}
    for way, domain in domains.items():
        inside = domain.narrowed(lists)
        for operation in inside.spaces:
            plan, fills_of = Plan(operation, inside, narrowing.steps), narrowing.fills_of
            if (
                any(fills_of(operation, dtype, plan.space.weight_dtypes) for dtype in plan.space.dtypes)
                and plan.open()
                and narrowing.may_skip(plan)
                and (not plan.has_trimmed or can_be_trimmed(plan.space, narrowing.steps))
            ):
                regional = Inside(plan, narrowing)
                if narrowing.is_whole or not regional.is_empty:
                    plans.setdefault(operation, {})[way] = plan, regional
    return plans


USUAL: Mapping[str, Any] = MappingProxyType(
    {
        **(cases.__kwdefaults__ or {}),
        "dtypes": (*DTYPES, *QUANTISED),
        "padding_modes": PADDING_MODES,
        "output_paddings": OUTPUT_PADDINGS,
        "weight_dtypes": WEIGHTS,
        "max_stride": 4,
        "max_dilation": 3,
    }
)
"""What is drawn unless it is narrowed."""


def _drawn(row: Row, *, plans: Plans, narrowing: Narrowing, counts: Counter[str]) -> tuple[str, Case | None]:
    """The way and the case that a row decides; no case where none is inside."""
    ways = plans[row.of(list(plans))]
    way = row.of(list(ways))
    plan, inside = ways[way]
    anywhere = -(-len(inside.weighed) // 2) if narrowing.is_whole else 0
    place = row.of(range(anywhere + len(inside.weighed) or 1)) - anywhere
    region = inside.opened(place) if place >= 0 else None
    rest = row.rest()
    made = inside.drawn(row, region) if region else None
    made = made and _finished(made, row, plan)
    case = inside.near(made, region) if region and made else None
    if case is None and narrowing.is_whole:
        made = _case_of(rest, plan=plan, narrowing=narrowing)
        made = made and _finished(made, row, plan)
        case = made and plan.inside(made)
    counts["drawn"] += 1
    counts["thrown"] += case is None
    counts["unjudged"] += made is not None and case is not made and plan.is_unjudged(made)
    return way, case and _laid_out(case, row, plan)


def _finished(case: Case, row: Row, plan: Plan) -> Case | None:
    """A case with what the end of a row decides: its scales, weights, mode of padding, windows that lack."""
    made = _weighed(_quantised(case, row, plan), row, plan)
    return made and _padded(made, row, plan)


def _weighed(case: Case, row: Row, plan: Plan) -> Case | None:
    """A case with its filters kept as the place before the last ones decides, or as is inside, if any is."""
    if not plan.has_weights:
        return case
    turn = row.last(WEIGHTS_BYTES + MEMORY_BYTES * bool(plan.space.views)).byte()
    other = case if OWN in plan.space.weight_dtypes else None
    return next(filter(plan.holds, weighed(case, plan.space.weight_dtypes, turn)), other)


def _laid_out(case: Case, row: Row, plan: Plan) -> Case:
    """A case with its operands as the last bytes of a row decide, where a subject takes views."""
    if not plan.space.views or case.is_large:
        return case
    laid = case.copied(memory=memory_of(case, row.last(MEMORY_BYTES), plan.space.views))
    return laid if plan.holds(laid) else case


def _quantised(case: Case, row: Row, plan: Plan) -> Case:
    """A quantised case with the first scales and zero points that a row decides by which it is inside."""
    if not case.format.is_quantised:
        return case
    last = row.last(QUANTISED_BYTES + MEMORY_BYTES * bool(plan.space.views))
    return next(filter(plan.holds, quantisations(case, last)), case)


def _padded(case: Case, row: Row, plan: Plan) -> Case | None:
    """A case with the mode of padding that a row decides, or the next that it may have in the plan.

    Of a transpose, also with the windows that a row decides that its input lacks.
    """
    modes = plan.space.padding_modes
    if not (plan.has_modes or plan.has_trimmed):
        return case
    more = row.beyond(ROW_BYTES)
    if plan.has_modes:
        turn = more.byte() % len(modes)
        alike = next(filter(plan.holds, padded_alike(case, modes[turn:] + modes[:turn])), None)
        if alike is None:
            return None
        case = alike
    return trimmed_alike(case, more, plan) if plan.has_trimmed else case


def _case_of(row: Row, *, plan: Plan, narrowing: Narrowing) -> Case | None:
    """The case that a row decides, or None where no dtype has a fill.

    The order of the decisions is that of the bytes, and stays as it is.
    """
    operation, space = plan.operation, plan.space
    fills_of = partial(narrowing.fills_of, operation.name, weights=space.weight_dtypes)
    rank = row.of(plan.open())
    padding = row.of(plan.open((rank,)))
    dtypes = [token for token in plan.open((rank, padding)) if fills_of(token)]
    if not dtypes:
        return None
    dtype = row.of(dtypes)
    fill = FILLS[row.of(fills_of(dtype))]
    formats = plan.open((rank, padding, dtype))
    data_format = row.of([formats[0]] * 6 + list(formats[1:]))
    made = (rank, padding, dtype, data_format)
    most = narrowing.bounds_in(space)
    step = row.of(_steps_of(plan.open(made), skips=fill.needs_unread, max_stride=most["max_stride"]))
    groupings = plan.open((*made, step))
    grouping = row.of([name for name in groupings for _ in range(4 if name == "one" else 2)])
    spatial = _axes_of(row, rank=rank, padding=padding, step=step, skips=fill.needs_unread, most=most)
    counts = _counts_of(
        row,
        operation=operation,
        dtype=dtype,
        spatial=spatial,
        grouping=grouping,
        most=most,
        reductions=narrowing.reductions,
    )
    epilogue = epilogue_of(row, operation=operation.name, dtype=dtype, around=space.around)
    border = border_of(row, rank=rank)
    seed, is_quantised = seed_of(row), EVERY_DTYPE[dtype].is_quantised
    return Case(
        operation=operation.name,
        **fields_of(padding, spatial),
        **counts,
        border=border if "border" in space.around and operation.takes_border and not is_quantised else (),
        dtype=EVERY_DTYPE[dtype].dtype,
        channels_first=data_format == "channels_first",
        epilogue=() if operation.answer == "filters" and fill.needs_unread else epilogue,
        fill=fill.name,
        seed=seed if fill.is_seeded else 0,
    )


def _steps_of(steps: Sequence[str], *, skips: bool, max_stride: int | None) -> Sequence[str]:
    """The steps that are drawn of those that are open, "both" more often; strided ones to skip cells.

    Where none of these is, only dilated windows skip some.
    """
    weighed = (*steps, *(step for step in ("both", "both") if step in steps))
    strided = [step for step in weighed if step in STRIDED and max_stride != 1]
    return strided or [step for step in weighed if step in DILATED] or weighed if skips else weighed


def _axes_of(
    row: Row, *, rank: int, padding: str, step: str, skips: bool, most: Mapping[str, int | None]
) -> list[Axis]:
    """The spatial axes; the first leaves cells unread where they are to skip some."""
    next_axis = partial(
        axis_of,
        row,
        padding=padding,
        step=step,
        max_side=most["max_side"] or SIDES[rank],
        max_kernel=most["max_kernel"] or KERNELS[rank],
        max_stride=most["max_stride"] or 1,
        max_dilation=most["max_dilation"] or 1,
    )
    return [next_axis(skips=skips and not number) for number in range(3)][:rank]


def _counts_of(
    row: Row,
    *,
    operation: Operation,
    dtype: str,
    spatial: list[Axis],
    grouping: str,
    most: Mapping[str, int | None],
    reductions: Sequence[str],
) -> dict[str, Any]:
    """The fields of a case that count what an operation has: its batch, channels, filters and groups."""
    largest = most["max_channels"] or 17
    multiplier = row.of(range(1, min(3, largest) + 1))
    some = row.of(range(2, max(min(most["max_groups"] or 4, largest), 2) + 1))
    groups = some if grouping == "some" else 1
    # A long sum is one more count to choose, so that it shrinks as the others do.
    is_limited = most["max_channels"] is not None or most["max_batch"] is not None
    reductions = ("short",) if is_limited else reductions
    lengths = _lengthened(operation, dtype, spatial) if "long" in reductions else {}
    options = {
        "channels": channel_options(largest // groups, lengths.get("channels")),
        "filters": channel_options(largest // groups, lengths.get("filters")),
        "batch": batch_options(most["max_batch"] or 3, lengths.get("batch")),
    }
    if "short" not in reductions:
        options |= {name: [count] for name, count in lengths.items()}
    chosen = {name: row.of(counts) for name, counts in options.items()}
    if grouping == "each" and "short" in reductions:
        groups = min(chosen["channels"], most["max_groups"] or largest)
        chosen["channels"], chosen["filters"] = 1, min(chosen["filters"], max(largest // groups, 1))
    return {
        "batch": chosen["batch"],
        "channels": groups * chosen["channels"],
        "filter_count": groups * chosen["filters"] if operation.has_filters else 1,
        "multiplier": multiplier if operation.has_multiplier else 1,
        "groups": groups,
    }


def _lengthened(operation: Operation, dtype: str, spatial: list[Axis]) -> dict[str, int]:
    """The count that makes a sum longer than a narrow significand counts, where there is one."""
    length = longest(dtype)
    match operation.lengthened_by:
        case "batch":
            return {"batch": length // max(math.prod(axis.out for axis in spatial), 1) + 1}
        case "filters":
            return {"filters": length}
        case "channels":
            return {"channels": length // math.prod(axis.kernel for axis in spatial) + 1}
    return {}
