"""The calls of each mode of the TensorFlow subjects, as lines of a script that define `run()`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from verify.cases.case import Case
from verify.cases.operands import Array
from verify.export.recording import Expression, recording
from verify.subjects.tensorflow.entries import function, operands
from verify.subjects.tensorflow.gradients import gradient_of
from verify.subjects.tensorflow.layers import stack
from verify.subjects.tensorflow.modes import shapes_of, unknown_of, weights

_NAMES = {"source": "x", "filters": "w", "result": "dy"}
"""Role of an operand in a forward convolution → its name in a script."""


class Call(NamedTuple):
    """A case to be put to an entry point, with the names of its operands in a script."""

    case: Case
    entry: str

    @property
    def names(self) -> dict[str, str]:
        """Operand → name in the script."""
        traits = self.case.traits
        names = {"input": _NAMES[traits.input], "factor": _NAMES[traits.factor]}
        return {operand: names.get(operand, operand) for operand in operands(self.case)}

    @property
    def arrays(self) -> dict[str, Array]:
        """Name in the script → array."""
        return dict(zip(self.names.values(), operands(self.case).values(), strict=True))


def _eager(call: Call, width: int) -> list[str]:
    return [
        *_model(call, width, arguments=[*call.arrays]),
        f"run = lambda: model({_constants(call)}).numpy()",
    ]


def _graph(call: Call, width: int) -> list[str]:
    unknown = unknown_of(call.case)
    return [
        *_model(call, width, arguments=[*call.arrays], unknown=unknown),
        *_traced(call, unknown=unknown),
        "def run():",
        f"    y, promised = traced({_constants(call)}), traced.structured_outputs.shape",
        '    assert promised.is_compatible_with(y.shape), f"the graph infers the shape {promised}"',
        "    return y.numpy()",
    ]


def _xla(call: Call, width: int) -> list[str]:
    model = _model(call, width, arguments=[*call.arrays])
    compiled = _traced(call, options=", jit_compile=True")
    return [*model, *compiled, f"run = lambda: traced({_constants(call)}).numpy()"]


def _lite(call: Call, width: int) -> list[str]:
    constants = weights(call.case)
    inputs = {operand: name for operand, name in call.names.items() if operand not in constants}
    arguments = [*inputs.values()]
    # The interpreter sorts its inputs by their names, which are those of the subject.
    named = ", ".join(f'({name}, "{operand}")' for operand, name in inputs.items())
    return [
        *_model(call, width, arguments=arguments),
        "module = tf.Module()",
        f"specs = [tf.TensorSpec(a.shape, a.dtype, name) for a, name in [{named}]]",
        "module.run = tf.function(model, input_signature=specs, autograph=False)",
        (
            "content = tf.lite.TFLiteConverter.from_concrete_functions("
            "[module.run.get_concrete_function()], module).convert()"
        ),
        "def run():",
        "    lite = tf.lite.Interpreter(model_content=content)",
        "    lite.allocate_tensors()",
        (
            f"    for place, a in zip(lite.get_input_details(), [{', '.join(arguments)}]): "
            'lite.set_tensor(place["index"], a)'
        ),
        "    lite.invoke()",
        '    return lite.get_tensor(lite.get_output_details()[0]["index"])',
    ]


def _keras(call: Call, width: int) -> list[str]:
    with recording(call.arrays, call.case.dtype.name) as record:
        is_gradient = call.entry.endswith("gradient")
        answer = gradient_of(call.entry, call.case) if is_gradient else stack(call.case)
        lines = record.source(answer.numpy(), width)
    return ["def run():", *(f"    {line}" for line in lines)]


WAYS: Mapping[str, Callable[[Call, int], list[str]]] = MappingProxyType(
    {"eager": _eager, "graph": _graph, "xla": _xla, "lite": _lite, "keras": _keras}
)
"""Mode → the lines, with calls nested up to a width."""


def _model(call: Call, width: int, *, arguments: list[str], unknown: str = "none") -> list[str]:
    """The function of tensors that the subject calls; operands that are no arguments are constants in it."""
    shapes = shapes_of(call.case, unknown)
    with recording({}, call.case.dtype.name) as record:
        sources = (name if name in arguments else f"tf.constant({name})" for name in call.names.values())
        named = zip(sources, call.names, strict=True)
        tensors = [Expression(record, source, shape=shapes[operand]) for source, operand in named]
        lines = record.source(function(call.entry, call.case)(*tensors), width)
    return [f"def model({', '.join(arguments)}):", *(f"    {line}" for line in lines)]


def _traced(call: Call, *, unknown: str = "none", options: str = "") -> list[str]:
    names = [*call.arrays]
    specs = f"[tf.TensorSpec(a.shape, a.dtype) for a in [{', '.join(names)}]]"
    if unknown != "none":
        shapes = ", ".join(str(list(shape)) for shape in shapes_of(call.case, unknown).values())
        specs = f"[tf.TensorSpec(shape, {names[0]}.dtype) for shape in [{shapes}]]"
    function_of = f"tf.function(model, input_signature=specs, autograph=False{options})"
    return [f"specs = {specs}", f"traced = {function_of}.get_concrete_function()"]


def _constants(call: Call) -> str:
    return f"*map(tf.constant, [{', '.join(call.arrays)}])"
