"""Cases inside a region: each number from the options that the region has, as far as a domain has them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cache, cached_property
from itertools import chain
from random import Random
from typing import Any, TypeVar

from verify.cases.case import Case
from verify.cases.dtypes import FORMATS
from verify.cases.fills import FILLS
from verify.cases.geometry import Axis, dilated, same_padding
from verify.cases.operations import Operation
from verify.cases.regions import (
    MOST_PRODUCTS,
    Draws,
    Formula,
    Number,
    Option,
    Pair,
    Region,
    is_affordable,
    regions,
)
from verify.cases.word import InvalidCase, Padding

from .narrowed import Narrowing
from .parts import AXIS_BYTES, BORDER_BYTES, EPILOGUE_BYTES, SEED_BYTES, Row, epilogue_of, seed_of
from .plans import Plan, plainer

Value = TypeVar("Value")

INSIDE_BYTES = 2 + 3 * AXIS_BYTES + 5 + EPILOGUE_BYTES + BORDER_BYTES + SEED_BYTES
"""What is chosen of a case once its rank, padding, dtype, fill and format are."""

TRIES = 4
"""Rows by which each choice of rank, padding, dtype and format is tried, to see whether a region is open."""


class NotOpenError(Exception):
    """Nothing of a region is left by what was decided."""


class Inside:
    """The regions of which a plan has a case, and the cases that are drawn in them."""

    def __init__(self, plan: Plan, narrowing: Narrowing) -> None:
        self._plan = plan
        self._narrowing = narrowing
        self._known = _known(plan.key, tuple(narrowing.reductions))

    @cached_property
    def open(self) -> list[Region]:
        """The regions that have a case inside the plan; with a wanted fill where they alone are drawn."""
        named = [regions()[name] for name in self._narrowing.regions]
        return [
            region
            for region in named
            if self._plan.operation.name in region.operations
            and (self.example(region) if self._narrowing.is_whole else self.wanted(region)) is not None
        ]

    @cached_property
    def weighed(self) -> list[Region]:
        """The open regions, each as often as its chance."""
        return [region for region in self.open for _ in range(region.chance)]

    def example(self, region: Region) -> Case | None:
        """A case of a region inside the plan, whatever its fill; None where there is none."""
        if region.name not in self._known:
            self._known[region.name] = next(self._examples(region), None)
        return self._known[region.name]

    def wanted(self, region: Region) -> Case | None:
        """An example with a fill that is wanted; None where there is none."""
        example = self.example(region)
        if example is None:
            return None
        for case in chain((example,), self._examples(region)):
            for fill in self._narrowing.fills_of(case.operation, case.format.token)[:1]:
                other = filled(case, fill, seed=1)
                if self.takes(other, region):
                    return other
        return None

    def near(self, case: Case, region: Region) -> Case | None:
        """A case, or one near it that is inside; None where its fill can be in none."""
        return next((near for near in self._near(case, region) if self.takes(near, region)), None)

    def _near(self, case: Case, region: Region) -> Iterator[Case]:
        """A case, the same with another fill where its own needs cells that are not read, plainer ones."""
        yield case
        is_read = case.fill_traits.needs_unread and not any(axis.skips for axis in case.axes)
        if is_read:
            fills = self._narrowing.fills_of(case.operation, case.format.token)
            others = [name for name in fills if not FILLS[name].needs_unread]
            if not others:
                return
            case = filled(case, others[case.seed % len(others)], seed=case.seed)
            yield case
        for change in plainer(case):
            with suppress(InvalidCase):
                yield replace(case, **change)
        example = self.example(region)
        if example is not None:
            with suppress(InvalidCase):
                yield filled(example, case.fill, seed=case.seed)

    def takes(self, case: Case, region: Region) -> bool:
        """Whether a case is of a region, inside the plan, and wanted."""
        return (
            case.fill in self._narrowing.fills
            and self._narrowing.takes_cells(case)
            and self._is_inside(case, region)
        )

    def _is_inside(self, case: Case, region: Region) -> bool:
        """Whether a case is of a region and inside the plan, whatever its fill."""
        return (
            not self._plan.space.why_not(case)
            and is_affordable(case)
            and self._narrowing.takes_shape(case)
            and region.holds(case)
            and self._plan.holds(case)
        )

    def _examples(self, region: Region) -> Iterator[Case]:
        """Cases of a region inside the plan, for each choice that is open before the numbers."""
        plan = self._plan
        rows = [bytes(INSIDE_BYTES), *map(_row, range(1, TRIES))]
        for made in self._choices(region):
            for row in rows:
                with suppress(InvalidCase, NotOpenError):
                    case = _case(Row(row), region=region, plan=plan, made=made, fill="ints")
                    for other in (replace(case, epilogue=()), *([case] if case.epilogue else [])):
                        if self._is_inside(other, region):
                            yield other

    def _choices(self, region: Region) -> Iterator[tuple[Any, ...]]:
        """Rank, padding, dtype and format, as far as a region and the plan have them in common."""
        plan, operation = self._plan, self._plan.operation.name
        usual = region.drawn(operation, "float32")
        for rank in common(usual.ranks, plan.open()):
            for padding in common(usual.paddings, plan.open((rank,))):
                for dtype in common(usual.dtypes, plan.open((rank, padding))):
                    for data_format in common(usual.formats, plan.open((rank, padding, dtype))):
                        yield rank, padding, dtype, data_format

    def drawn(self, row: Row, region: Region) -> Case | None:
        """The case that a row decides, from the places that also decide a case of the whole domain.

        So one that shrinks keeps much of what it is when it leaves its region.
        """
        plan, operation = self._plan, self._plan.operation.name
        usual = region.drawn(operation, "float32")
        rank, padding, dtype, fill, data_format = row.bytes(5)
        fills = self._narrowing.fills_of
        try:
            made: tuple[Any, ...] = ()
            for wanted, byte in ((usual.ranks, rank), (usual.paddings, padding)):
                made = (*made, _among(byte, wanted, plan.open(made)))
            having = [token for token in plan.open(made) if fills(operation, token)]
            made = (*made, _among(dtype, usual.dtypes, having))
            chosen = _choice(fill, fills(operation, made[-1]))
            made = (*made, _among(data_format, usual.formats, plan.open(made)))
            return _case(row, region=region, plan=plan, made=made, fill=chosen)
        except (InvalidCase, NotOpenError):
            example = self.example(region)
            left = fills(operation, example.format.token) if example else ()
            return filled(example, left[fill % len(left)], seed=dtype) if example and left else None


def _row(seed: int) -> bytes:
    """A row of bytes, always the same for a seed."""
    return Random(seed).randbytes(INSIDE_BYTES)  # noqa: S311 - no secret


def filled(case: Case, fill: str, *, seed: int) -> Case:
    """The case with another fill, and the seed where that takes one."""
    return replace(case, fill=fill, seed=seed if FILLS[fill].is_seeded else 0)


@cache
def _known(*key: Any) -> dict[str, Case | None]:
    """The examples of regions that are known so far, shared by the plans that decide alike."""
    return {}


def common(wanted: Sequence[Value], others: Sequence[Value]) -> list[Value]:
    """The distinct values of both, in the order of the first."""
    return [value for value in dict.fromkeys(wanted) if value in others]


def _among(byte: int, wanted: Sequence[Value], others: Sequence[Value]) -> Value:
    """What a byte chooses of the wanted values that are among others; a repeated one more often."""
    return _choice(byte, [value for value in wanted if value in others])


def _choice(byte: int, options: Sequence[Value]) -> Value:
    if not options:
        raise NotOpenError
    return options[byte % len(options)]


def _case(row: Row, *, region: Region, plan: Plan, made: tuple[Any, ...], fill: str) -> Case:
    """The case that a row decides; InvalidCase or NotOpenError where there is none."""
    rank, padding, dtype, data_format = made[:4]
    operation, draws = plan.operation, region.drawn(plan.operation.name, dtype)
    turn, _ = row.bytes(2)
    steps = [row.bytes(AXIS_BYTES) for _ in range(3)][:rank]
    axes = _axes(steps, draws=draws, padding=padding, plan=plan)
    counts = _counts(row.bytes(5), draws=draws, axes=axes, plan=plan, most=MOST_PRODUCTS[dtype])
    epilogue = epilogue_of(row, operation=operation.name, dtype=dtype, around=plan.space.around)
    border = [_numbers(_choice(byte, draws.border), {}) for byte in row.bytes(BORDER_BYTES) if draws.border]
    seed = seed_of(row)
    if draws.turns and turn % 2:
        axes.reverse()
    return Case(
        operation=operation.name,
        size=tuple(axis.size for axis in axes),
        kernel=tuple(axis.kernel for axis in axes),
        strides=tuple(axis.stride for axis in axes),
        dilations=tuple(axis.dilation for axis in axes),
        **counts,
        border=tuple((before, after) for before, after in border[:rank]),
        padding=padding_of(padding, axes),
        dtype=FORMATS[dtype].dtype,
        channels_first=data_format == "channels_first",
        # With a bias, the gradient of filters is that of the bias, which has no kernel.
        epilogue=epilogue if operation.answer != "filters" else (),
        fill=fill,
        seed=seed if FILLS[fill].is_seeded else 0,
    )


def padding_of(mode: str, axes: Sequence[Axis]) -> Padding:
    if mode == "explicit":
        return tuple((axis.before, axis.after) for axis in axes)
    return "SAME" if mode == "same" else "VALID"


def _axes(steps: Sequence[Sequence[int]], *, draws: Draws, padding: str, plan: Plan) -> list[Axis]:
    """The axes: kernel, stride and dilation for all of them, by the first's bytes, then a size for each."""
    space, rank = plan.space, len(steps)
    stride_byte, kernel_byte, dilation_byte = steps[0][:3]
    names: dict[str, Any] = {"rank": rank}
    kernel = _per_axis(kernel_byte, draws.kernel, most=space.max_kernel, names=[names] * rank)
    scopes = [{**names, "kernel": number} for number in kernel]
    dilation = _per_axis(dilation_byte, draws.dilation, most=space.max_dilation, names=scopes)
    scopes = [{**scope, "dilation": number} for scope, number in zip(scopes, dilation, strict=True)]
    stride = _per_axis(stride_byte, draws.stride, most=space.max_stride, names=scopes)
    axes = []
    for number, (scope, (*_, pads_byte, _, size_byte)) in enumerate(zip(scopes, steps, strict=True)):
        span = dilated(kernel[number], dilation[number])
        walk = {**scope, "stride": stride[number], "span": span}
        is_last = number == rank - 1
        pads = _numbers(_choice(pads_byte, (is_last and draws.last_pads) or draws.pads), walk)
        fitting = [
            axis
            for size in (is_last and draws.last) or draws.size
            if (axis := _axis(_number(size, walk), walk, padding=padding, pads=pads)) is not None
            and axis.size <= (space.max_side or axis.size)
        ]
        axes.append(_choice(size_byte, fitting))
    return axes


def _axis(size: int, names: Mapping[str, Any], *, padding: str, pads: Sequence[int]) -> Axis | None:
    """The axis of a size; None where there is none that has an answer."""
    walk = size, names["kernel"], names["stride"], names["dilation"]
    if size < 1:
        return None
    pair = same_padding(*walk) if padding == "same" else (0, 0) if padding == "valid" else pads
    axis = Axis(*walk, *pair)
    return axis if axis.out and not axis.shortfall and min(pair) >= 0 else None


def _per_axis(
    byte: int, options: Sequence[Option], *, most: int | None, names: Sequence[Mapping[str, Any]]
) -> tuple[int, ...]:
    """One option for all axes that no bound forbids; one written for fewer axes begins with its first."""
    numbers = [
        tuple(_number(part, scope) for part, scope in zip(each, names, strict=True))
        for option in options
        if (each := _for_axes(option, len(names)))
    ]
    return _choice(byte, [each for each in numbers if min(each) >= 1 and max(each) <= (most or max(each))])


def _for_axes(option: Option, rank: int) -> tuple[Number, ...]:
    """An option for each axis; none where it is written for more axes."""
    if isinstance(option, Formula | int):
        return (option,) * rank
    return (*option[:1] * (rank - len(option)), *option) if len(option) <= rank else ()


def _number(option: Number, names: Mapping[str, Any]) -> int:
    return option if isinstance(option, int) else option(names)


def _numbers(pair: Pair, names: Mapping[str, Any]) -> tuple[int, ...]:
    return tuple(_number(part, names) for part in pair)


def _counts(
    chosen: Sequence[int], *, draws: Draws, axes: Sequence[Axis], plan: Plan, most: int
) -> dict[str, Any]:
    """Channels, groups, filters, multiplier and batch, within bounds and so many products at most."""
    operation, space = plan.operation, plan.space
    outs, taps = math.prod(axis.out for axis in axes), math.prod(axis.kernel for axis in axes)
    last = axes[-1]
    names: dict[str, Any] = {
        "rank": len(axes),
        "outs": outs,
        "taps": taps,
        "kernel": last.kernel,
        "stride": last.stride,
        "dilation": last.dilation,
    }

    multiplier_byte, groups_byte, channels_byte, filters_byte, batch_byte = chosen

    def choose(byte: int, options: Sequence[Number], bound: int | None, cost: int, divisor: int = 1) -> int:
        counts = [_number(option, names) for option in options]
        legal = [count for count in counts if 1 <= count <= (bound or count) and not count % divisor]
        return _choice(byte, [count for count in legal if cost * count <= most] or sorted(legal)[:1])

    cells = outs * taps
    channels = choose(channels_byte, draws.channels, space.max_channels, cells)
    names["channels"] = channels
    groups = choose(groups_byte, draws.groups, space.max_groups, 0)
    if channels % groups:
        raise NotOpenError
    names["groups"] = groups
    share = cells * channels // groups
    filters = choose(filters_byte, draws.filters, space.max_channels, share, groups)
    multiplier = choose(multiplier_byte, draws.multiplier, space.max_channels, share)
    products = share * _outputs(operation, filters=filters, multiplier=multiplier)
    batch = choose(batch_byte, draws.batch, space.max_batch, products)
    return {
        "batch": batch,
        "channels": channels,
        "groups": groups if operation.has_groups else 1,
        "filter_count": filters if operation.has_filters else 1,
        "multiplier": multiplier if operation.has_multiplier else 1,
    }


def _outputs(operation: Operation, *, filters: int, multiplier: int) -> int:
    """The products for each channel that a window reads."""
    if operation.has_pointwise:
        return multiplier * (1 + filters)
    return multiplier if operation.has_multiplier else filters
