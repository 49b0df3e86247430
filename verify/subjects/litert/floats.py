"""The ways of TensorFlow Lite's operators in float32: each operator by each set of kernels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

from verify.cases.case import Case
from verify.cases.domain import RANKS, Domain, Space
from verify.cases.operands import Array
from verify.cases.operations import OPERATIONS
from verify.cases.weights import KEPT, OWN, WEIGHTS
from verify.checks.limits import Limit
from verify.subjects.built_in import conditions_inside
from verify.subjects.documented import limits_of
from verify.subjects.litert.kernels import DYNAMIC, KERNELS, Engine
from verify.subjects.litert.models import OPERATORS, answer_of

_CONDITIONS = (
    (
        "batch > 0 and 0 not in size and 0 not in out and min(channels, filters) > 0",
        "it computes no empty convolution",
    ),
)


@dataclass(frozen=True)
class FloatWay:
    """An operator in float32 by a set of kernels of an engine; a subject of its own.

    Its filters are kept in float32, or in the dtype that `weights` says.
    """

    engine: Engine
    operation: str
    kernels: str
    weights: str = OWN
    mode: str = "lite"
    cost: ClassVar[int] = 1
    compiles: ClassVar[bool] = False
    refuses: ClassVar[tuple[str, ...]] = ()
    """Nothing: its model is made from a case's numbers, and says no others."""

    @property
    def name(self) -> str:
        kept = "" if self.weights == OWN else f"+{self.weights}weights"
        return f"{OPERATORS[self.operation].name}+float32{kept}{self.kernels}"

    @property
    def operations(self) -> tuple[str, ...]:
        return (self.operation,)

    @property
    def scheme(self) -> str:
        """How it quantises its input and makes float32 of its sums; "" where it does not."""
        return KERNELS[self.kernels].schemes[DYNAMIC][self.operation] if self.weights == "int8" else ""

    @cached_property
    def domain(self) -> Domain:
        kept_ranks = (1, 2) if self.weights == "int8" else RANKS
        space = Space(
            ranks=tuple(rank for rank in OPERATIONS[self.operation].ranks if rank in kept_ranks),
            dtypes=("float32",),
            data_formats=("channels_last",),
            paddings=("same", "valid"),
            weight_dtypes=(self.weights,),
            around=("bias", "relu", "relu6"),
            max_dilation=1 if self.operation == "transpose" else None,
            max_groups=1 if self.operation == "transpose" else None,
        )
        return Domain(spaces={self.operation: space}, conditions=conditions_inside(_CONDITIONS))

    @property
    def limits(self) -> tuple[Limit, ...]:
        """What its operator refuses, in its words."""
        return limits_of(self.engine.framework, "operator", self.name)

    def __call__(self, case: Case) -> Array:
        """TensorFlow Lite's answer; its own errors pass through."""
        return answer_of(case, self.engine, KERNELS[self.kernels])


def float_ways(engine: Engine) -> Iterator[FloatWay]:
    """Every operator in float32 by every set of kernels, with filters kept in each dtype."""
    for weights in WEIGHTS:
        for operation in KEPT[weights].operations if weights in KEPT else OPERATORS:
            yield from (FloatWay(engine, operation, kernels, weights) for kernels in KERNELS)
