"""An ONNX model of a case with its data, in the layout of ONNX's backend tests.

ONNX has channels first for every data format of a case. Padding is written in cells, so that no
runtime interprets SAME. The model holds its weights; the input and a residual are its inputs.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import onnx
from onnx import helper, numpy_helper

from verify.cases.case import Case
from verify.cases.operands import Array
from verify.cases.operations import kind_of, slope_of
from verify.checks.files import naming
from verify.checks.replacing import replace_file
from verify.export import CannotExport
from verify.oracle.bounds import judgement

OPSET = 17
BFLOAT16_OPSET = 22
"""The first in which Conv and ConvTranspose take bfloat16."""

IR_VERSION = 10
"""The version of the format with both: runtimes refuse newer versions than they know."""

_OPERATORS = {"relu": "Relu", "elu": "Elu", "tanh": "Tanh", "sigmoid": "Sigmoid"}


class Exported(NamedTuple):
    """A model, its inputs in order, the expected answer, and the allowed distance if it is not 0."""

    model: onnx.ModelProto
    inputs: dict[str, Array]
    expected: Array
    allowed: Array | None


class _Graph(NamedTuple):
    """The nodes, the inputs and the arrays held by a model that is being built."""

    nodes: list[onnx.NodeProto]
    inputs: dict[str, Array]
    held: dict[str, Array]

    def add(self, operator: str, operands: Sequence[str], **attributes: Any) -> str:
        """Add a node; the name of its answer."""
        name = f"{operator.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, [*operands], [name], **attributes))
        return name

    def hold(self, name: str, array: Array) -> str:
        self.held[name] = np.ascontiguousarray(array)
        return name

    def take(self, name: str, array: Array) -> str:
        self.inputs[name] = np.ascontiguousarray(array)
        return name


def write_onnx(case: Case, folder: Path) -> None:
    """Write `model.onnx` and `test_data_set_0` with `input_*.pb`, `output_0.pb`.

    If the answer may differ, `allowed_0.pb` says how far each element may differ, as float64:
    the layout itself has no place for that.
    """
    model = exported(case)
    data = folder / "test_data_set_0"
    with naming(folder):
        folder.mkdir(exist_ok=True)
        data.mkdir(exist_ok=True)
    for old in data.glob("*.pb"):
        old.unlink()
    replace_file(folder / "model.onnx", model.model.SerializeToString())
    tensors = {f"input_{number}": item for number, item in enumerate(model.inputs.items())}
    tensors["output_0"] = ("y", model.expected)
    if model.allowed is not None:
        tensors["allowed_0"] = ("allowed", model.allowed)
    for file, (name, array) in tensors.items():
        replace_file(data / f"{file}.pb", numpy_helper.from_array(array, name).SerializeToString())


def exported(case: Case) -> Exported:
    """The model of a case and its data; CannotExport, one sentence, for what ONNX cannot express."""
    if why := _inexpressible(case):
        raise CannotExport(f"{case} has no ONNX model: {why}")
    graph = _Graph([], {}, {})
    answer = _operated(case, graph)
    for step in case.epilogue:
        answer = _followed(case, graph, x=answer, step=step)
    graph.nodes[-1].output[0] = "y"
    rule = judgement(case)
    with np.errstate(over="ignore"):
        expected = _channels_first(case, rule.wanted).astype(case.dtype)
    is_exact = isinstance(rule.allowed, float)
    allowed = None if is_exact else _channels_first(case, np.asarray(rule.allowed))
    return Exported(_model(case, graph, expected=expected), graph.inputs, expected, allowed)


def _inexpressible(case: Case) -> str | None:
    if case.illegal:
        return "it is a call that must be refused"
    if case.traits.answer == "filters":
        return "ONNX has no operator for the gradient with respect to filters"
    if case.format.exact_integers:
        return f"ONNX's Conv has no {case.format.token}"
    if not all(axis.out for axis in case.axes):
        # The shape inference of ONNX divides towards 0: an input of 0 cells has (0-1)/2 + 1 = 1 window.
        return "on one axis no window fits, for which ONNX has no sure size"
    for step in case.epilogue:
        is_double = kind_of(step) == "leaky" and case.format.token == "float64"
        if is_double and float(np.float32(slope_of(step))) != slope_of(step):
            return f"LeakyRelu holds its slope as a float32, which {slope_of(step)} is not"
    return None


def _operated(case: Case, graph: _Graph) -> str:
    """The operation, its border before it, and its bias."""
    x = graph.take("x", _channels_first(case, case.input))
    if case.border:
        before, after = zip(*case.border, strict=True)
        x = graph.add("Pad", [x, graph.hold("border", np.array([0, 0, *before, 0, 0, *after], np.int64))])
    weights = graph.hold("w", _filters(case))
    bias = [] if case.bias is None else [graph.hold("b", case.bias)]
    attributes = _attributes(case)
    if case.traits.answer == "source":
        # The cells at the end of the padded input that no window reaches.
        unread = [axis.padded - ((axis.out - 1) * axis.stride + axis.span) for axis in case.axes]
        attributes["output_padding"] = unread
        return graph.add("ConvTranspose", [x, weights, *bias], **attributes)
    if case.pointwise is not None:
        between = graph.add("Conv", [x, weights], **attributes)
        return graph.add("Conv", [between, graph.hold("pointwise", _first(case.pointwise)), *bias])
    return graph.add("Conv", [x, weights, *bias], **attributes)


def _attributes(case: Case) -> dict[str, Any]:
    """Strides, dilations, groups and pads without a border, which has its own node."""
    borders = case.border or ((0, 0),) * case.rank
    pairs = zip(case.axes, borders, strict=True)
    pads = [(axis.before - before, axis.after - after) for axis, (before, after) in pairs]
    return {
        "kernel_shape": case.kernel,
        "strides": case.strides,
        "dilations": case.dilations,
        "group": case.channels if case.traits.has_multiplier else case.groups,
        "pads": [*(before for before, _ in pads), *(after for _, after in pads)],
    }


def _filters(case: Case) -> Array:
    """The filters as ONNX has them: (filters, channels of one group, *kernel).

    Those of a transpose, too, begin with the forward convolution's filters, which are the channels of its
    input. Depthwise filters, (*kernel, channels, multiplier), have as many groups as channels.
    """
    if case.traits.has_multiplier:
        return _first(case.filters.reshape(*case.kernel, 1, case.channels * case.multiplier))
    return _first(case.filters)


def _first(filters: Array) -> Array:
    """Filters (*kernel, channels, filters) as (filters, channels, *kernel)."""
    return np.moveaxis(filters, (-1, -2), (0, 1))


def _followed(case: Case, graph: _Graph, *, x: str, step: str) -> str:
    """One step of the epilogue after the value of a name."""
    match kind_of(step):
        case "bias":
            return x  # an input of the convolution itself
        case "norm":
            assert case.norm is not None
            order = ("scale", "offset", "mean", "variance")
            parameters = [graph.hold(name, getattr(case.norm, name)) for name in order]
            return graph.add("BatchNormalization", [x, *parameters], epsilon=case.norm_epsilon)
        case "residual":
            assert case.residual is not None
            return graph.add("Add", [x, graph.take("residual", _channels_first(case, case.residual))])
        case "relu6":
            ends = [graph.hold(name, np.array(end, case.dtype)) for name, end in (("zero", 0), ("six", 6))]
            return graph.add("Clip", [x, *ends])
        case "leaky":
            return graph.add("LeakyRelu", [x], alpha=slope_of(step))
        case kind:
            return graph.add(_OPERATORS[kind], [x])


def _channels_first(case: Case, array: Array) -> Array:
    return array if case.channels_first else np.moveaxis(array, -1, 1)


def _model(case: Case, graph: _Graph, *, expected: Array) -> onnx.ModelProto:
    kind = helper.np_dtype_to_tensor_dtype(case.dtype)
    onnx_graph = helper.make_graph(
        graph.nodes,
        str(case),
        [helper.make_tensor_value_info(name, kind, array.shape) for name, array in graph.inputs.items()],
        [helper.make_tensor_value_info("y", kind, expected.shape)],
        [numpy_helper.from_array(array, name) for name, array in graph.held.items()],
    )
    opset = helper.make_opsetid("", BFLOAT16_OPSET if case.format.token == "bfloat16" else OPSET)
    model = helper.make_model(
        onnx_graph, producer_name="conv-verify", opset_imports=[opset], ir_version=IR_VERSION
    )
    onnx.checker.check_model(model, full_check=True)
    return model
