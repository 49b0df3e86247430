"""The ways of quantised convolutions: QLinearConv, ConvInteger, and Conv between QDQ's two operators."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from verify.cases.case import Case
from verify.cases.domain import Domain, Space
from verify.cases.operands import Array
from verify.checks.limits import Limit
from verify.subjects.built_in import MISQUANTISED, conditions_inside, conditions_of_illegal
from verify.subjects.channels_first import filters_of
from verify.subjects.documented import limits_of
from verify.subjects.onnxruntime.convolution import padded, walk_of
from verify.subjects.onnxruntime.graph import Graph
from verify.subjects.onnxruntime.sessions import LEVELS, answer_of

SIGNED = 128
"""What lies between the integers of uint8 and int8 that stand for the same number."""


def _scalar(graph: Graph, name: str, value: float, dtype: Any) -> str:
    return graph.hold(name, np.array(value, dtype))


def _image(case: Case, graph: Graph) -> list[str]:
    """The names of the input, its scale and its zero point."""
    quantised = case.quantised
    x = graph.take("x", case.input)
    scale = _scalar(graph, "x_scale", quantised.x_scale, np.float32)
    return [x, scale, _scalar(graph, "x_zero_point", quantised.x_zero_point, case.dtype)]


def _filters(case: Case, graph: Graph, *, signed: bool) -> list[str]:
    """The names of the filters, their scales and their zero points, as int8 where they are to be signed."""
    quantised, filters = case.quantised, np.asarray(filters_of(case))
    zero = np.array(quantised.w_zero_point, filters.dtype)
    scale = np.array(quantised.w_scale[0], np.float32)
    if quantised.is_per_channel:
        scale = np.array(quantised.w_scales(case.output_channels), np.float32)
        zero = np.full(scale.shape, zero)
    if signed:
        filters, zero = _as_signed(filters), _as_signed(zero)
    arrays = {"w": filters, "w_scale": scale, "w_zero_point": zero}
    return [graph.hold(name, array) for name, array in arrays.items()]


def _as_signed(integers: Array) -> Array:
    return np.asarray(integers.astype(np.int16) - SIGNED, np.int8)


def _answer(case: Case, graph: Graph) -> list[str]:
    """The names of the answer's scale and zero point."""
    quantised = case.quantised
    scale = _scalar(graph, "y_scale", quantised.y_scale, np.float32)
    return [scale, _scalar(graph, "y_zero_point", quantised.y_zero_point, case.dtype)]


def _attributes(case: Case) -> dict[str, Any]:
    return {**walk_of(case), **padded(case, "")}


def _bias(case: Case, graph: Graph) -> list[str]:
    return [] if case.bias is None else [graph.hold("b", case.bias)]


def linear(case: Case, graph: Graph, *, signed: bool) -> None:
    """QLinearConv alone."""
    operands = [*_image(case, graph), *_filters(case, graph, signed=signed), *_answer(case, graph)]
    graph.add("QLinearConv", [*operands, *_bias(case, graph)], **_attributes(case))


def integer(case: Case, graph: Graph, *, signed: bool) -> None:
    """ConvInteger, whose sums become real numbers and are quantised, as after DynamicQuantizeLinear."""
    x, x_scale, x_zero = _image(case, graph)
    w, w_scale, w_zero = _filters(case, graph, signed=signed)
    graph.hold(w_zero, graph.held[w_zero].reshape(-1)[0])  # it takes one for all channels alone
    sums = graph.add("ConvInteger", [x, w, x_zero, w_zero], **_attributes(case))
    if case.bias is not None:
        bias = graph.hold("b", case.bias.reshape(-1, *(1,) * case.rank))
        sums = graph.add("Add", [sums, bias])
    real = graph.add("Cast", [sums], to=1)
    scale = np.float32(graph.held[x_scale]) * graph.held[w_scale]
    factor = graph.hold("scale", np.asarray(scale, np.float32).reshape(-1, *(1,) * case.rank))
    for name in (x_scale, w_scale):
        del graph.held[name]
    real = graph.add("Mul", [real, factor])
    graph.add("QuantizeLinear", [real, *_answer(case, graph)])


def between(case: Case, graph: Graph, *, signed: bool) -> None:
    """Conv of what DequantizeLinear makes of input, filters and bias, and QuantizeLinear after it."""
    x = graph.add("DequantizeLinear", _image(case, graph))
    operands = _filters(case, graph, signed=signed)
    along = {"axis": 0} if case.quantised.is_per_channel else {}
    w = graph.add("DequantizeLinear", operands, **along)
    bias = []
    if case.bias is not None:
        scale = np.asarray(np.float32(case.quantised.x_scale) * graph.held["w_scale"], np.float32)
        names = [graph.hold("b", case.bias), graph.hold("b_scale", scale)]
        names.append(graph.hold("b_zero_point", np.zeros(scale.shape, np.int32)))
        bias = [graph.add("DequantizeLinear", names, **along)]
    real = graph.add("Conv", [x, w, *bias], **_attributes(case))
    graph.add("QuantizeLinear", [real, *_answer(case, graph)])


class Operator(NamedTuple):
    """How a way's graph is written, and the scheme of its answers, if it is run as written, too."""

    write: Callable[..., None]
    scheme: str
    scheme_as_written: str


OPERATORS: Mapping[str, Operator] = MappingProxyType(
    {
        "QLinearConv": Operator(linear, "float32", "float32"),
        "ConvInteger": Operator(integer, "float32-divided", "float32-divided"),
        "QDQ": Operator(between, "float32", ""),
    }
)
"""Name → operator. QDQ is fused to a QLinearConv, and as it is written a Conv in float32."""

SIGNS: Mapping[str, bool] = MappingProxyType({"": False, "+signed-filters": True})
"""How a way's name ends → whether filters of uint8 are written as int8, with the zero point moved as far."""

_CONDITIONS = (("0 not in out and batch > 0 and 0 not in size", "it is asked no empty int8 convolution"),)

_REACH = " * ".join(
    f"(max(255 - {zero}, {zero}) if dtype == 'uint8' else max(127 - {zero}, {zero} + 128))"
    for zero in ("x_zero_point", "w_zero_point")
)
"""The largest product of the distances of two integers from their zero points."""

_IN_FLOAT32 = (
    (
        "multiplier_of_sums < 0.5 or (x_scale == y_scale == 1 and set(w_scale) == set((1.0,)))",
        "its roundings are allowed for where a step is two sums or more, or there are none",
    ),
    (
        f"products * (products + 4) * {_REACH} < 2**23",
        "its sums in float32 are within half a unit of the exact ones for a few products alone",
    ),
    ("x_scale * min(w_scale) > 1e-30", "products of real numbers are normal"),
)
"""Where a Conv in float32 comes as near as the interval that is allowed where no scheme is declared.

With n products, u = 2**-24 and Σ the sum of the products of distances: two roundings of the factors of each
product, n of products and sums and one of the quotient by the answer's scale are less than (n + 4)·u·Σ in
units of a sum, which is below half of one as Σ < 2**23 / (n + 4). Below a multiplier of ½ half of that unit
is less than 2**-(shift + 1), which `verify.oracle.requantised` allows for a first rounding. A bias of 32 bits
would lose more.
"""

_OF_ILLEGAL = (
    MISQUANTISED,
    (
        """all((-128 if dtype == 'int8' else 0) <= zero and zero <= (127 if dtype == 'int8' else 255) \
            for zero in (x_zero_point, w_zero_point, y_zero_point))""",
        "its zero points are tensors of a dtype, which hold no number outside it",
    ),
    (
        "not any(dtype in ('int8', 'uint8', 'int32') for operand, dtype in given_dtypes if operand == 'w')",
        "its operators are defined for filters of other integers, too",
    ),
)
_SIGNED_FILTERS = (
    "not any(operand == 'w' for operand, dtype in given_dtypes)",
    "its filters are made signed",
)
_REAL = (
    """all(1.17549435e-38 <= scale and scale < 3.5e38 for scale in (x_scale,) + w_scale) \
        and len(w_scale) <= (channels * multiplier if operation == 'depthwise' else filters)""",
    "the scales of its operands are no operands of ConvInteger, and Mul takes any numbers",
)
"""What a graph cannot say of an illegal call, or may."""


@dataclass(frozen=True)
class QuantisedWay:
    """An operator with its filters as they are or signed, at one level of optimisation; a subject itself."""

    operator: str
    signs: str
    level: str

    @property
    def name(self) -> str:
        return f"{self.operator}{self.signs}{self.level}"

    @property
    def operations(self) -> tuple[str, ...]:
        return ("conv", "depthwise")

    @property
    def scheme(self) -> str:
        operator = OPERATORS[self.operator]
        return operator.scheme_as_written if self.level else operator.scheme

    @cached_property
    def domain(self) -> Domain:
        space = Space(
            dtypes=("uint8",) if SIGNS[self.signs] else ("int8", "uint8"),
            data_formats=("channels_first",),
            around=("bias",) if self.scheme else (),
        )
        texts = _CONDITIONS if self.scheme else (*_CONDITIONS, *_IN_FLOAT32)
        spaces = {"conv": space, "depthwise": space._replace(ranks=(1, 2))}
        conditions = (*conditions_inside(texts), *conditions_of_illegal(self._of_illegal))
        return Domain(spaces=spaces, conditions=conditions)

    @property
    def refuses(self) -> tuple[str, ...]:
        return self.operations

    @property
    def _of_illegal(self) -> tuple[tuple[str, str], ...]:
        """What its graph can say of an illegal call."""
        signed, real = (_SIGNED_FILTERS,) * SIGNS[self.signs], (_REAL,) * (self.operator == "ConvInteger")
        return (*_OF_ILLEGAL, *signed, *real)

    @property
    def limits(self) -> tuple[Limit, ...]:
        return limits_of("onnxruntime", "eager", self.name)

    def __call__(self, case: Case) -> Array:
        """ONNX Runtime's answer; its own errors pass through."""
        graph = Graph.empty()
        OPERATORS[self.operator].write(case, graph, signed=SIGNS[self.signs])
        return answer_of(case, graph, LEVELS[self.level])


WAYS = tuple(QuantisedWay(*parts) for parts in product(OPERATORS, SIGNS, LEVELS))
