"""A case as a graph of ONNX: Conv or ConvTranspose, with what comes before and after it.

ONNX has channels first for every data format of a case. The model holds its weights; the input and a
residual are its inputs.
Source of each formula: onnx/defs/nn/defs.cc, `Conv` and `ConvTranspose`, at the versions of OPSET.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from verify.cases.case import Case
from verify.cases.modes import ZEROS, numpy_mode
from verify.cases.operands import Array
from verify.cases.operations import kind_of, slope_of
from verify.subjects.channels_first import filters_of, first, groups_of, image_of, pads_of, unread_of
from verify.subjects.onnxruntime.graph import Graph

AutoPad = Literal["", "SAME_UPPER", "SAME_LOWER", "VALID"]
"""ONNX's rule of the padding; "" for cells that are written, which no runtime interprets."""

PADS = {mode: numpy_mode(mode) for mode in ("reflect", "replicate", "circular")}
"""Mode of padding that repeats cells → that of ONNX's Pad, which has no symmetric one."""

_OPERATORS = {"relu": "Relu", "elu": "Elu", "tanh": "Tanh", "sigmoid": "Sigmoid"}


def graph_of(case: Case, *, auto_pad: AutoPad = "") -> Graph:
    """The graph of a legal case that is no gradient of filters."""
    graph = Graph.empty()
    answer = _operated(case, graph, auto_pad)
    for step in case.epilogue:
        answer = _followed(case, graph, x=answer, step=step)
    return graph


def _operated(case: Case, graph: Graph, auto_pad: AutoPad) -> str:
    """The operation, its border before it, and its bias."""
    x = graph.take("x", image_of(case, case.input))
    if case.border:
        before, after = zip(*case.border, strict=True)
        x = graph.add("Pad", [x, graph.hold("border", np.array([0, 0, *before, 0, 0, *after], np.int64))])
    if case.padding_mode != ZEROS:
        firsts, lasts = pads_of(case)
        cells = graph.hold("padding", np.array([0, 0, *firsts, 0, 0, *lasts], np.int64))
        x = graph.add("Pad", [x, cells], mode=PADS[case.padding_mode])
    weights = graph.hold("w", filters_of(case))
    bias = [] if case.bias is None else [graph.hold("b", case.bias)]
    if case.traits.answer == "source":
        return graph.add("ConvTranspose", [x, weights, *bias], **transposed(case, auto_pad))
    attributes = {**walk_of(case), **padded(case, auto_pad)}
    if case.pointwise is not None:
        between = graph.add("Conv", [x, weights], **attributes)
        return graph.add("Conv", [between, graph.hold("pointwise", first(case.pointwise)), *bias])
    return graph.add("Conv", [x, weights, *bias], **attributes)


def walk_of(case: Case) -> dict[str, Any]:
    """The attributes of kernel, strides, dilations and groups."""
    return {
        "kernel_shape": case.kernel,
        "strides": case.strides,
        "dilations": case.dilations,
        "group": groups_of(case),
    }


def padded(case: Case, auto_pad: AutoPad) -> dict[str, Any]:
    """The attribute of the padding, without a border or padding that repeats cells, which have a node."""
    if case.padding_mode != ZEROS:
        return {}
    if auto_pad:
        return {"auto_pad": auto_pad}
    before, after = pads_of(case)
    return {"pads": [*before, *after]}


def transposed(case: Case, auto_pad: AutoPad) -> dict[str, Any]:
    """The attributes of a ConvTranspose, whose answer has the case's own sizes.

    By a rule of SAME they are the sizes of its input times the strides, or an `output_shape` where they are
    others; else cells at the end of the padded input, which no window reaches, are its `output_padding`.
    """
    if auto_pad.startswith("SAME"):
        is_usual = all(axis.size == axis.out * axis.stride for axis in case.axes)
        sizes = {} if is_usual else {"output_shape": case.size}
        return {**walk_of(case), "auto_pad": auto_pad, **sizes}
    return {**walk_of(case), **padded(case, auto_pad), "output_padding": unread_of(case)}


def _followed(case: Case, graph: Graph, *, x: str, step: str) -> str:
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
            return graph.add("Add", [x, graph.take("residual", image_of(case, case.residual))])
        case "relu6":
            ends = [graph.hold(name, np.array(end, case.dtype)) for name, end in (("zero", 0), ("six", 6))]
            return graph.add("Clip", [x, *ends])
        case "leaky":
            return graph.add("LeakyRelu", [x], alpha=slope_of(step))
        case kind:
            return graph.add(_OPERATORS[kind], [x])


def flipped(array: Array) -> Array:
    """An image, or filters, with the spatial axes turned round."""
    return np.flip(array, tuple(range(2, array.ndim)))


def mirrored(graph: Graph) -> Graph:
    """The graph of a mirrored image and mirrored filters, whose answer is mirrored."""
    held = {**graph.held, "w": np.ascontiguousarray(flipped(graph.held["w"]))}
    if "border" in held:
        before, after = np.split(held["border"], 2)
        held["border"] = np.concatenate([after, before])
    inputs = {name: np.ascontiguousarray(flipped(array)) for name, array in graph.inputs.items()}
    return graph._replace(inputs=inputs, held=held)
