"""The modes in which TensorFlow runs a function of tensors: eager, as a graph, compiled, converted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from verify.cases.case import Case
from verify.cases.operands import Array
from verify.subjects.litert.kernels import interpreted
from verify.subjects.tensorflow.entries import function, operands_by_name
from verify.subjects.tensorflow.gradients import gradient_of
from verify.subjects.tensorflow.imported import silenced, tf
from verify.subjects.tensorflow.layers import stack
from verify.subjects.tensorflow.lite import interpreter

Mode = Callable[..., Array]
"""(entry, case) → the answer; TensorFlow's own errors pass through. A graph takes what is `unknown`, too."""

_WEIGHTS = frozenset({"factor", "pointwise", "bias", "mean", "variance", "scale", "offset"})

_ANY_DATA: Mapping[str, Any] = {"fill": "ones", "seed": 0}
"""What a trace does not depend on."""


class WrongStaticShape(Exception):
    """A graph promises a shape that its answer does not have."""


def eager(entry: str, case: Case) -> Array:
    """Operation by operation."""
    return _array(_on_cpu(function(entry, case), case))


def graph(entry: str, case: Case, *, unknown: str = "none") -> Array:
    """Traced by tf.function and rewritten by grappler, every operand an argument.

    What is `unknown` to the trace is "none", the "sizes" of the model's inputs, batch and spatial axes but
    not channels, or "all" sizes of all operands.
    Raises WrongStaticShape where the shape that is known before the run is not that of the answer.
    """
    traced = _trace(entry, replace(case, **_ANY_DATA), unknown=unknown)
    answer = _on_cpu(traced, case)
    promised = traced.structured_outputs.shape
    if not promised.is_compatible_with(answer.shape):
        raise WrongStaticShape(f"the graph infers the shape {promised}, but its answer has {answer.shape}")
    return _array(answer)


def xla(entry: str, case: Case) -> Array:
    """Compiled by XLA (jit_compile=True), every operand an argument."""
    return _array(_on_cpu(_trace(entry, replace(case, **_ANY_DATA), compiled=True), case))


def lite(entry: str, case: Case) -> Array:
    """Converted to TensorFlow Lite, the weights as constants, and run by an interpreter of its own."""
    with silenced(), tf.device("/CPU:0"):
        inputs = [getattr(case.operands, name) for name in _inputs(case)]
        return interpreted(interpreter, _converted(entry, case), inputs)


@lru_cache(maxsize=1)
def _converted(entry: str, case: Case) -> bytes:
    """The model of a case, converted once for consecutive calls, as a graph is traced once."""
    arrays, inputs, run = operands_by_name(case), _inputs(case), function(entry, case)

    def model(*tensors: Any) -> Any:
        named = dict(zip(inputs, tensors, strict=True))
        return run(*(named[name] if name in named else tf.constant(arrays[name]) for name in arrays))

    signature = [tf.TensorSpec(arrays[name].shape, arrays[name].dtype, name) for name in inputs]
    holder = tf.Module()
    holder.run = tf.function(model, input_signature=signature, autograph=False)
    functions = [holder.run.get_concrete_function()]
    converter = tf.lite.TFLiteConverter.from_concrete_functions(functions, trackable_obj=holder)
    content: bytes = converter.convert()
    return content


def _inputs(case: Case) -> list[str]:
    return [name for name in operands_by_name(case) if name not in weight_names(case)]


def layers(entry: str, case: Case) -> Array:
    """A stack of layers of Keras, called eagerly, or the gradient of one."""
    with tf.device("/CPU:0"):
        return _array(gradient_of(entry, case) if entry.endswith("gradient") else stack(case))


MODES: Mapping[str, Mode] = MappingProxyType(
    {"eager": eager, "graph": graph, "xla": xla, "lite": lite, "keras": layers}
)


@lru_cache(maxsize=64)
def _trace(entry: str, case: Case, *, unknown: str = "none", compiled: bool = False) -> Any:
    shapes = shapes_of(case, unknown)
    signature = [tf.TensorSpec(shapes[name], array.dtype) for name, array in operands_by_name(case).items()]
    run = tf.function(
        function(entry, case), input_signature=signature, jit_compile=compiled or None, autograph=False
    )
    return run.get_concrete_function()


def _on_cpu(call: Callable[..., Any], case: Case) -> Any:
    with tf.device("/CPU:0"):
        return call(*map(tf.constant, operands_by_name(case).values()))


def shapes_of(case: Case, unknown: str) -> dict[str, tuple[int | None, ...]]:
    """The shape with which each operand is traced, None for a size that is left unknown."""
    shapes = {name: array.shape for name, array in operands_by_name(case).items()}
    if unknown == "all":
        return {name: (None,) * len(shape) for name, shape in shapes.items()}
    inputs = shapes.keys() - weight_names(case) if unknown == "sizes" else ()
    return {name: _channels_alone(case, shape) if name in inputs else shape for name, shape in shapes.items()}


def _channels_alone(case: Case, shape: tuple[int, ...]) -> tuple[int | None, ...]:
    channels = 1 if case.channels_first else len(shape) - 1
    return tuple(size if axis == channels else None for axis, size in enumerate(shape))


def weight_names(case: Case) -> frozenset[str]:
    """The operands that a trained model holds; the others are its inputs."""
    return _WEIGHTS - {"factor"} if case.traits.factor == "result" else _WEIGHTS


def _array(tensor: Any) -> Array:
    array: Array = tensor.numpy()
    return array
