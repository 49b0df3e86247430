"""Keras's ways to a convolution, by its layers and its functions, on one backend."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType

from verify.cases.case import Case
from verify.cases.domain import Domain, Space
from verify.cases.dtypes import FORMATS
from verify.cases.operands import Array
from verify.cases.operations import OPERATIONS
from verify.checks.limits import Limit
from verify.subjects.built_in import FILLED, conditions_inside
from verify.subjects.documented import limits_of
from verify.subjects.keras.imported import LIBRARY, SWITCHES, array_of
from verify.subjects.keras.layers import stack_of
from verify.subjects.keras.operations import MODES, computed
from verify.subjects.keras.switches import BACKEND

_PADDED = (
    "padding != 'explicit' or rank == 1 and pads[0] == (span[0] - 1, 0) and border == ()",
    "Keras has no explicit padding in a convolution, except for the causal one of Conv1D",
)

_CALLS: Mapping[str, str] = MappingProxyType(
    {
        "conv": "Conv",
        "depthwise": "DepthwiseConv",
        "separable": "SeparableConv",
        "transpose": "ConvTranspose",
    }
)
"""Operation → the layer, without its number of axes."""

_FUNCTIONS: Mapping[str, str] = MappingProxyType(
    {
        "conv": "conv",
        "depthwise": "depthwise_conv",
        "separable": "separable_conv",
        "transpose": "conv_transpose",
    }
)


@dataclass(frozen=True)
class Way:
    """One layer or function, with what comes before and after it; a subject of its own."""

    operation: str
    is_layer: bool
    is_padded_first: bool = False

    @property
    def name(self) -> str:
        if self.is_padded_first:
            return f"ops.pad+ops.{_FUNCTIONS[self.operation]}"
        return f"layers.{_CALLS[self.operation]}" if self.is_layer else f"ops.{_FUNCTIONS[self.operation]}"

    @property
    def operations(self) -> tuple[str, ...]:
        return (self.operation,)

    @cached_property
    def domain(self) -> Domain:
        """The cases of its operation; the backend numpy convolves by JAX in 32 bits, and has no float64."""
        space = Space(
            ranks=OPERATIONS[self.operation].ranks,
            dtypes=tuple(token for token in FORMATS if token != "float64" or SWITCHES[BACKEND] != "numpy"),
            paddings=("same", "valid", "explicit") if self.is_causal else ("same", "valid"),
            max_groups=1 if self.operation == "transpose" else None,
        )
        texts: Sequence[tuple[str, str]] = (_PADDED,) if self.is_causal else ()
        if self.is_padded_first:
            space = space._replace(paddings=("same", "explicit"), padding_modes=MODES)
            texts = FILLED
        return Domain(spaces={self.operation: space}, conditions=conditions_inside(texts))

    @property
    def is_causal(self) -> bool:
        """Whether it has the padding of a causal convolution."""
        return self.is_layer and self.operation == "conv"

    @property
    def limits(self) -> tuple[Limit, ...]:
        called = (self.name,) if not self.is_padded_first else (self.name, self.name.removeprefix("ops.pad+"))
        return tuple(limit for name in called for limit in limits_of("keras", SWITCHES[BACKEND], name))

    def __call__(self, case: Case) -> Array:
        """Keras's answer; its own errors pass through."""
        with warnings.catch_warnings(action="ignore"):
            if self.is_layer:
                return array_of(stack_of(LIBRARY, case))
            return array_of(computed(case, is_padded_first=self.is_padded_first))


_EVERY = [
    *(Way(operation, is_layer) for is_layer in (True, False) for operation in _CALLS),
    *(
        Way(operation, is_layer=False, is_padded_first=True)
        for operation in ("conv", "depthwise", "separable")
    ),
]

WAYS: Mapping[str, Way] = MappingProxyType({way.name: way for way in _EVERY})
"""Every way by its name."""
