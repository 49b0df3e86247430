"""The table of operations: what each multiplies and answers, and the steps that may come before and after.

A forward convolution relates three arrays: the source that it reads in windows, the filters, and the
result. Each operation is given two of them, or of their gradients, and answers with the third.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from verify.cases.geometry import ceil_div
from verify.cases.modes import ZEROS
from verify.cases.reads import most_reads

if TYPE_CHECKING:
    from verify.cases.case import Case

Role: TypeAlias = Literal["source", "filters", "result"]

ACTIVATIONS = ("relu", "relu6", "leaky", "elu", "tanh", "sigmoid")
EPILOGUE = ("bias", "norm", "residual", *ACTIVATIONS)
AROUND = ("border", *EPILOGUE)
"""What may come before and after a convolution."""

WHOLE = ("bias", "residual", "relu", "relu6")
"""Steps that take integers to integers."""

ONE_ROUNDING = ("relu", "relu6", "leaky")
"""Steps that may be taken before or after the rounding to the dtype."""

SLOPE_BITS = 4
"""Bits that the slope of a leaky relu lowers a sum's last bit by, at most, where it is exact."""

_STAGES = {"bias": 0, "norm": 0, "residual": 1}


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One row of the table.

    `products` is the largest number of products in the sum of one element, those with padding included;
    `lengthened_by` is the count that increases it, besides the kernel or the output. `has_filters` says
    whether `f` counts filters, where the multiplier alone does not say how many channels come out.
    `has_pointwise` says whether second filters follow, a step whose input a subject stores.
    """

    name: str
    products: Callable[[Case], int]
    lengthened_by: Literal["batch", "channels", "filters"] | None = "channels"
    input: Role = "source"
    factor: Role = "filters"
    answer: Role = "result"
    ranks: tuple[int, ...] = (1, 2, 3)
    has_filters: bool = True
    has_groups: bool = True
    has_multiplier: bool = False
    has_pointwise: bool = False
    takes_border: bool = False
    epilogue: tuple[str, ...] = EPILOGUE

    @property
    def factor_name(self) -> str:
        """What the input is multiplied with: "filters", or a "cotangent"."""
        return "cotangent" if self.factor == "result" else "filters"

    @property
    def is_convolution(self) -> bool:
        """Whether it is the forward convolution itself: no multiplier, and no gradient."""
        return self.answer == "result" and not self.has_multiplier

    @property
    def answers_image(self) -> bool:
        """Whether the answer is an image, whose channels come first where the case's do, and not filters."""
        return self.answer != "filters"


def _products_of_transpose(case: Case) -> int:
    """The taps that can reach one cell: those whose t·dilation leave the same remainder modulo the stride.

    Where padding repeats cells, the pairs of a window and a tap that read one.
    """
    if case.padding_mode != ZEROS:
        return math.prod(map(most_reads, case.axes)) * (case.filter_count // case.groups)
    steps = zip(case.kernel, case.strides, case.dilations, strict=True)
    taps = (ceil_div(kernel, stride // math.gcd(stride, dilation)) for kernel, stride, dilation in steps)
    return math.prod(taps) * (case.filter_count // case.groups)


_ROWS = (
    Operation(
        name="conv",
        products=lambda case: math.prod(case.kernel) * (case.channels // case.groups),
        takes_border=True,
    ),
    Operation(
        name="depthwise",
        products=lambda case: math.prod(case.kernel),
        lengthened_by=None,
        ranks=(1, 2),
        has_filters=False,
        has_groups=False,
        has_multiplier=True,
        takes_border=True,
    ),
    Operation(
        name="separable",
        products=lambda case: math.prod(case.kernel) * case.channels * case.multiplier,
        ranks=(1, 2),
        has_groups=False,
        has_multiplier=True,
        has_pointwise=True,
    ),
    Operation(
        name="transpose",
        products=_products_of_transpose,
        lengthened_by="filters",
        input="result",
        answer="source",
    ),
    Operation(
        name="filtergrad",
        products=lambda case: case.batch * math.prod(axis.out for axis in case.axes),
        lengthened_by="batch",
        factor="result",
        answer="filters",
        epilogue=("bias",),
    ),
)

OPERATIONS = {operation.name: operation for operation in _ROWS}
"""Name → operation."""


def leaky(slope: float) -> str:
    """The step of a leaky relu in its one spelling."""
    return f"leaky{slope:.6f}".rstrip("0").rstrip(".")


def slope_of(step: str) -> float:
    """The slope that a step of the epilogue has below 0, for a leaky relu."""
    return float(step.removeprefix("leaky"))


def kind_of(step: str) -> str:
    """A step of the epilogue without its slope: one of EPILOGUE."""
    return "leaky" if step.startswith("leaky") else step


def is_step(step: str) -> bool:
    """Whether it is a step in its one spelling, a leaky relu with its slope."""
    if kind_of(step) != "leaky":
        return step in EPILOGUE
    try:
        return leaky(slope_of(step)) == step and 0 <= slope_of(step) < 1000
    except ValueError:
        return False


def is_in_order(steps: tuple[str, ...]) -> bool:
    """Whether a bias or a norm comes first, then a residual, then one activation."""
    stages = [_STAGES.get(kind_of(step), 2) for step in steps]
    return stages == sorted(set(stages))


def is_exact_step(step: str) -> bool:
    """Whether a step of the epilogue gives integers (or their halves, quarters …) without rounding."""
    if kind_of(step) == "leaky":
        return math.frexp(slope_of(step))[0] == 0.5 and slope_of(step) >= 2.0**-SLOPE_BITS
    return step in WHOLE
