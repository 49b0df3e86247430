"""A problem: what is computed, without its numbers, from a case or from the arguments of a call."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from verify.cases.dtypes import FORMATS, Format, format_of
from verify.cases.geometry import Axis, same_padding
from verify.cases.operands import Array
from verify.cases.operations import OPERATIONS, Operation

if TYPE_CHECKING:
    from verify.cases.case import Case


class Problem(NamedTuple):
    """The operation, its axes, groups, epilogue, dtype and data format."""

    operation: str
    axes: tuple[Axis, ...]
    groups: int
    epilogue: tuple[str, ...]
    format: Format
    channels_first: bool

    @property
    def traits(self) -> Operation:
        """What the table of operations says of its operation."""
        return OPERATIONS[self.operation]


def problem_of(case: Case) -> Problem:
    return Problem(case.operation, case.axes, case.groups, case.epilogue, case.format, case.channels_first)


def channels_last(problem: Problem | Case, x: Array) -> Array:
    return np.moveaxis(x, 1, -1) if problem.channels_first else x


def in_data_format(problem: Problem | Case, y: Array) -> Array:
    """A channels-last array in the data format of a problem."""
    return np.moveaxis(y, -1, 1) if problem.channels_first else y


def problem_from(
    x: Array,
    w: Array,
    *,
    strides: int | Sequence[int],
    padding: str | Sequence[Sequence[int]],
    dilations: int | Sequence[int],
    groups: int,
    bias: Array | None,
    data_format: str | None,
) -> Problem:
    """The problem given by the arguments of `verify.conv`; ValueError if they fit no convolution.

    The format is that of `x`'s dtype, or float64's if no case can have that dtype.
    """
    rank = x.ndim - 2
    if not 1 <= rank <= 3 or w.ndim != x.ndim:
        raise ValueError(f"x and w have {x.ndim} and {w.ndim} axes; both need the same 3, 4 or 5")
    channels_first = data_format is not None and data_format.startswith("NC")
    letters = "DHW"[-rank:]
    if data_format not in (None, f"N{letters}C", f"NC{letters}"):
        raise ValueError(f"data_format {data_format!r} is neither 'N{letters}C' nor 'NC{letters}'")
    for name, part in (("x", x), ("w", w), ("bias", bias)):
        if part is not None and part.dtype.kind in "cOSUMm":
            raise ValueError(f"{name} is {part.dtype.name}, not an array of real numbers")
    if 0 in w.shape:
        raise ValueError(f"w has shape {w.shape}, a filter without elements")
    size, channels = (x.shape[2:], x.shape[1]) if channels_first else (x.shape[1:-1], x.shape[-1])
    groups = _fitting_groups(groups, channels=channels, filter_shape=w.shape)
    if bias is not None and bias.shape != w.shape[-1:]:
        raise ValueError(f"bias has shape {bias.shape}, not one number for each of {w.shape[-1]} filters")
    steps = _for_axes("strides", strides, rank=rank), _for_axes("dilations", dilations, rank=rank)
    walks = list(zip(size, w.shape[:rank], *steps, strict=True))
    pairs = _pairs(padding, walks=walks, channels_first=channels_first)
    axes = tuple(Axis(*walk, *pair) for walk, pair in zip(walks, pairs, strict=True))
    is_same = isinstance(padding, str) and padding.upper() == "SAME"
    for number, axis in enumerate(axes):
        if axis.shortfall and not is_same:
            raise ValueError(axis.refusal(number))
    dtype = x.dtype if x.dtype.name in FORMATS else np.dtype(np.float64)
    epilogue = () if bias is None else ("bias",)
    return Problem("conv", axes, groups, epilogue, format_of(dtype), channels_first)


def _fitting_groups(groups: int, *, channels: int, filter_shape: tuple[int, ...]) -> int:
    try:
        count = operator.index(groups)
    except TypeError:
        raise ValueError(f"groups is {groups!r}, not a whole number") from None
    if count < 1 or channels != filter_shape[-2] * count or filter_shape[-1] % count:
        raise ValueError(
            f"x has {channels} channels and w has shape {filter_shape}, which does not fit {count} groups"
        )
    return count


def _for_axes(name: str, numbers: int | Sequence[int], *, rank: int) -> tuple[int, ...]:
    try:
        listed = numbers if isinstance(numbers, Sequence | np.ndarray) else (numbers,) * rank
        steps = tuple(operator.index(number) for number in listed)
    except TypeError:
        steps = ()
    if len(steps) != rank or min(steps) < 1:
        raise ValueError(f"{name} {numbers!r} is not a positive number, or one for each of {rank} axes")
    return steps


def _pairs(
    padding: str | Sequence[Sequence[int]],
    *,
    walks: Sequence[tuple[int, int, int, int]],
    channels_first: bool,
) -> list[tuple[int, int]]:
    """The padding of each axis of this size, kernel, stride and dilation."""
    if isinstance(padding, str):
        if padding.upper() == "SAME":
            return [same_padding(*walk) for walk in walks]
        if padding.upper() == "VALID":
            return [(0, 0)] * len(walks)
        raise ValueError(f"padding {padding!r} is neither 'SAME', 'VALID' nor (before, after) pairs")
    try:
        pairs = [(operator.index(before), operator.index(after)) for before, after in padding]
    except (TypeError, ValueError):
        pairs = []
    if len(pairs) == len(walks) + 2:
        # All axes, TensorFlow's way: batch and channels come with a pair of (0, 0) each.
        batch, channels = pairs[0], pairs[1 if channels_first else -1]
        pairs = (pairs[2:] if channels_first else pairs[1:-1]) if batch == channels == (0, 0) else []
    if len(pairs) != len(walks) or min(map(min, pairs)) < 0:
        raise ValueError(f"padding {padding!r} is not a (before, after) pair for each spatial axis")
    return pairs
