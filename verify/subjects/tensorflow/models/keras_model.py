"""A Keras model, read layer by layer along its own graph, without a number computed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from verify.subjects.tensorflow.imported import keras
from verify.subjects.tensorflow.models.keras_layers import is_convolution, node_of
from verify.subjects.tensorflow.models.nodes import (
    EXPORT,
    Model,
    Node,
    NotRead,
    filled,
    require_open,
    shape_phrase,
)


def read_keras(model: Any, *, size: tuple[int, ...] = (), usual: tuple[int, ...] = ()) -> Model:
    """The steps of a Keras model, with the spatial sizes of its input where it leaves them open.

    They are the `usual` ones where none are given.
    Raises NotRead, one sentence, for a model that has no graph of layers.
    """
    graph = graph_of(model)
    if graph is None:
        inner = [*_inside(model, "a model that is no graph of layers", "")]
        if not inner:
            raise NotRead(f"{model.name!r} is no graph of layers: {EXPORT}")
        return Model(_title(model, ""), inner)
    recorder = _Recorder()
    require_open([tensor.shape for tensor in graph.inputs], size)
    inputs = [_sized(tensor, size or usual) for tensor in graph.inputs]
    answers = recorder.run(graph, inputs, "")
    shapes = " and ".join(shape_phrase(tensor.shape[1:]) for tensor in inputs)
    named = frozenset(map(recorder.value, keras.tree.flatten(answers)))
    return Model(_title(model, shapes), recorder.nodes, named)


def graph_of(layer: Any) -> Any:
    """What runs a model's layers as a graph: of a Sequential the model inside; None where there is none."""
    inner = getattr(layer, "_functional", None) if isinstance(layer, keras.Sequential) else layer
    return inner if hasattr(inner, "_run_through_graph") else None


def _title(model: Any, shapes: str) -> str:
    return f"{model.name} (keras {keras.__version__})" + (f", of {shapes}" if shapes else "")


def _inside(layer: Any, where: str, path: str) -> Iterator[Node]:
    """Nodes of the convolutions inside a layer that is no graph of layers: none of them can be read."""
    for inner in getattr(layer, "_flatten_layers", lambda **_: ())(include_self=False):
        if is_convolution(inner):
            reason = f"it is called inside {where}: {EXPORT}"
            yield Node("convolution", f"{path}{inner.name}", reason=reason)


def _sized(tensor: Any, size: tuple[int, ...]) -> Any:
    """An input with its open spatial sizes filled in."""
    return keras.KerasTensor(filled(tensor.shape, size), dtype=tensor.dtype)


class _Recorder:
    """Goes through graphs of layers, those inside others too, and keeps a node of each call."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self._values: dict[int, str] = {}
        self._kept: list[Any] = []  # so that no later value has the id of an earlier one
        self._calls: dict[str, int] = {}

    def value(self, tensor: Any) -> str:
        """The name of a value."""
        if id(tensor) not in self._values:
            self._kept.append(tensor)
            self._values[id(tensor)] = f"value {len(self._values)}"
        return self._values[id(tensor)]

    def run(self, graph: Any, inputs: Sequence[Any], path: str) -> Any:
        """The answers of a graph to these inputs, each call on the way kept."""
        through = graph._run_through_graph  # noqa: SLF001 - by which Keras itself clones a model
        return through(inputs, operation_fn=lambda operation: self._called(operation, path))

    def _called(self, operation: Any, path: str) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            parts = keras.tree.flatten((args, kwargs))
            given = [each for each in parts if isinstance(each, keras.KerasTensor)]
            graph = graph_of(operation)
            if graph is not None:
                return self.run(graph, given, f"{path}{operation.name}/")
            answer = operation(*args, **kwargs)
            self._keep(operation, path, given, answer)
            return answer

        return call

    def _keep(self, operation: Any, path: str, given: Sequence[Any], answer: Any) -> None:
        name = self._named(f"{path}{operation.name}")
        answers = keras.tree.flatten(answer)
        inputs, outputs = [*map(self.value, given)], [*map(self.value, answers)]
        if not is_convolution(operation):
            self.nodes += _inside(operation, f"{name}, {type(operation).__name__}", f"{name}/")
        place = partial(Node, name=name, inputs=inputs, outputs=outputs)
        self.nodes.append(node_of(operation, given, answers, place))

    def _named(self, name: str) -> str:
        """The name of a call: that of the layer, and which call it is of one that has several."""
        self._calls[name] = self._calls.get(name, 0) + 1
        return name if self._calls[name] == 1 else f"{name} (call {self._calls[name]})"
