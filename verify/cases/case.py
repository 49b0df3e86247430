"""A frozen case, the one word it is written as, and the shapes that follow from it."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from verify.cases.dtypes import FORMATS, TOKENS, Format, format_of
from verify.cases.geometry import Axis, ceil_div, same_padding
from verify.cases.word import (
    DIGITS,
    EPILOGUE,
    FILLS,
    OPERATIONS,
    PLAIN_FILLS,
    InvalidCase,
    Padding,
    by,
    ends,
    kind_of,
    leaky,
    padding_token,
    read,
    slope_of,
)

Array: TypeAlias = NDArray[Any]

MEMORY_LIMIT = 2**30
"""Bytes that the padded input, the filters and the answer of a case may take as float64.

Making and judging them takes a few times as much for a while.
"""

DEPTHWISE = ("depthwise", "separable")

_CS231N = {
    "size": (7, 7),
    "channels": 3,
    "kernel": (3, 3),
    "filter_count": 2,
    "strides": (2, 2),
    "padding": "VALID",
}


NORM_EPSILON = 2.0**-10
"""What batch normalisation adds to the variance."""


class Operands(NamedTuple):
    """The arrays of a case, in its dtype and its data format; None where it has none.

    `factor` is what the input is multiplied with: the filters, or the cotangent of `filtergrad`.
    """

    input: Array
    factor: Array
    bias: Array | None = None
    pointwise: Array | None = None
    residual: Array | None = None
    mean: Array | None = None
    variance: Array | None = None
    scale: Array | None = None
    offset: Array | None = None


class Norm(NamedTuple):
    """The parameters of a batch normalisation, one number for each channel of the answer.

    y = (x − mean) · scale / √(variance + NORM_EPSILON) + offset.
    """

    mean: Array
    variance: Array
    scale: Array
    offset: Array


@dataclass(frozen=True, kw_only=True, repr=False)
class Case:
    """Everything needed to repeat one check; `str(case)` is its word and `Case.parse` reads it.

    `size`, `kernel`, `strides` and `dilations` have one number for each spatial axis (1 to 3 of
    them). `padding` is "SAME", "VALID" or one (before, after) pair of cells for each axis.
    `transpose` and `filtergrad` are the gradients of the convolution that the numbers describe, with
    respect to its input and to its filters; `filtergrad` with a bias is the bias's gradient.
    `border` is padding with zeros that comes before the convolution and its own padding.
    `epilogue` is what follows the convolution, in order: "bias" or "norm", "residual", and one of
    "relu", "relu6", "leaky0.25" (any slope), "elu", "tanh" and "sigmoid".
    `fill` and `seed` say how the operands are made; no array is stored.
    An `illegal` case is a call that must be refused, and has no answer: a stride of 0, say, or, as
    `given_out`, sizes of a transpose's input that no forward convolution of its numbers answers; its seed
    makes no data, and says by which of a subject's entry points it goes.
    Raises InvalidCase for fields that no convolution has.
    """

    operation: str = "conv"
    batch: int = 1
    size: tuple[int, ...]
    channels: int = 1
    kernel: tuple[int, ...]
    filter_count: int = 1
    multiplier: int = 1
    strides: tuple[int, ...] = ()
    dilations: tuple[int, ...] = ()
    groups: int = 1
    padding: Padding
    border: tuple[tuple[int, int], ...] = ()
    dtype: np.dtype[Any] = FORMATS["f32"].dtype
    channels_first: bool = False
    epilogue: tuple[str, ...] = ()
    fill: str = "ones"
    seed: int = 0
    illegal: bool = False
    given_out: tuple[int, ...] = ()

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
            f"m{self.multiplier}" * (self.multiplier != 1),
            ("s" + by(self.strides)) * (self.strides != (1,) * rank),
            ("d" + by(self.dilations)) * (self.dilations != (1,) * rank),
            f"g{self.groups}" * (self.groups != 1),
            ("z" + ends(self.border)) * bool(self.border),
            padding_token(self.padding),
            self.format.token * (self._dtype_is_named),
            "cf" * self.channels_first,
            *self.epilogue,
            self.fill if self.illegal else f"{self.fill}{self.seed or ''}",
            ("o" + by(self.given_out)) * bool(self.given_out),
            f"illegal{self.seed or ''}" * self.illegal,
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
        """The arithmetic of each spatial axis of the forward convolution, in order.

        A border counts as padding.
        """
        borders = self.border or ((0, 0),) * self.rank
        walks = zip(self.size, self.kernel, self.strides, self.dilations, borders, strict=True)
        axes = []
        for number, (size, kernel, stride, dilation, (before, after)) in enumerate(walks):
            pair = (0, 0)
            if self.padding == "SAME":
                pair = same_padding(before + size + after, kernel, stride, dilation)
            elif self.padding != "VALID":
                pair = self.padding[number]
            axes.append(Axis(size, kernel, stride, dilation, before + pair[0], pair[1] + after))
        return tuple(axes)

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
    def source_shape(self) -> tuple[int, ...]:
        """The shape of the forward convolution's input."""
        return self.in_data_format((self.batch, *self.size, self.channels))

    @property
    def result_shape(self) -> tuple[int, ...]:
        """The shape of the forward convolution's answer."""
        return self.in_data_format((self.batch, *(axis.out for axis in self.axes), self._result_channels))

    @property
    def _result_channels(self) -> int:
        return self.channels * self.multiplier if self.operation == "depthwise" else self.filter_count

    @property
    def why_illegal(self) -> str:
        """Why an illegal case must be refused, in one phrase."""
        return _why_illegal(self) or ""

    @property
    def input_shape(self) -> tuple[int, ...]:
        """For `transpose` the shape of a forward answer, which is what is transposed."""
        if self.illegal and self.operation == "transpose":
            out = self.given_out or (1,) * self.rank
            return self.in_data_format((self.batch, *out, self.filter_count))
        return self.result_shape if self.operation == "transpose" else self.source_shape

    @property
    def filter_shape(self) -> tuple[int, ...]:
        """(*kernel, channels of one group, filters), whatever the data format.

        (*kernel, channels, multiplier) for `depthwise` and `separable`.
        """
        if self.operation in DEPTHWISE:
            return (*self.kernel, self.channels, self.multiplier)
        return (*self.kernel, self.channels // self.groups, self.filter_count)

    @property
    def factor_shape(self) -> tuple[int, ...]:
        """The shape of what the input is multiplied with: the filters, or a filtergrad's cotangent."""
        return self.result_shape if self.operation == "filtergrad" else self.filter_shape

    @property
    def output_shape(self) -> tuple[int, ...]:
        if self.operation == "filtergrad":
            return (self.filter_count,) if "bias" in self.epilogue else self.filter_shape
        return self.source_shape if self.operation == "transpose" else self.result_shape

    @property
    def output_channels(self) -> int:
        """Channels of the answer: the length of a bias."""
        return self.channels if self.operation == "transpose" else self._result_channels

    def in_data_format(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """A channels-last shape in this case's data format."""
        return (shape[0], shape[-1], *shape[1:-1]) if self.channels_first else shape

    @property
    def products(self) -> int:
        """Products in the sum of one output element at most, those with padding counted.

        Of a transpose, the taps that can reach one cell: those whose t·dilation leave the same
        remainder modulo the stride.
        """
        match self.operation:
            case "depthwise":
                return math.prod(self.kernel)
            case "separable":
                return math.prod(self.kernel) * self.channels * self.multiplier
            case "transpose":
                steps = zip(self.kernel, self.strides, self.dilations, strict=True)
                taps = (ceil_div(k, stride // math.gcd(stride, d)) for k, stride, d in steps)
                return math.prod(taps) * (self.filter_count // self.groups)
            case "filtergrad":
                return self.batch * math.prod(axis.out for axis in self.axes)
        return math.prod(self.kernel) * (self.channels // self.groups)

    @property
    def reads_windows(self) -> bool:
        """Whether the input is read in windows, which may leave cells unread."""
        is_sum = self.operation == "filtergrad" and "bias" in self.epilogue
        return self.operation != "transpose" and not is_sum

    def make_operands(self) -> Operands:
        """New arrays, always the same numbers; a subject may write to one set and not spoil another."""
        return _maker(self)

    @cached_property
    def operands(self) -> Operands:
        """The case's own arrays, made from the fill on first use."""
        return self.make_operands()

    @property
    def input(self) -> Array:
        """The input, `input_shape`; of a transpose, what is transposed."""
        return self.operands.input

    @property
    def filters(self) -> Array:
        """The filters, `filter_shape`; AttributeError for `filtergrad`, whose answer they would be."""
        if self.operation == "filtergrad":
            raise AttributeError("a filtergrad has an input and a cotangent, and no filters")
        return self.operands.factor

    @property
    def cotangent(self) -> Array:
        """What a gradient is taken of, `result_shape`: of `filtergrad`, and the input of `transpose`."""
        if self.operation == "filtergrad":
            return self.operands.factor
        if self.operation == "transpose":
            return self.operands.input
        raise AttributeError(f"a {self.operation} has no cotangent")

    @property
    def pointwise(self) -> Array | None:
        """The second filters of `separable`, (1, …, channels · multiplier, filters); else None."""
        return self.operands.pointwise

    @property
    def bias(self) -> Array | None:
        """One number for each channel of the answer, or None where the epilogue has no bias."""
        return self.operands.bias

    @property
    def residual(self) -> Array | None:
        """What is added to the answer, in its shape, or None where the epilogue has no residual."""
        return self.operands.residual

    @property
    def norm(self) -> Norm | None:
        """The parameters of the batch normalisation, or None where the epilogue has none."""
        mean, variance, scale, offset = self.operands[-4:]
        if mean is None or variance is None or scale is None or offset is None:
            return None
        return Norm(mean, variance, scale, offset)

    @property
    def norm_epsilon(self) -> float:
        return NORM_EPSILON


_maker: Callable[[Case], Operands]


def provide_operands(maker: Callable[[Case], Operands]) -> Callable[[Case], Operands]:
    """Hand down what makes a case's arrays; `verify.cases.fills`, a floor above, does so on import."""
    global _maker
    _maker = maker
    return maker


def _normal(case: Case) -> dict[str, Any]:
    """The fields as plain integers, tuples of them and a dtype of this machine's byte order."""
    fields: dict[str, Any] = {}
    try:
        for name in ("batch", "channels", "filter_count", "multiplier", "groups", "seed"):
            fields[name] = int(operator.index(getattr(case, name)))
        for name in ("size", "kernel", "strides", "dilations", "given_out"):
            fields[name] = tuple(int(operator.index(number)) for number in getattr(case, name))
        fields["border"] = _pairs(case.border)
        if not isinstance(case.padding, str):
            fields["padding"] = _pairs(case.padding)
        fields["dtype"] = np.dtype(case.dtype).newbyteorder("=")
        fields["epilogue"] = tuple(case.epilogue)
    except (TypeError, ValueError) as wrong:
        raise InvalidCase(f"a field is of the wrong type: {wrong}") from None
    for name in ("strides", "dilations"):
        fields[name] = fields[name] or (1,) * len(fields["size"])
    if not any(map(any, fields["border"])):
        fields["border"] = ()
    return fields


def _pairs(given: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    return tuple((int(operator.index(before)), int(operator.index(after))) for before, after in given)


_STAGES = {"bias": 0, "norm": 0, "residual": 1}
_WHOLE = ("bias", "residual", "relu", "relu6")


def _validate(case: Case) -> None:
    """Raise InvalidCase for the first thing that is wrong, or for an illegal case in which nothing is."""
    for complaint in _ILLEGAL_COMPLAINTS if case.illegal else _COMPLAINTS:
        if sentence := complaint(case):
            raise InvalidCase(sentence)


def _why_illegal(case: Case) -> str | None:
    """What a subject must refuse; None where the call is legal."""
    for complaint in (_wrong_lengths, _wrong_numbers, _wrong_extent):
        if sentence := complaint(case):
            return sentence
    if case.given_out and case.given_out != tuple(axis.out for axis in case.axes):
        wanted = by(tuple(axis.out for axis in case.axes))
        return f"its input has o{by(case.given_out)}, where the forward convolution answers {wanted}"
    return None


def _wrong_call(case: Case) -> str | None:
    """Why an illegal case is not even a call."""
    if not 1 <= case.rank <= 3 or not 1 <= len(case.kernel) <= 3:
        return f"it has {case.rank} spatial axes, not 1 to 3"
    if case.fill != "ones" or case.epilogue or case.border:
        return "an illegal case has the fill ones and nothing before or after its operation"
    if case.operation == "filtergrad":
        return "an illegal case is no filtergrad"
    if not 0 <= case.seed < 10**DIGITS:
        return f"the seed {case.seed} is not a number of at most {DIGITS} digits"
    if case.given_out and (case.operation != "transpose" or len(case.given_out) != case.rank):
        return f"'o{by(case.given_out)}' is for the axes of a transpose"
    counts = (case.channels, case.filter_count, case.multiplier, case.groups)
    if min(counts) < 1 or min((case.batch, *case.size, *case.kernel, *case.given_out)) < 0:
        return "it has a count below 1 or a size below 0, of which no array can be made"
    steps = (*case.strides, *case.dilations, *_cells(case))
    extents = (*counts, case.batch, *case.size, *case.kernel, *case.given_out)
    if max(map(abs, (*steps, *extents)), default=0) > ILLEGAL_LIMIT:
        return f"a number of an illegal case is above {ILLEGAL_LIMIT}"
    if _why_illegal(case) is None:
        return "nothing about it is illegal"
    return None


def _cells(case: Case) -> tuple[int, ...]:
    """The cells of explicit padding."""
    return () if isinstance(case.padding, str) else tuple(sum(case.padding, ()))


ILLEGAL_LIMIT = 64
"""How large a number of an illegal case may be: its arrays are made all the same."""


def _wrong_vocabulary(case: Case) -> str | None:
    if case.operation not in OPERATIONS:
        return f"{case.operation!r} is none of the operations {', '.join(OPERATIONS)}"
    if case.fill not in FILLS:
        return f"{case.fill!r} is none of the fills {', '.join(FILLS)}"
    if case.dtype.name not in TOKENS:
        return f"{case.dtype.name} is none of the dtypes {', '.join(TOKENS)}"
    if isinstance(case.padding, str) and case.padding not in ("SAME", "VALID"):
        return f'padding {case.padding!r} is neither "SAME", "VALID" nor pairs'
    return None


def _wrong_operation(case: Case) -> str | None:
    """What the operation cannot bear."""
    operation = case.operation
    if operation in DEPTHWISE:
        if case.rank > 2:
            return f"{operation} has 1 or 2 spatial axes, not {case.rank}"
        if case.groups != 1:
            return f"{operation} takes no groups such as 'g{case.groups}'"
        if operation == "depthwise" and case.filter_count != 1:
            return f"depthwise has a multiplier, not filters such as 'f{case.filter_count}'"
    elif case.multiplier != 1:
        return f"{operation} has no multiplier such as 'm{case.multiplier}'; depthwise and separable do"
    if case.border and operation not in ("conv", "depthwise"):
        return f"{operation} takes no border such as 'z{ends(case.border)}'; conv and depthwise do"
    return None


def _wrong_epilogue(case: Case) -> str | None:
    kinds = [kind_of(step) for step in case.epilogue]
    written = f"the epilogue {'_'.join(case.epilogue)!r}"
    for step, kind in zip(case.epilogue, kinds, strict=True):
        if kind not in EPILOGUE or (kind == "leaky" and not _is_leaky(step)):
            return f"{step!r} is none of the steps {', '.join(EPILOGUE)}"
    stages = [_STAGES.get(kind, 2) for kind in kinds]
    if stages != sorted(set(stages)):
        return f"{written} is out of order: bias or norm, then residual, then one activation"
    if case.operation == "filtergrad" and kinds not in ([], ["bias"]):
        return f"{written} cannot follow a filtergrad, which takes a bias alone"
    curved = [step for step, kind in zip(case.epilogue, kinds, strict=True) if kind not in _WHOLE]
    if case.format.exact_integers and curved:
        return f"{curved[0]!r} needs a floating-point dtype, not i32"
    return None


def _is_leaky(step: str) -> bool:
    """Whether a leaky step has a slope, in its one spelling."""
    try:
        return leaky(slope_of(step)) == step and 0 <= slope_of(step) < 1000
    except ValueError:
        return False


def _wrong_lengths(case: Case) -> str | None:
    if not 1 <= case.rank <= 3:
        return f"it has {case.rank} spatial axes, not 1 to 3"
    named = {"k": case.kernel, "s": case.strides, "d": case.dilations}
    for letter, numbers in named.items():
        if len(numbers) != case.rank:
            token = letter + by(numbers)
            return f"{token!r} does not fit the spatial axes of i{by(case.size)}"
    pairs = {"z": case.border}
    if not isinstance(case.padding, str):
        pairs["p"] = case.padding
    for letter, each in pairs.items():
        if len(each) != case.rank and (each or letter == "p"):
            return f"{letter + ends(each)!r} does not fit the spatial axes of i{by(case.size)}"
    return None


def _wrong_numbers(case: Case) -> str | None:
    positive = {
        f"c{case.channels}": (case.channels,),
        f"k{by(case.kernel)}": case.kernel,
        f"f{case.filter_count}": (case.filter_count,),
        f"s{by(case.strides)}": case.strides,
        f"d{by(case.dilations)}": case.dilations,
        f"m{case.multiplier}": (case.multiplier,),
        f"g{case.groups}": (case.groups,),
    }
    for token, numbers in positive.items():
        if min(numbers) < 1:
            return f"{token!r} has a number below 1"
    others = {
        f"n{case.batch}": (case.batch,),
        f"i{by(case.size)}": case.size,
        f"z{ends(case.border)}": sum(case.border, ()),
        padding_token(case.padding): _cells(case),
        f"{case.fill}{case.seed}": (case.seed,),
    }
    for token, numbers in others.items():
        if min(numbers, default=0) < 0:
            return f"{token!r} has a number below 0"
    largest = max((*sum(positive.values(), ()), *sum(others.values(), ())))
    if largest >= 10**DIGITS:
        return f"{largest} has more than {DIGITS} digits"
    if case.operation in DEPTHWISE:
        return None
    for letter, count in (("c", case.channels), ("f", case.filter_count)):
        if count % case.groups:
            return f"'g{case.groups}' does not divide '{letter}{count}'"
    return None


def _wrong_fill(case: Case) -> str | None:
    if case.seed and case.fill in PLAIN_FILLS:
        return f"the fill {case.fill!r} takes no seed"
    if case.fill in ("reals", "unread", "nonfinite") and case.format.exact_integers:
        return f"the fill {case.fill!r} needs a floating-point dtype, not {case.format.token}"
    if case.fill == "unread" and not case.reads_windows:
        return f"the fill 'unread' is not for a {case.operation} that reads every cell"
    if case.fill == "cs231n":
        worked = {"operation": "conv", "batch": 1, "dilations": (1, 1), "groups": 1, "border": (), **_CS231N}
        is_worked = all(getattr(case, name) == value for name, value in worked.items())
        if not is_worked or not {"bias", "relu"}.issuperset(case.epilogue):
            return "the fill 'cs231n' belongs to i7x7_c3_k3x3_f2_s2x2_valid alone"
    return None


def _wrong_extent(case: Case) -> str | None:
    for number, axis in enumerate(case.axes):
        if axis.shortfall and case.padding != "SAME":
            return axis.refusal(number)
    # An extent of 0 counts as 1: a mask or a single row of an empty array must fit as well.
    padded = (case.batch, *(axis.padded for axis in case.axes), case.channels)
    shapes = [padded, case.filter_shape, case.result_shape]
    if case.operation == "separable":
        shapes.append((case.batch, *(axis.out for axis in case.axes), case.channels * case.multiplier))
    size = 8 * sum(math.prod(max(extent, 1) for extent in shape) for shape in shapes)
    if size > MEMORY_LIMIT:
        return (
            f"its arrays would take {size / 2**30:,.1f} GiB as float64, "
            f"more than the limit of {MEMORY_LIMIT / 2**30:.0f} GiB"
        )
    return None


_COMPLAINTS = (
    _wrong_vocabulary,
    _wrong_lengths,
    _wrong_operation,
    _wrong_numbers,
    _wrong_epilogue,
    _wrong_fill,
    _wrong_extent,
    lambda case: "an o token is for an illegal transpose" if case.given_out else None,
)
_ILLEGAL_COMPLAINTS = (_wrong_vocabulary, _wrong_call)
