"""OpenVINO's ways to a convolution."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import product
from types import MappingProxyType

import numpy as np
import openvino

from verify.cases.case import Case
from verify.cases.domain import Domain, Space
from verify.cases.operands import Array
from verify.checks.limits import Limit
from verify.subjects.built_in import FILLED, conditions_inside
from verify.subjects.documented import limits_of
from verify.subjects.openvino.models import PADS, model_of
from verify.subjects.openvino.switches import THREADS, switches

VERSION: str = openvino.__version__.partition("-")[0]
SWITCHES = switches()

OPERATORS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "Convolution": ("conv", "depthwise", "separable"),
        "Convolution+auto-pad": ("conv", "depthwise", "separable"),
        "Pad+Convolution": ("conv", "depthwise", "separable"),
        "ConvolutionBackpropData": ("transpose",),
    }
)
"""Operator → the operations that it computes; padding in cells, by a rule, or by an operator before."""

MODES: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {"": {"INFERENCE_PRECISION_HINT": "f32"}, "+accuracy": {"EXECUTION_MODE_HINT": "ACCURACY"}}
)
"""How a way's name ends → what asks for float32: its default is bfloat16 where the CPU has it."""

_TRANSPOSED = (
    "all(i + sum(p) >= (o - 1) * s + k for i, p, o, s, k in zip(size, pads, out, strides, span))",
    "output_padding is not negative, by the specification of ConvolutionBackpropData",
)


@cache
def _core() -> openvino.Core:
    return openvino.Core()


@dataclass(frozen=True)
class Way:
    """One operator in one mode; a subject of its own."""

    operator: str
    mode: str

    @property
    def name(self) -> str:
        return f"{self.operator}{self.mode}"

    @property
    def operations(self) -> tuple[str, ...]:
        return OPERATORS[self.operator]

    @cached_property
    def domain(self) -> Domain:
        is_ruled = self.operator.endswith("+auto-pad")
        space = Space(
            dtypes=("float32",),
            data_formats=("channels_first",),
            paddings=("same", "valid") if is_ruled else ("same", "valid", "explicit"),
        )
        texts: Sequence[tuple[str, str]] = (_TRANSPOSED,) if self.operations == ("transpose",) else ()
        if self.operator.startswith("Pad+"):
            space = space._replace(paddings=("same", "explicit"), padding_modes=tuple(PADS))
            texts = FILLED
        return Domain(spaces=dict.fromkeys(self.operations, space), conditions=conditions_inside(texts))

    @property
    def limits(self) -> tuple[Limit, ...]:
        return limits_of("openvino", "eager", self.name)

    def __call__(self, case: Case) -> Array:
        """OpenVINO's answer; its own errors pass through."""
        model, inputs = model_of(case, auto_pad=self.operator.endswith("+auto-pad"))
        settings = {**MODES[self.mode], "INFERENCE_NUM_THREADS": int(SWITCHES[THREADS]), "NUM_STREAMS": 1}
        compiled = _core().compile_model(model, "CPU", settings)
        return np.array(compiled.create_infer_request().infer(inputs)[0])


WAYS: Mapping[str, Way] = {f"{op}{mode}": Way(op, mode) for op, mode in product(OPERATORS, MODES)}
"""Every way by its name."""
