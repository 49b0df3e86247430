"""The table of operations: what each multiplies and answers, which tokens it takes, how long its sums are.

A forward convolution relates three arrays: the source that it reads in windows, the filters, and the
result. Each operation is given two of them, or of their gradients, and answers with the third.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from verify.cases.epilogue import EPILOGUE
from verify.cases.geometry import ceil_div

if TYPE_CHECKING:
    from verify.cases.case import Case

Role: TypeAlias = Literal["source", "filters", "result"]


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One row of the table.

    `products` counts those in the sum of one element of the answer at most, those with padding included;
    `lengthened_by` is the count with which they grow, beside the kernel or the output. `has_filters` says
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
    has_illegal_calls: bool = True

    @property
    def factor_name(self) -> str:
        """What the input is multiplied with: "filters", or a "cotangent"."""
        return "cotangent" if self.factor == "result" else "filters"


def _products_of_transpose(case: Case) -> int:
    """The taps that can reach one cell: those whose t·dilation leave the same remainder modulo the stride."""
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
        has_illegal_calls=False,
    ),
)

OPERATIONS = {operation.name: operation for operation in _ROWS}
"""Name → operation."""
