"""A case of a region from a row of bytes: each number from the options that the region has."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from verify.cases.case import Case
from verify.cases.domain import Space
from verify.cases.dtypes import DTYPES
from verify.cases.fills import FILLS
from verify.cases.geometry import Axis, dilated, same_padding
from verify.cases.operations import Operation
from verify.cases.regions import MOST_PRODUCTS, Draws, Formula, Number, Option, Pair, Region

from .parts import AXIS_BYTES, BORDER_BYTES, EPILOGUE_BYTES, SEED_BYTES, Row, epilogue_of, seed_of

Value = TypeVar("Value")

INSIDE_BYTES = 2 + 3 * AXIS_BYTES + 5 + EPILOGUE_BYTES + BORDER_BYTES + SEED_BYTES
"""What is chosen of a case once its rank, padding, dtype, fill and format are."""


class NotOpenError(Exception):
    """Nothing of a region is left by what was decided."""


def choice(byte: int, options: Sequence[Value]) -> Value:
    if not options:
        raise NotOpenError
    return options[byte % len(options)]


def case_of(
    row: Row, *, region: Region, operation: Operation, bounds: Space, made: tuple[Any, ...], fill: str
) -> Case:
    """The case that a row decides; InvalidCase or NotOpenError where there is none."""
    rank, padding, dtype, data_format = made[:4]
    draws = region.drawn(operation.name, dtype)
    turn, _ = row.bytes(2)
    steps = [row.bytes(AXIS_BYTES) for _ in range(3)][:rank]
    axes = _axes(steps, draws=draws, padding=padding, bounds=bounds)
    counts = _counts(
        row.bytes(5), draws=draws, axes=axes, operation=operation, bounds=bounds, most=MOST_PRODUCTS[dtype]
    )
    epilogue = epilogue_of(row, operation=operation.name, dtype=dtype, around=bounds.around)
    border = [_numbers(choice(byte, draws.border), {}) for byte in row.bytes(BORDER_BYTES) if draws.border]
    seed, is_quantised = seed_of(row), DTYPES[dtype].is_quantised
    if draws.turns and turn % 2:
        axes.reverse()
    return Case(
        operation=operation.name,
        **fields_of(padding, axes),
        **counts,
        border=() if is_quantised else tuple((before, after) for before, after in border[:rank]),
        dtype=DTYPES[dtype].dtype,
        channels_first=data_format == "channels_first",
        # With a bias, the gradient of filters is that of the bias, which has no kernel.
        epilogue=epilogue if operation.answer != "filters" else (),
        fill=fill,
        seed=seed if FILLS[fill].is_seeded else 0,
    )


def fields_of(mode: str, axes: Sequence[Axis]) -> dict[str, Any]:
    """The fields of a case of these axes, whose padding has a mode."""
    pairs = tuple((axis.before, axis.after) for axis in axes)
    return {
        "size": tuple(axis.size for axis in axes),
        "kernel": tuple(axis.kernel for axis in axes),
        "strides": tuple(axis.stride for axis in axes),
        "dilations": tuple(axis.dilation for axis in axes),
        "padding": pairs if mode == "explicit" else mode.upper(),
    }


def _axes(steps: Sequence[Sequence[int]], *, draws: Draws, padding: str, bounds: Space) -> list[Axis]:
    """The axes: kernel, stride and dilation for all of them, by the first's bytes, then a size for each."""
    rank = len(steps)
    stride_byte, kernel_byte, dilation_byte = steps[0][:3]
    names: dict[str, Any] = {"rank": rank}
    kernel = _per_axis(kernel_byte, draws.kernel, most=bounds.max_kernel, names=[names] * rank)
    scopes = [{**names, "kernel": number} for number in kernel]
    dilation = _per_axis(dilation_byte, draws.dilation, most=bounds.max_dilation, names=scopes)
    scopes = [{**scope, "dilation": number} for scope, number in zip(scopes, dilation, strict=True)]
    stride = _per_axis(stride_byte, draws.stride, most=bounds.max_stride, names=scopes)
    axes = []
    for number, (scope, (*_, pads_byte, _, size_byte)) in enumerate(zip(scopes, steps, strict=True)):
        span = dilated(kernel[number], dilation[number])
        walk = {**scope, "stride": stride[number], "span": span}
        is_last = number == rank - 1
        pads = _numbers(choice(pads_byte, (is_last and draws.last_pads) or draws.pads), walk)
        fitting = [
            axis
            for size in (is_last and draws.last) or draws.size
            if (axis := _axis(_number(size, walk), walk, padding=padding, pads=pads)) is not None
            and axis.size <= (bounds.max_side or axis.size)
        ]
        axes.append(choice(size_byte, fitting))
    return axes


def _axis(size: int, names: Mapping[str, Any], *, padding: str, pads: Sequence[int]) -> Axis | None:
    """The axis of a size; None where there is none that has an answer."""
    walk = size, names["kernel"], names["stride"], names["dilation"]
    if size < 1:
        return None
    pair = same_padding(*walk) if padding == "same" else (0, 0) if padding == "valid" else pads
    before, after = pair
    axis = Axis(*walk, before, after)
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
    return choice(byte, [each for each in numbers if min(each) >= 1 and max(each) <= (most or max(each))])


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
    chosen: Sequence[int],
    *,
    draws: Draws,
    axes: Sequence[Axis],
    operation: Operation,
    bounds: Space,
    most: int,
) -> dict[str, Any]:
    """Channels, groups, filters, multiplier and batch, within bounds and so many products at most."""
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
        return choice(byte, [count for count in legal if cost * count <= most] or sorted(legal)[:1])

    cells = outs * taps
    channels = choose(channels_byte, draws.channels, bounds.max_channels, cells)
    names["channels"] = channels
    groups = choose(groups_byte, draws.groups, bounds.max_groups, 0)
    if channels % groups:
        raise NotOpenError
    names["groups"] = groups
    share = cells * channels // groups
    filters = choose(filters_byte, draws.filters, bounds.max_channels, share, groups)
    multiplier = choose(multiplier_byte, draws.multiplier, bounds.max_channels, share)
    products = share * _outputs(operation, filters=filters, multiplier=multiplier)
    batch = choose(batch_byte, draws.batch, bounds.max_batch, products)
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
