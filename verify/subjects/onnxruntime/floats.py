"""The ways of Conv and ConvTranspose: padding in cells or by a rule, optimised or as it is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from types import MappingProxyType
from typing import ClassVar

from verify.cases.case import Case
from verify.cases.domain import Domain, Space
from verify.cases.modes import ZEROS
from verify.cases.operands import Array
from verify.checks.limits import Limit
from verify.subjects.built_in import FILLED, conditions_inside
from verify.subjects.documented import limits_of
from verify.subjects.onnxruntime.convolution import (
    PADS,
    AutoPad,
    flipped,
    graph_of,
    mirrored,
)
from verify.subjects.onnxruntime.sessions import LEVELS, answer_of

OPERATIONS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"Conv": ("conv", "depthwise", "separable"), "ConvTranspose": ("transpose",)}
)
"""Operator → the operations that it computes."""

PADDINGS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "": ("same", "valid", "explicit"),
        "+auto-pad": ("same", "valid"),
        "+same-lower": ("same",),
        "+Pad": ("same", "explicit"),
    }
)
"""How a way's name ends → the paddings that it takes: in cells, by the rule that a case names, mirrored, or
by a node of its own, which repeats cells."""

_CONDITIONS = (
    (
        "slope == float32(slope) or dtype != 'float64'",
        "LeakyRelu holds its slope as a float32, which it is not",
    ),
)

_TRANSPOSED = (
    "all(i + sum(p) >= (o - 1) * s + k for i, p, o, s, k in zip(size, pads, out, strides, span))",
    "output_padding is not negative, by the specification of ConvTranspose",
)

_MIRRORED = (
    "all((o - 1) * s + k >= i for o, s, k, i in zip(out, strides, span, bordered))",
    "where SAME's total is clamped, a mirrored SAME_UPPER is no SAME_LOWER",
)


@dataclass(frozen=True)
class Way:
    """One operator with the padding in one form at one level of optimisation; a subject of its own."""

    operator: str
    padding: str
    level: str
    refuses: ClassVar[tuple[str, ...]] = ()
    """Nothing: its model is made from a case's numbers, and says no others."""

    @property
    def name(self) -> str:
        return f"{self.operator}{self.padding}{self.level}"

    @property
    def operations(self) -> tuple[str, ...]:
        return OPERATIONS[self.operator]

    @property
    def is_padded_first(self) -> bool:
        """Whether a node of its own pads, with cells of the input."""
        return self.padding == "+Pad"

    @cached_property
    def domain(self) -> Domain:
        """The cases that ONNX can express."""
        space = Space(
            dtypes=("float16", "float32", "float64"),
            data_formats=("channels_first",),
            paddings=PADDINGS[self.padding],
            padding_modes=tuple(PADS) if self.is_padded_first else (ZEROS,),
        )
        texts = [*_CONDITIONS]
        texts += [_TRANSPOSED] if self.operator == "ConvTranspose" else []
        texts += [_MIRRORED] if self.padding == "+same-lower" else []
        texts += FILLED if self.is_padded_first else ()
        return Domain(spaces=dict.fromkeys(self.operations, space), conditions=conditions_inside(texts))

    @property
    def limits(self) -> tuple[Limit, ...]:
        return limits_of("onnxruntime", "eager", self.name)

    def __call__(self, case: Case) -> Array:
        """ONNX Runtime's answer; its own errors pass through."""
        is_mirrored = self.padding == "+same-lower"
        graph = graph_of(case, auto_pad=_RULES[self.padding, case.padding_kind])
        graph = mirrored(graph) if is_mirrored else graph
        answer = answer_of(case, graph, LEVELS[self.level])
        return flipped(answer) if is_mirrored else answer


_RULES: Mapping[tuple[str, str], AutoPad] = MappingProxyType(
    {
        **{(name, mode): "" for name in ("", "+Pad") for mode in PADDINGS[name]},
        ("+auto-pad", "same"): "SAME_UPPER",
        ("+auto-pad", "valid"): "VALID",
        ("+same-lower", "same"): "SAME_LOWER",
    }
)
"""How a way's name ends and a case's padding → ONNX's name of it; SAME's odd cell goes after."""

WAYS = tuple(
    Way(operator, padding, level)
    for operator, padding, level in product(OPERATIONS, PADDINGS, LEVELS)
    if (operator, padding) != ("ConvTranspose", "+Pad")  # which has no padding that repeats cells
)
