"""The ways of TensorFlow Lite's operators: each operator and dtype by each set of kernels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, TypeAlias

from verify.cases.case import Case
from verify.cases.domain import Domain, Space
from verify.cases.dtypes import QUANTISED
from verify.cases.operands import Array
from verify.cases.operations import OPERATIONS
from verify.checks.limits import Limit
from verify.subjects.built_in import MISQUANTISED, conditions_inside, conditions_of_illegal
from verify.subjects.documented import limits_of
from verify.subjects.litert.floats import FloatWay, float_ways
from verify.subjects.litert.kernels import KERNELS, Engine
from verify.subjects.litert.models import OPERATORS, answer_of

_EVERY = (
    (
        "batch > 0 and 0 not in size and 0 not in out and min(channels, filters) > 0",
        "it computes no empty quantised convolution",
    ),
    (
        "x_scale * min(w_scale) / y_scale >= 2**-32",
        "its default kernels are others where a multiplier is below 2**-32",
    ),
    ("'relu6' not in epilogue or 6 / y_scale < 2**31 - 2**9", "the end of relu6 is a step of 32 bits"),
)

_SIGNED = (("w_zero_point == 0", "int8 filters have the zero point 0, by the quantization specification"),)

_OF_32_BITS = (
    (
        "multiplier_of_sums < 1 or (multiplier_of_sums < 2 and fill != 'levels')",
        "its product with a multiplier of 1 or more may overflow",
    ),
)

_OF_64_BITS = (
    (
        "multiplier_of_sums * products < 2**8 and (fill != 'levels' or 'bias' not in epilogue \
            or multiplier_of_sums < 2**-17)",
        "its product with a multiplier may overflow 32 bits",
    ),
)

_DELEGATED_TRANSPOSE = (
    (
        "padding != 'same' or all(s <= k for s, k in zip(strides, kernel))",
        "its default kernels are the built-in ones where cells lie between the windows of SAME",
    ),
)

CONDITIONS = {
    "int8": (*_EVERY, *_SIGNED, *_OF_32_BITS),
    "uint8": (*_EVERY, *_OF_32_BITS),
    "int16": (*_EVERY, *_SIGNED, *_OF_64_BITS),
}
"""Dtype → what its operators support beside lists, and the reason of what they do not."""


@dataclass(frozen=True)
class QuantisedWay:
    """An operator in a quantised dtype by a set of kernels of an engine; a subject of its own."""

    engine: Engine
    operation: str
    dtype: str
    kernels: str
    mode: str = "lite"
    cost: ClassVar[int] = 1
    compiles: ClassVar[bool] = False

    @property
    def name(self) -> str:
        return f"{OPERATORS[self.operation].name}+{self.dtype}{self.kernels}"

    @property
    def operations(self) -> tuple[str, ...]:
        return (self.operation,)

    @property
    def refuses(self) -> tuple[str, ...]:
        return self.operations

    @property
    def scheme(self) -> str:
        """How it makes answers of sums; that of the built-in kernels is the one of AVX, AVX2 and AVX-512."""
        return KERNELS[self.kernels].schemes[self.dtype][self.operation]

    @cached_property
    def domain(self) -> Domain:
        space = Space(
            ranks=OPERATIONS[self.operation].ranks,
            dtypes=(self.dtype,),
            data_formats=("channels_last",),
            paddings=("same", "valid"),
            around=("bias", "relu", "relu6"),
            max_groups=1,
            max_dilation=1 if self.operation == "transpose" else None,
        )
        is_delegated = self.operation == "transpose" and self.scheme == "float32"
        own = (*CONDITIONS[self.dtype], *(_DELEGATED_TRANSPOSE if is_delegated else ()))
        conditions = (*conditions_inside(own), *conditions_of_illegal((MISQUANTISED,)))
        return Domain(spaces={self.operation: space}, conditions=conditions)

    @property
    def limits(self) -> tuple[Limit, ...]:
        """What its operator refuses, in its words."""
        return limits_of(self.engine.framework, "operator", self.name)

    def __call__(self, case: Case) -> Array:
        """TensorFlow Lite's answer; its own errors pass through."""
        return answer_of(case, self.engine, KERNELS[self.kernels])


OperatorWay: TypeAlias = FloatWay | QuantisedWay


def operator_ways(engine: Engine) -> Iterator[OperatorWay]:
    """Every operator in every dtype by every set of kernels."""
    yield from float_ways(engine)
    for dtype in QUANTISED:
        for operation in OPERATORS:
            yield from (QuantisedWay(engine, operation, dtype, kernels) for kernels in KERNELS)
