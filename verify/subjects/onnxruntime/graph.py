"""A graph of ONNX that is being built, and the model of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import onnx
from onnx import helper, numpy_helper

from verify.cases.operands import Array

OPSET = 17
BFLOAT16_OPSET = 22
"""The first in which Conv and ConvTranspose take bfloat16."""

WRAP_OPSET = 19
"""The first in which Pad repeats the cells of the other end."""

IR_VERSION = 10
"""The version of the format with both: runtimes refuse newer versions than they know."""

ANSWER = "y"
"""The name of a model's answer."""


class Graph(NamedTuple):
    """The nodes, the inputs and the arrays held by a model that is being built."""

    nodes: list[onnx.NodeProto]
    inputs: dict[str, Array]
    held: dict[str, Array]

    @classmethod
    def empty(cls) -> Graph:
        return cls([], {}, {})

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


def model_of(
    graph: Graph, name: str, *, dtype: np.dtype[Any], shape: Sequence[int], opset: int = OPSET
) -> onnx.ModelProto:
    """The model of a graph, whose last node answers in this dtype and shape."""
    graph.nodes[-1].output[0] = ANSWER
    made = helper.make_graph(
        graph.nodes,
        name,
        [_described(input_name, array.dtype, array.shape) for input_name, array in graph.inputs.items()],
        [_described(ANSWER, dtype, shape)],
        _held(graph.held),
    )
    return helper.make_model(
        made,
        producer_name="conv-verify",
        opset_imports=[helper.make_opsetid("", opset)],
        ir_version=IR_VERSION,
    )


def _described(name: str, dtype: np.dtype[Any], shape: Sequence[int]) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(dtype), shape)


def _held(arrays: Mapping[str, Array]) -> list[onnx.TensorProto]:
    return [numpy_helper.from_array(array, name) for name, array in arrays.items()]
