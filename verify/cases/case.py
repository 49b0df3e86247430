"""A frozen case, the one word it is written as, and the shapes that follow from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np

from verify.cases.dtypes import DTYPES, FORMATS, Format, format_of
from verify.cases.fills import FILLS, Fill, make_operands
from verify.cases.geometry import Axis, same_padding
from verify.cases.large import is_large
from verify.cases.memory import Memory
from verify.cases.misfits import LETTERS, ArrayRole, given_sizes
from verify.cases.modes import ZEROS
from verify.cases.operands import NORM_EPSILON, Array, Norm, Operands
from verify.cases.operations import OPERATIONS, Operation, Role
from verify.cases.pages import answer_page, laid_out
from verify.cases.quantised import PLAIN, Quantised, dtype_of
from verify.cases.slabs import digests_of, make_in_slabs
from verify.cases.validity import normal, validate, why_illegal
from verify.cases.weights import OWN, is_made_by_a_scheme
from verify.cases.word import LENGTH, InvalidCase, Padding, fields_of, quoted, word_of

_OF_ARRAYS = ("operands", "digests", "pages", "out", "varied", "beside", "written")
_OF_FIELDS = ("axes", "format", "is_large")
"""What a case keeps beside its fields: of its own arrays, and of its fields."""


@dataclass(frozen=True, kw_only=True, repr=False)
class Case:
    """Everything needed to repeat one check; `str(case)` is its word and `Case.parse` reads it.

    `size`, `kernel`, `strides` and `dilations` have one number for each spatial axis (1 to 3 of
    them). `padding` is "SAME", "VALID" or one (before, after) pair of cells for each axis.
    `transpose` and `filtergrad` are the gradients of the convolution that the numbers describe, with
    respect to its input and to its filters; `filtergrad` with a bias is the gradient of the bias.
    `border` is zeros before the convolution's own padding, which holds what `padding_mode` says.
    `trimmed` are the windows at the end of each axis that the input of a `transpose` lacks.
    `epilogue` is what follows the convolution, in order: "bias" or "norm", "residual", and one of
    "relu", "relu6", "leaky0.25" (any slope), "elu", "tanh" and "sigmoid".
    `quantised` has the scales and zero points of a dtype whose integers stand for real numbers, and
    `weights` says in which dtype the filters are kept: one of WEIGHTS.
    `fill` and `seed` say how the operands are made; no array is stored. `memory` has pairs of a letter and a
    layout for those that are not C-contiguous: see `verify.cases.memory`.
    An `illegal` case is a call that must be refused, and has no answer: a stride of 0, say, or, as
    `given_out`, sizes of a gradient's cotangent that no forward convolution of its numbers answers.
    `given_shapes` and `given_dtypes` are those of operands, or of what a gradient is asked for, that differ
    from its numbers, by letter: "x" the input, "w" the filters, "v" the second ones, "y" the cotangent.
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
    padding_mode: str = ZEROS
    trimmed: tuple[int, ...] = ()
    dtype: np.dtype[Any] = FORMATS["float32"].dtype
    channels_first: bool = False
    quantised: Quantised = PLAIN
    weights: str = OWN
    epilogue: tuple[str, ...] = ()
    fill: str = "ones"
    seed: int = 0
    illegal: bool = False
    given_out: tuple[int, ...] = ()
    given_shapes: tuple[tuple[str, tuple[int, ...]], ...] = ()
    given_dtypes: tuple[tuple[str, str], ...] = ()
    memory: Memory = ()

    scheme: ClassVar[str] = ""
    """How a quantised answer is made of its sums, where the case is held to that; no part of its word."""
    arithmetic: ClassVar[str] = ""
    """How sums of floating-point numbers are computed, where the case is held to another than products."""

    written: ClassVar[str] = ""
    """The operand of a large case that a subject elsewhere wrote to, which is not sent back."""

    def __post_init__(self) -> None:
        for name, value in normal(self).items():
            object.__setattr__(self, name, value)
        validate(self)

    @classmethod
    def parse(cls, word: str) -> Case:
        """The case that a word names.

        Tokens are joined by `_`: the operation first, the others in any order.
        Raises InvalidCase, whose sentence repeats the word, cut where it is long, and names the token.
        """
        try:
            return cls(**fields_of(word))
        except InvalidCase as refusal:
            raise InvalidCase(f"{quoted(word, LENGTH)} is no case: {refusal}") from None

    @classmethod
    def of_axes(cls, shared: Mapping[str, Any], axes: tuple[Axis, ...]) -> Case:
        """The case with these axes and shared fields, made as quickly as a sweep needs.

        Nothing is converted or checked: the axes are legal, and `shared` has every other field that is not
        at its default, in its normal form, its `format`, and of the padding whether it is "SAME" or "VALID";
        any other stands for the axes' own cells.
        """
        case = object.__new__(cls)
        size, kernel, strides, dilations, before, after, *_ = zip(*axes, strict=True)
        vars(case).update(shared)
        vars(case).update(axes=axes, size=size, kernel=kernel, strides=strides, dilations=dilations)
        if not isinstance(case.padding, str):
            pairs = tuple(zip(before, after, strict=True))
            if case.border:  # which the axes count as padding
                own = zip(pairs, case.border, strict=True)
                pairs = tuple((pair[0] - cells[0], pair[1] - cells[1]) for pair, cells in own)
            vars(case)["padding"] = pairs
        return case

    def __str__(self) -> str:
        return word_of(self)

    def __repr__(self) -> str:
        return f"Case.parse({str(self)!r})"

    def _repr_pretty_(self, printer: Any, cycle: Any) -> None:
        """One line that can be pasted, for Hypothesis and IPython."""
        printer.text(repr(self))

    @property
    def rank(self) -> int:
        """Spatial axes."""
        return len(self.size)

    @property
    def borders(self) -> tuple[tuple[int, int], ...]:
        """The border's cells before and after each axis, which may be none."""
        return self.border or ((0, 0),) * self.rank

    @property
    def traits(self) -> Operation:
        """What the operation takes and answers."""
        return OPERATIONS[self.operation]

    @property
    def fill_traits(self) -> Fill:
        """How the operands are made."""
        return FILLS[self.fill]

    @property
    def is_bias_gradient(self) -> bool:
        """Whether it is a `filtergrad` with a bias, whose answer is the sum of the cotangent alone."""
        return self.traits.answer == "filters" and "bias" in self.epilogue

    @cached_property
    def axes(self) -> tuple[Axis, ...]:
        """The arithmetic of each spatial axis of the forward convolution; a border counts as padding."""
        axes, walks = [], zip(self.size, self.kernel, self.strides, self.dilations, self.borders, strict=True)
        for number, (size, kernel, stride, dilation, (before, after)) in enumerate(walks):
            pair = (0, 0)
            if self.padding == "SAME":
                pair = same_padding(before + size + after, kernel, stride, dilation)
            elif self.padding != "VALID":
                pair = self.padding[number]
            cells = (before + pair[0], pair[1] + after)
            fewer = self.trimmed[number] if self.trimmed else 0
            axes.append(Axis(size, kernel, stride, dilation, *cells, self.padding_mode, fewer))
        return tuple(axes)

    @cached_property
    def format(self) -> Format:
        """How the dtype rounds."""
        return format_of(self.dtype)

    @cached_property
    def is_large(self) -> bool:
        """Whether it is too large to be judged whole, and is judged by projection."""
        return is_large(self)

    @property
    def padding_kind(self) -> str:
        """One of PADDINGS: "same", "valid" or "explicit"."""
        return self.padding.lower() if isinstance(self.padding, str) else "explicit"

    @property
    def data_format(self) -> str:
        """As TensorFlow names it: "NWC", "NHWC", "NDHWC", or a channels-first form of these."""
        letters = "DHW"[-self.rank :]
        return f"NC{letters}" if self.channels_first else f"N{letters}C"

    @property
    def source_shape(self) -> tuple[int, ...]:
        """The shape of the forward convolution's input."""
        usual = self.in_data_format((self.batch, *self.size, self.channels))
        return usual if (given := self.given_shape("source")) is None else given

    @property
    def filter_shape(self) -> tuple[int, ...]:
        """(*kernel, channels of one group, filters) in every data format.

        (*kernel, channels, multiplier) for `depthwise` and `separable`.
        """
        if (given := self.given_shape("filters")) is not None:
            return given
        if self.traits.has_multiplier:
            return (*self.kernel, self.channels, self.multiplier)
        return (*self.kernel, self.channels // max(self.groups, 1), self.filter_count)

    @property
    def pointwise_shape(self) -> tuple[int, ...]:
        """The shape of the second filters of `separable`."""
        usual = (*(1,) * self.rank, self.channels * self.multiplier, self.filter_count)
        return usual if (given := self.given_shape("pointwise")) is None else given

    def given_shape(self, part: ArrayRole) -> tuple[int, ...] | None:
        """The shape in which an illegal call is given an operand, or asked for; None by its numbers."""
        return dict(self.given_shapes).get(LETTERS[part])

    @property
    def array_shapes(self) -> tuple[tuple[int, ...], ...]:
        """The shapes of the operation's own arrays."""
        shapes = (self.input_shape, self.factor_shape)
        return (*shapes, self.pointwise_shape) if self.traits.has_pointwise else shapes

    def dtype_of(self, part: ArrayRole) -> np.dtype[Any]:
        """The dtype of an operand, which an illegal call may be given in another than the case's."""
        if given := dict(self.given_dtypes).get(LETTERS[part]):
            return DTYPES[given].dtype
        is_other = part == "filters" and self.format.is_quantised
        return dtype_of(self, "factor") if is_other else self.dtype

    @property
    def result_shape(self) -> tuple[int, ...]:
        """The shape of the forward convolution's answer."""
        given = self.given_shape("result")
        if given is not None:
            return given
        if self.illegal and self.traits.answer != "result":
            return self.in_data_format((self.batch, *given_sizes(self), self.filter_count))
        return self.in_data_format((self.batch, *(axis.out for axis in self.axes), self._result_channels))

    @property
    def _result_channels(self) -> int:
        return self.filter_count if self.traits.has_filters else self.channels * self.multiplier

    def _shape_of(self, role: Role) -> tuple[int, ...]:
        match role:
            case "source":
                return self.source_shape
            case "filters":
                return self.filter_shape
            case "result":
                return self.result_shape

    @property
    def input_shape(self) -> tuple[int, ...]:
        """For `transpose` the shape of a forward answer, which is what is transposed."""
        return self._shape_of(self.traits.input)

    @property
    def factor_shape(self) -> tuple[int, ...]:
        """The shape of what the input is multiplied with: the filters, or a filtergrad's cotangent."""
        return self._shape_of(self.traits.factor)

    @property
    def output_shape(self) -> tuple[int, ...]:
        return (self.filter_count,) if self.is_bias_gradient else self._shape_of(self.traits.answer)

    @property
    def output_channels(self) -> int:
        """Channels of the answer: the length of a bias."""
        return self.channels if self.traits.answer == "source" else self._result_channels

    def in_data_format(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """A channels-last shape in this case's data format."""
        return (shape[0], shape[-1], *shape[1:-1]) if self.channels_first else shape

    def channels_last(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """A shape in this case's data format, channels last."""
        return (shape[0], *shape[2:], shape[1]) if self.channels_first else shape

    @property
    def why_illegal(self) -> str:
        """Why an illegal case must be refused, in one phrase."""
        return why_illegal(self) or ""

    @property
    def products(self) -> int:
        """Products in the sum of one output element at most, those with padding counted."""
        return self.traits.products(self)

    @property
    def reads_windows(self) -> bool:
        """Whether the input is read in windows, which may leave cells unread."""
        return self.traits.input == "source" and not self.is_bias_gradient

    def copied(self, **changes: Any) -> Case:
        """An equal case that makes its own arrays, but for these fields; it is not checked again."""
        case = object.__new__(Case)
        fields = vars(case)
        fields.update(vars(self))
        for made in _OF_ARRAYS + _OF_FIELDS if changes else _OF_ARRAYS:
            fields.pop(made, None)
        fields.update(changes)
        return case

    def held_to(self, scheme: str, arithmetic: str = "") -> Self:
        """The case whose right answer is what a scheme makes of its sums, where it is quantised.

        One of floating-point numbers is held to an arithmetic instead, and one of other integers to none.
        """
        if is_made_by_a_scheme(self):
            held = {"scheme": scheme} if scheme else {}
        else:
            held = {"arithmetic": arithmetic} if arithmetic and not self.format.exact_integers else {}
        if not held:
            return self
        case = object.__new__(type(self))
        vars(case).update(vars(self), **held)
        return case

    @property
    def is_made(self) -> bool:
        """Whether its arrays were made, which else nobody can have written to."""
        return "operands" in vars(self)

    def make_operands(self) -> Operands:
        """New arrays, always with the same numbers; what a subject writes to one set changes no other."""
        return make_in_slabs(self) if self.is_large else make_operands(self)

    @cached_property
    def operands(self) -> Operands:
        """The case's own arrays, made from the fill on first use."""
        made = self.make_operands()
        if self.is_large:
            vars(self)["digests"] = digests_of(made)
        return laid_out(self, made) if self.memory else made

    @property
    def out(self) -> Array:
        """An array to answer in, which lies as the input does; cells around it must stay as they are."""
        return answer_page(self).view()

    @property
    def digests(self) -> Mapping[str, tuple[int, ...]]:
        """Checksums of the operands of a large case as they were made; none of another."""
        return vars(self).get("digests", {})  # type: ignore[no-any-return]

    @property
    def input(self) -> Array:
        """The input, `input_shape`; of a transpose, what is transposed."""
        return self.operands.input

    @property
    def filters(self) -> Array:
        """The filters, `filter_shape`; AttributeError for `filtergrad`, whose answer they would be."""
        if self.traits.factor == "result":
            raise AttributeError(f"a {self.operation} has an input and a cotangent, and no filters")
        return self.operands.factor

    @property
    def cotangent(self) -> Array:
        """The cotangent of a gradient, `result_shape`; for `transpose` it is the input."""
        if self.traits.factor == "result":
            return self.operands.factor
        if self.traits.input == "result":
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
        return self.operands.norm

    @property
    def norm_epsilon(self) -> float:
        return NORM_EPSILON
