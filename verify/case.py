"""A frozen case, the one word it is written as, and the shapes that follow from it."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from verify.dtypes import FORMATS, TOKENS, Format, format_of
from verify.geometry import Axis, same_padding
from verify.word import (
    DIGITS,
    EPILOGUE,
    FILLS,
    OPERATIONS,
    PLAIN_FILLS,
    InvalidCase,
    Padding,
    by,
    padding_token,
    read,
)

Array: TypeAlias = NDArray[Any]

MEMORY_LIMIT = 2**30
"""Bytes that the padded input, the filters and the answer of a case may take as float64.

Making and judging them takes a few times as much for a while.
"""

_CS231N = {
    "size": (7, 7),
    "channels": 3,
    "kernel": (3, 3),
    "filter_count": 2,
    "strides": (2, 2),
    "padding": "VALID",
}


class Operands(NamedTuple):
    """The arrays of a case, in its dtype and its data format."""

    input: Array
    filters: Array
    bias: Array | None


@dataclass(frozen=True, kw_only=True, repr=False)
class Case:
    """Everything needed to repeat one check; `str(case)` is its word and `Case.parse` reads it.

    `size`, `kernel`, `strides` and `dilations` have one number for each spatial axis (1 to 3 of
    them). `padding` is "SAME", "VALID" or one (before, after) pair of cells for each axis.
    `epilogue` is what follows the convolution, in order: of "bias" and "relu".
    `fill` and `seed` say how the operands are made; no array is stored.
    Raises InvalidCase for fields that no convolution has.
    """

    operation: str = "conv"
    batch: int = 1
    size: tuple[int, ...]
    channels: int = 1
    kernel: tuple[int, ...]
    filter_count: int = 1
    strides: tuple[int, ...] = ()
    dilations: tuple[int, ...] = ()
    groups: int = 1
    padding: Padding
    dtype: np.dtype[Any] = FORMATS["f32"].dtype
    channels_first: bool = False
    epilogue: tuple[str, ...] = ()
    fill: str = "ones"
    seed: int = 0

    def __post_init__(self) -> None:
        for name, value in _normal(self).items():
            object.__setattr__(self, name, value)
        _validate(self)

    @classmethod
    def parse(cls, word: str) -> Case:
        """The case that a word names.

        Tokens are joined by `_`: the operation first, the others in any order. A lone `f16`,
        `f32` or `f64` is the dtype; where a word has two such tokens, or another dtype, the first
        counts the filters. `i32` is the input's size unless the word has another.
        Raises InvalidCase, whose sentence repeats the word and names the token.
        """
        try:
            return cls(**read(word))
        except InvalidCase as refusal:
            raise InvalidCase(f"{word!r} is no case: {refusal}") from None

    def __str__(self) -> str:
        rank = self.rank
        tokens = [
            self.operation,
            f"n{self.batch}" * (self.batch != 1),
            "i" + by(self.size),
            f"c{self.channels}" * (self.channels != 1),
            "k" + by(self.kernel),
            f"f{self.filter_count}" * (self.filter_count != 1),
            ("s" + by(self.strides)) * (self.strides != (1,) * rank),
            ("d" + by(self.dilations)) * (self.dilations != (1,) * rank),
            f"g{self.groups}" * (self.groups != 1),
            padding_token(self.padding),
            self.format.token * (self._dtype_is_named),
            "cf" * self.channels_first,
            *self.epilogue,
            f"{self.fill}{self.seed or ''}",
        ]
        return "_".join(token for token in tokens if token)

    def __repr__(self) -> str:
        return f"Case.parse({str(self)!r})"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """One line that can be pasted, for Hypothesis and IPython."""
        printer.text(repr(self))

    @property
    def _dtype_is_named(self) -> bool:
        return self.format.token != "f32" or f"f{self.filter_count}" in FORMATS

    @property
    def rank(self) -> int:
        """Spatial axes."""
        return len(self.size)

    @cached_property
    def axes(self) -> tuple[Axis, ...]:
        """The arithmetic of each spatial axis, in order."""
        sizes = zip(self.size, self.kernel, self.strides, self.dilations, strict=True)
        if self.padding == "SAME":
            return tuple(Axis(*numbers, *same_padding(*numbers)) for numbers in sizes)
        if self.padding == "VALID":
            return tuple(Axis(*numbers) for numbers in sizes)
        return tuple(Axis(*numbers, *pair) for numbers, pair in zip(sizes, self.padding, strict=True))

    @cached_property
    def format(self) -> Format:
        """How the dtype rounds."""
        return format_of(self.dtype)

    @property
    def padding_mode(self) -> str:
        """ "same", "valid" or "explicit"."""
        return self.padding.lower() if isinstance(self.padding, str) else "explicit"

    @property
    def data_format(self) -> str:
        """ "NWC", "NHWC", "NDHWC", or their channels-first forms, as TensorFlow names them."""
        letters = "DHW"[-self.rank :]
        return f"NC{letters}" if self.channels_first else f"N{letters}C"

    @property
    def input_shape(self) -> tuple[int, ...]:
        return self.in_data_format((self.batch, *self.size, self.channels))

    @property
    def filter_shape(self) -> tuple[int, ...]:
        """(*kernel, channels of one group, filters), whatever the data format."""
        return (*self.kernel, self.channels // self.groups, self.filter_count)

    @property
    def output_shape(self) -> tuple[int, ...]:
        return self.in_data_format((self.batch, *(axis.out for axis in self.axes), self.filter_count))

    def in_data_format(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """A channels-last shape in this case's data format."""
        return (shape[0], shape[-1], *shape[1:-1]) if self.channels_first else shape

    @property
    def products(self) -> int:
        """Products in the sum of one output element, those with padding counted."""
        return math.prod(self.kernel) * (self.channels // self.groups)

    def make_operands(self) -> Operands:
        """New arrays, always the same numbers; a subject may write to one set and not spoil another."""
        return _maker(self)

    @cached_property
    def _operands(self) -> Operands:
        return self.make_operands()

    @property
    def input(self) -> Array:
        """The input, `input_shape`; the caller's own, made from the fill on first use."""
        return self._operands.input

    @property
    def filters(self) -> Array:
        """The filters, `filter_shape`."""
        return self._operands.filters

    @property
    def bias(self) -> Array | None:
        """One number for each filter, or None where the epilogue has no bias."""
        return self._operands.bias


_maker: Callable[[Case], Operands]


def provide_operands(maker: Callable[[Case], Operands]) -> Callable[[Case], Operands]:
    """Hand down what makes a case's arrays; `verify.fills`, a floor above, does so on import."""
    global _maker
    _maker = maker
    return maker


def _normal(case: Case) -> dict[str, Any]:
    """The fields as plain integers, tuples of them and a dtype of this machine's byte order."""
    fields: dict[str, Any] = {}
    try:
        for name in ("batch", "channels", "filter_count", "groups", "seed"):
            fields[name] = int(operator.index(getattr(case, name)))
        for name in ("size", "kernel", "strides", "dilations"):
            fields[name] = tuple(int(operator.index(number)) for number in getattr(case, name))
        if not isinstance(case.padding, str):
            pairs = [(operator.index(before), operator.index(after)) for before, after in case.padding]
            fields["padding"] = tuple((int(before), int(after)) for before, after in pairs)
        fields["dtype"] = np.dtype(case.dtype).newbyteorder("=")
        fields["epilogue"] = tuple(case.epilogue)
    except (TypeError, ValueError) as wrong:
        raise InvalidCase(f"a field is of the wrong type: {wrong}") from None
    for name in ("strides", "dilations"):
        fields[name] = fields[name] or (1,) * len(fields["size"])
    return fields


def _validate(case: Case) -> None:
    """Raise InvalidCase for the first thing that is wrong."""
    for complaint in (_wrong_vocabulary, _wrong_lengths, _wrong_numbers, _wrong_fill, _wrong_extent):
        if sentence := complaint(case):
            raise InvalidCase(sentence)


def _wrong_vocabulary(case: Case) -> str | None:
    if case.operation not in OPERATIONS:
        return f"{case.operation!r} is none of the operations {', '.join(OPERATIONS)}"
    if case.fill not in FILLS:
        return f"{case.fill!r} is none of the fills {', '.join(FILLS)}"
    if case.dtype.name not in TOKENS:
        return f"{case.dtype.name} is none of the dtypes {', '.join(TOKENS)}"
    if isinstance(case.padding, str) and case.padding not in ("SAME", "VALID"):
        return f'padding {case.padding!r} is neither "SAME", "VALID" nor pairs'
    if case.epilogue not in ((), ("bias",), ("relu",), EPILOGUE):
        return f"{'_'.join(case.epilogue)!r} is not an epilogue; it is bias, relu or bias_relu"
    return None


def _wrong_lengths(case: Case) -> str | None:
    if not 1 <= case.rank <= 3:
        return f"it has {case.rank} spatial axes, not 1 to 3"
    named = {"k": case.kernel, "s": case.strides, "d": case.dilations}
    for letter, numbers in named.items():
        if len(numbers) != case.rank:
            token = letter + by(numbers)
            return f"{token!r} does not fit the spatial axes of i{by(case.size)}"
    if not isinstance(case.padding, str) and len(case.padding) != case.rank:
        token = padding_token(case.padding)
        return f"{token!r} does not fit the spatial axes of i{by(case.size)}"
    return None


def _wrong_numbers(case: Case) -> str | None:
    positive = {
        f"c{case.channels}": (case.channels,),
        f"k{by(case.kernel)}": case.kernel,
        f"f{case.filter_count}": (case.filter_count,),
        f"s{by(case.strides)}": case.strides,
        f"d{by(case.dilations)}": case.dilations,
        f"g{case.groups}": (case.groups,),
    }
    for token, numbers in positive.items():
        if min(numbers) < 1:
            return f"{token!r} has a number below 1"
    pads = () if isinstance(case.padding, str) else sum(case.padding, ())
    if min((case.batch, *case.size, *pads, case.seed)) < 0:
        return "it has a number below 0"
    largest = max((case.batch, *case.size, *pads, case.seed, *sum(positive.values(), ())))
    if largest >= 10**DIGITS:
        return f"{largest} has more than {DIGITS} digits"
    for letter, count in (("c", case.channels), ("f", case.filter_count)):
        if count % case.groups:
            return f"'g{case.groups}' does not divide '{letter}{count}'"
    return None


def _wrong_fill(case: Case) -> str | None:
    if case.seed and case.fill in PLAIN_FILLS:
        return f"the fill {case.fill!r} takes no seed"
    if case.fill in ("reals", "unread") and case.format.exact_integers:
        return f"the fill {case.fill!r} needs a floating-point dtype, not {case.format.token}"
    if case.fill == "cs231n":
        worked = {"batch": 1, "dilations": (1, 1), "groups": 1, **_CS231N}
        if any(getattr(case, name) != value for name, value in worked.items()):
            return "the fill 'cs231n' belongs to i7x7_c3_k3x3_f2_s2x2_valid alone"
    return None


def _wrong_extent(case: Case) -> str | None:
    for number, axis in enumerate(case.axes):
        if axis.shortfall and case.padding != "SAME":
            return axis.refusal(number)
    # An extent of 0 counts as 1: a mask or a single row of an empty array must fit as well.
    padded = (case.batch, *(axis.padded for axis in case.axes), case.channels)
    shapes = (padded, case.filter_shape, case.output_shape)
    size = 8 * sum(math.prod(max(extent, 1) for extent in shape) for shape in shapes)
    if size > MEMORY_LIMIT:
        return (
            f"its arrays would take {size / 2**30:,.1f} GiB as float64, "
            f"more than the limit of {MEMORY_LIMIT / 2**30:.0f} GiB"
        )
    return None
