"""A SavedModel, read from the operations of its graph, with its functions written out and nothing run."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import partial
from pathlib import Path
from typing import Any

from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from verify.cases.dtypes import FORMATS
from verify.cases.operations import leaky
from verify.subjects.tensorflow.imported import silenced, tf
from verify.subjects.tensorflow.models.nodes import (
    Model,
    Node,
    NotRead,
    filled,
    open_sizes,
    require_open,
    said_by,
)

SIGNATURE = "serving_default"
"""The signature of a SavedModel that is read; the first where it is not there."""

_OPERATIONS = {
    "Conv2D": "conv",
    "Conv3D": "conv",
    "DepthwiseConv2dNative": "depthwise",
    "Conv2DBackpropInput": "transpose",
    "Conv3DBackpropInputV2": "transpose",
}
_STEPS = {
    "BiasAdd": ("bias",),
    "FusedBatchNormV3": ("norm",),
    "Relu": ("relu",),
    "Relu6": ("relu6",),
    "Elu": ("elu",),
    "Tanh": ("tanh",),
    "Sigmoid": ("sigmoid",),
    "Identity": (),
    "Squeeze": (),
}
_LACKING = ("Selu", "Softplus", "Softsign", "Softmax")


def read_saved_model(path: Path, size: tuple[int, ...] = ()) -> Model:
    """The steps of a SavedModel's signature, with the spatial sizes of its input where it leaves them open.

    Raises NotRead, one sentence, for a folder that is none.
    """
    try:
        with silenced():
            loaded = tf.saved_model.load(str(path))
            signatures = loaded.signatures
            name = SIGNATURE if SIGNATURE in signatures else next(iter(signatures), "")
            frozen = convert_variables_to_constants_v2(signatures[name]) if name else None
    except Exception as error:  # noqa: BLE001 - a folder may be wrong in any way
        raise NotRead(f"{str(path)!r} cannot be read as a SavedModel: {said_by(error)}") from None
    if frozen is None:
        raise NotRead(f"{str(path)!r} has no signature, of which the convolutions could be read")
    definition = frozen.graph.as_graph_def()
    nodes = [*_hidden(definition), *_nodes(_sized(frozen, definition, size))]
    answers = frozenset(tensor.name for tensor in frozen.outputs)
    return Model(f"{path.name} (SavedModel, {name})", nodes, answers)


def _sized(frozen: Any, definition: Any, size: tuple[int, ...]) -> Any:
    """The graph of a function, by its definition, with the open sizes of its inputs filled in."""
    given = [tensor for tensor in frozen.inputs if tensor.dtype != tf.resource]
    require_open([tensor.shape.as_list() if tensor.shape.rank else None for tensor in given], size)
    graph = tf.Graph()
    with graph.as_default():
        inputs = {}
        for tensor in given:
            shape = None if tensor.shape.rank is None else filled(tensor.shape.as_list(), size)
            inputs[tensor.name] = tf.compat.v1.placeholder(tensor.dtype, shape)
        tf.graph_util.import_graph_def(definition, input_map=inputs, name="")
    return graph


def _nodes(graph: Any) -> list[Node]:
    """The nodes of the operations of a graph, without those that compute from constants alone."""
    operations, fixed, users = graph.get_operations(), set(), defaultdict(list)
    for operation in operations:
        for tensor in operation.inputs:
            users[tensor.name].append(operation)
        is_made = operation.type != "Placeholder" and not operation.control_inputs
        if is_made and all(tensor.name in fixed for tensor in operation.inputs):
            fixed |= {tensor.name for tensor in operation.outputs}
    nodes, done = [], set()
    for operation in operations:
        if operation.outputs and operation.outputs[0].name not in fixed and operation.name not in done:
            shift = _shift(operation, users, fixed)
            done |= {shift.name} if shift else set()
            nodes.append(_node(operation, fixed, shift))
    return nodes


def _hidden(definition: Any) -> Iterator[Node]:
    """Nodes of the convolutions in functions that are not written out, such as those that XLA compiles."""
    for function in definition.library.function:
        for node in function.node_def:
            if node.op in _OPERATIONS:
                reason = f"it is inside the function {function.signature.name}, which is compiled on its own"
                yield Node("convolution", node.name, reason=reason)


def _shift(operation: Any, users: Mapping[str, Sequence[Any]], fixed: AbstractSet[str]) -> Any:
    """The addition of fixed numbers after a product with fixed numbers: together they normalise."""
    if operation.type != "Mul" or not _has_vector(operation, fixed):
        return None
    following = users[operation.outputs[0].name]
    is_shift = len(following) == 1 and following[0].type in ("AddV2", "Add", "Sub")
    return following[0] if is_shift and _has_vector(following[0], fixed) else None


def _has_vector(operation: Any, fixed: AbstractSet[str]) -> bool:
    """Whether an operand of an operation on two is fixed, and has one number for each channel."""
    channels = operation.outputs[0].shape[-1] if operation.outputs[0].shape.rank else None
    shapes = [tensor.shape for tensor in operation.inputs if tensor.name in fixed]
    return any(shape.rank and shape[-1] == channels == math.prod(shape.as_list()) for shape in shapes)


def _node(operation: Any, fixed: AbstractSet[str], shift: Any) -> Node:
    """The node of an operation."""
    inputs = [tensor.name for tensor in operation.inputs if tensor.name not in fixed]
    last = shift or operation
    outputs = [tensor.name for tensor in last.outputs]
    name = operation.name.replace("StatefulPartitionedCall/", "")
    place = partial(Node, name=name, inputs=inputs, outputs=outputs)
    kind = operation.type
    if kind in _OPERATIONS:
        return _convolution(operation, place)
    if shift is not None:
        return place("step", steps=("norm",), fields={"channels_first": False})
    if kind in ("AddV2", "Add"):
        return _addition(operation, fixed, place)
    if kind in ("ExpandDims", "Reshape"):
        return place("reshape")
    if kind == "Pad":
        return _pad(operation, place)
    if kind in ("SpaceToBatchND", "BatchToSpaceND"):
        return _moved(operation, place)
    if kind == "LeakyRelu":
        return place("step", steps=(leaky(operation.get_attr("alpha")),))
    is_first = _is_first(operation) if kind in ("BiasAdd", "FusedBatchNormV3") else None
    fields = {} if is_first is None else {"channels_first": is_first}
    lacks = kind.lower() if kind in _LACKING else ""
    is_step = kind in _STEPS or bool(lacks)
    return place("step" if is_step else "other", steps=_STEPS.get(kind, ()), lacks=lacks, fields=fields)


def _addition(operation: Any, fixed: AbstractSet[str], place: Callable[..., Node]) -> Node:
    if _has_vector(operation, fixed):
        return place("step", steps=("bias",), fields={"channels_first": False})
    first, second = operation.inputs
    is_residual = first.shape.as_list() == second.shape.as_list() if first.shape.rank else False
    is_residual = is_residual and not {first.name, second.name} & fixed and first.name != second.name
    return place("add" if is_residual else "other")


def _pad(operation: Any, place: Callable[..., Node]) -> Node:
    cells = tf.get_static_value(operation.inputs[1])
    if cells is None:
        return place("other")
    pairs = [(int(before), int(after)) for before, after in cells]
    spatial = pairs[1:-1]
    if any(pairs[0]) or any(pairs[-1]) or not spatial:
        return place("other")
    return place("pad", cells=tuple(spatial), fields={"channels_first": False})


def _moved(operation: Any, place: Callable[..., Node]) -> Node:
    """Cells moved to the batch, or back; without a block where the graph computes it."""
    kind = "spread" if operation.type == "SpaceToBatchND" else "gather"
    block, cells = (tf.get_static_value(tensor) for tensor in operation.inputs[1:])
    if block is None or cells is None:
        return place(kind)
    pairs = tuple((int(before), int(after)) for before, after in cells)
    return place(kind, block=tuple(map(int, block)), cells=pairs)


def _convolution(operation: Any, place: Callable[..., Node]) -> Node:
    is_transpose = _OPERATIONS[operation.type] == "transpose"
    source = operation.inputs[2 if is_transpose else 0]
    answer, filters, is_first = operation.outputs[0], operation.inputs[1], _is_first(operation)
    if source.dtype.name not in FORMATS:
        return place("convolution", reason=f"no word has the dtype {source.dtype.name}")
    shapes = [_parts(tensor.shape, is_first=is_first) for tensor in (source, answer)]
    if any(None in shape[1:] for shape in shapes) or None in filters.shape.as_list():
        return place("convolution", reason=open_sizes(shapes[0][1:]))
    large, small = shapes[::-1] if is_transpose else shapes
    kernel = filters.shape.as_list()
    fields = {
        "operation": _OPERATIONS[operation.type],
        "batch": large[0] or 1,
        "size": large[1:-1],
        "channels": large[-1],
        "kernel": tuple(kernel[:-2]),
        "strides": _along(operation, "strides", is_first=is_first),
        "dilations": _along(operation, "dilations", is_first=is_first),
        "padding": _padding(operation, is_first=is_first),
        "dtype": FORMATS[source.dtype.name].dtype,
        "channels_first": is_first,
    }
    if fields["operation"] == "depthwise":
        return place("convolution", fields=fields | {"multiplier": kernel[-1]})
    groups = large[-1] // kernel[-2]
    return place("convolution", fields=fields | {"filter_count": small[-1], "groups": groups})


def _parts(shape: Any, *, is_first: bool) -> tuple[Any, ...]:
    """The extents of a shape, channels last."""
    extents = [None] * 4 if shape.rank is None else shape.as_list()
    return (extents[0], *extents[2:], extents[1]) if is_first else tuple(extents)


def _is_first(operation: Any) -> bool:
    return bool(operation.get_attr("data_format").decode().startswith("NC"))


def _along(operation: Any, what: str, *, is_first: bool) -> tuple[int, ...]:
    numbers = operation.get_attr(what)
    return tuple(numbers[2:] if is_first else numbers[1:-1])


def _padding(operation: Any, *, is_first: bool) -> Any:
    padding = operation.get_attr("padding").decode()
    if padding != "EXPLICIT":
        return padding
    cells = operation.get_attr("explicit_paddings")
    pairs = tuple(zip(cells[::2], cells[1::2], strict=True))
    return pairs[2:] if is_first else pairs[1:-1]
