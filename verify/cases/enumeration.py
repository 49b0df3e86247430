"""An enumeration of small cases: every combination of a few numbers, counted, and each case by its place."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from itertools import product
from typing import Any, NamedTuple

from verify.cases import quantised
from verify.cases.case import Case
from verify.cases.domain import DATA_FORMATS
from verify.cases.dtypes import DTYPES
from verify.cases.fills import FILLS
from verify.cases.geometry import Axis, ceil_div, same_padding
from verify.cases.modes import PADDING_MODES, ZEROS
from verify.cases.narrowings import DRAWN_FILLS, STEPS, step_of
from verify.cases.operations import ACTIVATIONS, AROUND, EPILOGUE, OPERATIONS, WHOLE
from verify.cases.word import PADDINGS

LARGEST_NUMBERS = {"size": 32, "kernel": 32, "stride": 32, "dilation": 32, "cells": 4}
"""The largest numbers of an axis."""

LARGEST_COUNTS = {"batch": 8, "channels": 8, "filters": 8, "multiplier": 8, "groups": 8}
"""The largest of the other numbers: the arrays of a case stay small."""

CHOICES = 10**6
"""The most axes with one mode of padding."""


class Stratum(NamedTuple):
    """The cases that differ in their spatial axes alone: each axis is any of `axes`.

    `fields` are those that they share, `excluded` counts the combinations that no convolution has.
    """

    fields: dict[str, Any]
    axes: tuple[Axis, ...]
    rank: int
    excluded: int

    @property
    def cases(self) -> int:
        return int(len(self.axes) ** self.rank)

    def case(self, place: int) -> Case:
        """The case of a place from 0 up, the last axis changing fastest."""
        digits = []
        for _ in range(self.rank):
            place, digit = divmod(place, len(self.axes))
            digits.append(digit)
        return Case.of_axes(self.fields, tuple(self.axes[digit] for digit in reversed(digits)))


@dataclass(frozen=True, kw_only=True)
class Enumeration:
    """Every case whose numbers are at most these.

    Sizes, kernels, strides, dilations and counts go from 1 up; `cells`, from 0 up, are those of
    explicit padding at each end of an axis. `paddings` are "same", "valid" and "explicit", and
    `padding_modes` what padding holds. `steps` say which axes there are beside those of stride and
    dilation 1. Of what is `around` there is every combination, none of them included; a border has one cell
    at each end, goes with zeros alone, and a leaky relu has a slope of 0.25.
    Fills with a seed have seed 0.
    Raises ValueError, one sentence, for a number or a choice that no enumeration has.
    """

    size: int
    kernel: int
    stride: int
    dilation: int
    cells: int = 1
    operations: tuple[str, ...] = ("conv",)
    ranks: tuple[int, ...] = (2,)
    dtypes: tuple[str, ...] = ("float32",)
    paddings: tuple[str, ...] = ("same", "valid")
    padding_modes: tuple[str, ...] = (ZEROS,)
    data_formats: tuple[str, ...] = ("channels_last",)
    fills: tuple[str, ...] = ("coded",)
    around: tuple[str, ...] = ()
    steps: tuple[str, ...] = STEPS
    batch: int = 1
    channels: int = 1
    filters: int = 1
    multiplier: int = 1
    groups: int = 1

    def __post_init__(self) -> None:
        for name, largest in (*LARGEST_NUMBERS.items(), *LARGEST_COUNTS.items()):
            if not 1 <= getattr(self, name) <= largest:
                raise ValueError(f"a sweep's {name} is 1 to {largest}, not {getattr(self, name)}")
        _require("operation", self.operations, tuple(OPERATIONS))
        _require("rank", self.ranks, (1, 2, 3))
        _require("dtype", self.dtypes, tuple(DTYPES))
        _require("padding", self.paddings, PADDINGS)
        _require("padding mode", self.padding_modes, PADDING_MODES)
        _require("data format", self.data_formats, DATA_FORMATS)
        _require("fill", self.fills, DRAWN_FILLS)
        _require("step", self.steps, STEPS)
        if self.around:
            _require("step around", self.around, AROUND)
        choices = self.size * self.kernel * self.stride * self.dilation
        if "explicit" in self.paddings:
            choices *= (self.cells + 1) ** 2
        if choices > CHOICES:
            raise ValueError(f"{choices:,} choices for each axis are too many to sweep: at most {CHOICES:,}")
        if not self.strata:
            raise ValueError(self._why_empty())

    def _why_empty(self) -> str:
        operation, ranks = self.operations[0], OPERATIONS[self.operations[0]].ranks
        if not {*ranks} & {*self.ranks}:
            return f"{operation} has {' or '.join(map(str, ranks))} spatial axes, not {self.ranks[0]}"
        return f"{operation} in {self.dtypes[0]} has no fill {self.fills[0]}"

    @classmethod
    def from_text(cls, text: str) -> Enumeration:
        """The enumeration that `to_text` wrote."""
        numbers: dict[str, Any] = json.loads(text)
        for name, value in numbers.items():
            numbers[name] = tuple(value) if isinstance(value, list) else value
        return cls(**numbers)

    def to_text(self) -> str:
        return json.dumps(asdict(self))

    @property
    def count(self) -> int:
        """All cases."""
        return sum(stratum.cases for stratum in self.strata)

    @property
    def excluded(self) -> int:
        """Combinations that are no case: with a negative output size, or too few cells to repeat."""
        return sum(stratum.excluded for stratum in self.strata)

    @cached_property
    def strata(self) -> tuple[Stratum, ...]:
        borders = (0, 1) if "border" in self.around else (0,)
        choices = {
            (*padding, border): self._choices(*padding, border)
            for padding in self._padded
            for border in borders
        }
        return tuple(
            _stratum({**shared, **rest}, rank, choices[*padding, border], border=border)
            for operation, rank, dtype, padding in product(
                self.operations, self.ranks, self.dtypes, self._padded
            )
            if rank in OPERATIONS[operation].ranks and _has_mode(dtype, padding[1])
            for shared in self._shared(operation, dtype, padding)
            for border in borders[: 1 + (padding[1] == ZEROS and _takes_border(operation, dtype))]
            for rest in self._rest(operation, dtype)
        )

    @property
    def _padded(self) -> list[tuple[str, str]]:
        """Each padding with each mode that it may have: VALID, which has no cells, is one alone."""
        modes = {padding: self.padding_modes if padding != "valid" else (ZEROS,) for padding in self.paddings}
        return [(padding, mode) for padding in self.paddings for mode in modes[padding]]

    def cases(self, start: int, stop: int) -> Iterator[tuple[int, Case]]:
        """The cases from one place to another, each with its place."""
        first = 0
        for stratum in self.strata:
            inside = range(max(start - first, 0), min(stop - first, stratum.cases))
            yield from ((first + place, stratum.case(place)) for place in inside)
            first += stratum.cases

    def _shared(self, operation: str, dtype: str, padded: tuple[str, str]) -> Iterator[dict[str, Any]]:
        """The fields that cases share, for each combination of counts that the operation has."""
        traits = OPERATIONS[operation]
        filters = self.filters if traits.has_filters else 1
        multiplier = self.multiplier if traits.has_multiplier else 1
        groups = self.groups if traits.has_groups else 1
        counts = [range(1, most + 1) for most in (self.batch, self.channels, filters, multiplier, groups)]
        names = ("batch", "channels", "filter_count", "multiplier", "groups")
        for numbers in product(*counts):
            shared = dict(zip(names, numbers, strict=True))
            if shared["channels"] % shared["groups"] == shared["filter_count"] % shared["groups"] == 0:
                yield {
                    "operation": operation,
                    **shared,
                    "padding": padded[0],
                    "padding_mode": padded[1],
                    "dtype": DTYPES[dtype].dtype,
                    **_quantised_in(dtype),
                }

    def _rest(self, operation: str, dtype: str) -> Iterator[dict[str, Any]]:
        """Each data format, fill and epilogue of an operation in a dtype."""
        fills = [fill for fill in self.fills if has_fill(operation, dtype, fill)]
        steps = epilogues_of(operation, dtype, self.around)
        for data_format, fill, epilogue in product(self.data_formats, fills, steps):
            if OPERATIONS[operation].answer == "filters" and epilogue and FILLS[fill].needs_unread:
                continue  # the gradient of a bias reads no input
            yield {"channels_first": data_format == "channels_first", "fill": fill, "epilogue": epilogue}

    def _steps(self, stride: int, dilation: int) -> bool:
        """Whether an axis may have this stride and dilation."""
        return "both" in self.steps or step_of((stride,), (dilation,)) in ("plain", *self.steps)

    def _choices(self, padding: str, mode: str = ZEROS, border: int = 0) -> list[Axis]:
        """Every axis with one mode of padding and a border, in ascending order.

        Those that no case may have are included.
        """
        numbers = (self.size, self.kernel, self.stride, self.dilation)
        choices = []
        for size, kernel, stride, dilation in product(*(range(1, most + 1) for most in numbers)):
            if not self._steps(stride, dilation):
                continue
            pairs: Iterable[Sequence[int]] = [(0, 0)]
            if padding == "same":
                pairs = [same_padding(size + 2 * border, kernel, stride, dilation)]
            elif padding == "explicit":
                pairs = product(range(self.cells + 1), repeat=2)
            for before, after in pairs:
                axis = Axis(size, kernel, stride, dilation, border + before, border + after, mode)
                choices.append(axis)
        return choices


def enumeration_upto(size: int, **chosen: Any) -> Enumeration:
    """The enumeration of a size: kernels of up to two thirds of it, strides of a half, dilations of a third.

    Each is rounded up and at least 2, unless it is chosen; None chooses nothing.
    """
    usual = {"kernel": ceil_div(2 * size, 3), "stride": ceil_div(size, 2), "dilation": ceil_div(size, 3)}
    numbers = {name: max(number, 2) for name, number in usual.items()}
    choices = {name: choice for name, choice in chosen.items() if choice is not None}
    return Enumeration(size=size, **numbers | choices)


def _require(what: str, chosen: tuple[Any, ...], known: tuple[Any, ...]) -> None:
    for choice in chosen:
        if choice not in known or chosen.count(choice) > 1:
            wrong = "is named twice" if choice in known else f"is none of {', '.join(map(str, known))}"
            raise ValueError(f"the {what} {choice!r} {wrong}")
    if not chosen:
        raise ValueError(f"a sweep needs a {what}, one of {', '.join(map(str, known))}")


def _quantised_in(dtype: str) -> dict[str, Any]:
    """How the cases of a dtype are quantised: by zero points apart, and scales that make one step of a sum.

    So that no sum lies at a half step, and few at the ends: what is swept is windows.
    """
    form = DTYPES[dtype]
    if not form.is_quantised:
        return {}
    zeros = {"x_zero_point": form.middle - 3, "y_zero_point": form.middle - 100}
    return {"quantised": quantised.Quantised(x_scale=2.0, w_scale=(0.5,), **zeros)}


def _has_mode(dtype: str, mode: str) -> bool:
    return mode == ZEROS or not DTYPES[dtype].is_quantised


def _takes_border(operation: str, dtype: str) -> bool:
    return OPERATIONS[operation].takes_border and not DTYPES[dtype].is_quantised


def has_fill(operation: str, dtype: str, fill: str) -> bool:
    """Whether the cases of an operation in a dtype have a fill."""
    traits, form = FILLS[fill], DTYPES[dtype]
    if form.is_quantised and not (traits.has_quantised and operation in quantised.OPERATIONS):
        return False
    has_windows = OPERATIONS[operation].input == "source"
    return (
        (has_windows or not traits.needs_unread)
        and not (traits.needs_floats and form.exact_integers)
        and (form.is_quantised or not traits.needs_quantised)
    )


def steps_in(dtype: str) -> Sequence[str]:
    """The steps that may follow sums in a dtype."""
    if DTYPES[dtype].is_quantised:
        return quantised.EPILOGUE
    return WHOLE if DTYPES[dtype].exact_integers else EPILOGUE


def epilogues_of(operation: str, dtype: str, around: Sequence[str]) -> list[tuple[str, ...]]:
    """Every epilogue of an operation in a dtype that the steps in `around` make, the shorter ones first."""
    taken = OPERATIONS[operation].epilogue
    left = [step for step in around if step in taken and step in steps_in(dtype)]

    def stage(*steps: str) -> list[tuple[str, ...]]:
        spelled = [f"{step}0.25" if step == "leaky" else step for step in steps if step in left]
        return [(), *((step,) for step in spelled)]

    stages = product(stage("bias", "norm"), stage("residual"), stage(*ACTIVATIONS))
    return sorted((first + second + third for first, second, third in stages), key=len)


def _stratum(shared: dict[str, Any], rank: int, choices: list[Axis], *, border: int) -> Stratum:
    padding = shared["padding"]
    fitting = (axis for axis in choices if padding == "same" or not axis.shortfall)
    axes = tuple(axis for axis in fitting if not axis.unrepeatable(0))
    first = axes[0]
    pair = ((first.before - border, first.after - border),) * rank
    sample = Case(
        **{**shared, "padding": pair if padding == "explicit" else padding.upper()},
        border=((border, border),) * rank,
        size=(first.size,) * rank,
        kernel=(first.kernel,) * rank,
        strides=(first.stride,) * rank,
        dilations=(first.dilation,) * rank,
    )
    return Stratum(
        fields={**vars(sample), "format": sample.format},
        axes=axes,
        rank=rank,
        excluded=len(choices) ** rank - len(axes) ** rank,
    )
