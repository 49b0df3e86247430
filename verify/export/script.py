"""A TensorFlow script of at most 40 lines without this package: the expected answer and the actual one."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from verify.cases.case import Case
from verify.cases.operands import Array
from verify.checks.examination import axis_line, matters
from verify.checks.subject import Description
from verify.export import CannotExport
from verify.export.source import PACKED_WITH, Expression, literal_of, recorded_calls
from verify.oracle.bounds import judgement
from verify.oracle.compare import Judgement
from verify.subjects.device import DEVICE, visible
from verify.subjects.litert.kernels import KERNELS
from verify.subjects.litert.models import model_of
from verify.subjects.litert.ways import OperatorWay
from verify.subjects.tensorflow.entries import function, operands_by_name
from verify.subjects.tensorflow.gradients import gradient_of
from verify.subjects.tensorflow.layers import stack
from verify.subjects.tensorflow.modes import shapes_of, weight_names
from verify.subjects.tensorflow.ways import Way

LINE_LIMIT = 40

WIDTHS = (130, 260, 1000)
"""Columns up to which calls are nested: the first that makes the script short enough."""

CHARACTER_LIMIT = 60_000
"""An issue on GitHub holds 65,536 characters."""


def script(case: Case, subject: Description) -> str:
    """The source of a script that calls TensorFlow as the subject's first way for this case does.

    It exits with 1 if the answer differs or TensorFlow raises an error, and crashes where TensorFlow does.
    Raises CannotExport if the subject declines the case or the arrays are too large for an issue.
    """
    way, declined = subject.route(case)
    if declined:
        raise CannotExport(f"{case} cannot be exported: {declined}")
    if isinstance(way.call, OperatorWay):
        return _of_a_model(case, way, way.call)
    if not isinstance(way.call, Way):
        raise CannotExport(f"no script is written of {way.name}: export {case} as pytest")
    call, rule = (
        WrittenCall(case, way.call.entry, way.call.unknown),
        None if case.illegal else judgement(way.held(case)),
    )
    arrays = _lines_of(call.arrays)
    if rule:
        arrays += [f"expected = {literal_of(rule.wanted)}", f"allowed = {_allowed(rule)}"]
    mode = way.call.mode
    calls = [_RUNS_IN[mode](call, width) for width in WIDTHS]
    if case.illegal and mode in _TRACED_FIRST:
        calls = [_put_off(lines) for lines in calls]
    is_packed = any("zlib." in line for line in [*arrays, *calls[0]])
    head = [*_title(call, way.name, rule=rule), *_imports(way.switches, mode, is_packed=is_packed)]
    judging = _judging(call, rule) if rule else _REFUSAL
    room = LINE_LIMIT - len([*head, *arrays, *judging])
    fitting = next((lines for lines in calls if len(lines) <= room), calls[-1])
    return _short(case, [head, arrays, fitting, judging])


def _short(case: Case, parts: list[list[str]]) -> str:
    """The parts as one text; CannotExport where that is too long for an issue."""
    text = _fitted(case, parts)
    if len(text) > CHARACTER_LIMIT:
        raise CannotExport(
            f"the arrays of {case} make a script of {len(text):,} characters, more than an issue on GitHub "
            "holds: export it as npz"
        )
    return text


def _of_a_model(case: Case, subject: Description, way: OperatorWay) -> str:
    """The source of a script that runs the model that is written for a case of an operator."""
    call, rule = WrittenCall(case, ""), None if case.illegal else judgement(subject.held(case))
    resolver = KERNELS[way.kernels].resolver
    types = f", experimental_op_resolver_type=tf.lite.experimental.OpResolverType.{resolver}" * bool(resolver)
    packed = base64.b85encode(zlib.compress(model_of(case, way.engine.schema), 9)).decode()
    arrays = [
        f"x = {literal_of(case.input)}",
        *([f"expected = {literal_of(rule.wanted)}", f"allowed = {_allowed(rule)}"] if rule else ()),
        f'content = zlib.decompress(base64.b85decode("{packed}"))',
    ]
    runs = [
        "def run():",
        f"    lite = tf.lite.Interpreter(model_content=content, num_threads=1{types})",
        "    lite.allocate_tensors()",
        "    place, answer = lite.get_input_details()[0], lite.get_output_details()[0]",
        '    lite.set_tensor(place["index"], x.reshape(place["shape"]))',
        "    lite.invoke()",
        '    return lite.get_tensor(answer["index"])' + ".reshape(expected.shape)" * (rule is not None),
    ]
    head = [*_title(call, subject.name, rule=rule), *_imports(subject.switches, way.mode, is_packed=True)]
    return _short(case, [head, arrays, runs, _judging(call, rule) if rule else _REFUSAL])


def _allowed(rule: Judgement) -> str:
    """How far an answer may lie from the right one, as source."""
    return "0" if isinstance(rule.allowed, float) else literal_of(rule.allowed)


def _fitted(case: Case, parts: list[list[str]]) -> str:
    """The parts as one text, with the axes, and with empty lines between the parts, if there is room."""
    numbered = () if case.illegal else enumerate(case.axes)
    axes = [f"# {axis_line(number, axis).strip()}" for number, axis in numbered if matters(axis)]
    room = LINE_LIMIT - sum(map(len, parts))
    if len(axes) <= room:
        parts[0][1:1] = axes
        room -= len(axes)
    between = "\n\n" if room >= len(parts) - 1 else "\n"
    return between.join("\n".join(part) for part in parts) + "\n"


def _title(call: WrittenCall, subject: str, *, rule: Judgement | None) -> list[str]:
    """The call and, for its first element, how far a correct answer may lie from the reference."""
    if rule is None:
        expected = f"an error: {call.case.why_illegal}"
    elif not rule.wanted.size:
        expected = "an empty answer"
    else:
        first = (0,) * rule.wanted.ndim
        allowed = "0" if isinstance(rule.allowed, float) else f"{rule.allowed[first]:.3g} at {first}"
        expected = f"NumPy's answer, allowed {allowed} ({rule.why(first)})"
    return [f"# {subject}, by conv-verify from the case {call.case}", f"# expected: {expected}"]


def _imports(switches: Mapping[str, str], mode: str, *, is_packed: bool) -> list[str]:
    environment = {**switches, "CUDA_VISIBLE_DEVICES": "-1", **visible(), "TF_CPP_MIN_LOG_LEVEL": "3"}
    environment.pop(DEVICE, None)  # which is ours
    if is_keras := mode == "keras":
        environment["KERAS_BACKEND"] = "tensorflow"
    return [
        f"import {', '.join(sorted(['os', 'sys', *(PACKED_WITH if is_packed else ())]))}",
        f"os.environ.update({json.dumps(environment)})  # read by the imports",
        f"import {'keras, ' * is_keras}numpy as np, tensorflow as tf",
    ]


_TOGETHER = ("mean", "variance", "scale", "offset")


def _lines_of(arrays: Mapping[str, Array]) -> list[str]:
    """A line for each array; one for all parameters of a batch normalisation."""
    lines = [f"{name} = {literal_of(array)}" for name, array in arrays.items() if name not in _TOGETHER]
    if "mean" in arrays:
        values = ", ".join(literal_of(arrays[name]) for name in _TOGETHER)
        lines.append(f"{', '.join(_TOGETHER)} = {values}")
    return lines


_REFUSAL = [
    'print("TensorFlow", tf.__version__)',
    'print("expected: an error", flush=True)',
    "try:",
    "    y = run()",
    "except Exception as error:",
    '    print("actual:  ", type(error).__name__, "(agrees)")',
    "else:",
    '    sys.exit(f"actual:   {y.dtype} {y.shape}, DIFFERS")',
]


def _judging(call: WrittenCall, rule: Judgement) -> list[str]:
    """Lines that print, compare as `verify.compare` does, and exit."""
    unbounded = " | (allowed == np.inf)" if np.isinf(rule.allowed).any() else ""
    dtype = f"{next(iter(call.arrays))}.dtype"
    return [
        'np.set_printoptions(floatmode="unique", threshold=64); np.seterr(all="ignore")',
        f'print(f"TensorFlow {{tf.__version__}}\\nexpected:", {dtype}, expected.shape, expected, flush=True)',
        "y, again = run(), run()",
        'print("actual:  ", y.dtype, y.shape, y, flush=True)',
        f'if (y.dtype, y.shape) != ({dtype}, expected.shape): sys.exit("DIFFERS in dtype or shape")',
        'got = y.astype("float64")',
        (
            "close = (abs(got - expected) <= allowed) | (got == expected)"
            f" | (np.isnan(got) & np.isnan(expected)){unbounded}"
        ),
        "if not close.all():",
        "    at = tuple(np.argwhere(~close)[0].tolist())",
        '    print(f"at {at} actual {got[at]}, expected {expected[at]}", flush=True)',
        '    sys.exit(f"DIFFERS in {(~close).sum()} of {close.size} values")',
        'if y.tobytes() != again.tobytes(): sys.exit("DIFFERS when it is asked twice")',
        'print("agrees")',
    ]


_ROLE_NAMES = {"source": "x", "filters": "w", "result": "dy"}
"""Role of an operand in a forward convolution → its name in a script."""


class WrittenCall(NamedTuple):
    """A case to be put to an entry point, with the names of its operands in a script."""

    case: Case
    entry: str
    unknown: str = "none"

    @property
    def names(self) -> dict[str, str]:
        """Operand → name in the script."""
        traits = self.case.traits
        names = {"input": _ROLE_NAMES[traits.input], "factor": _ROLE_NAMES[traits.factor]}
        return {operand: names.get(operand, operand) for operand in operands_by_name(self.case)}

    @property
    def arrays(self) -> dict[str, Array]:
        """Name in the script → array."""
        return dict(zip(self.names.values(), operands_by_name(self.case).values(), strict=True))


def _eager(call: WrittenCall, width: int) -> list[str]:
    return [
        *_model(call, width, arguments=[*call.arrays]),
        f"run = lambda: model({_constants(call)}).numpy()",
    ]


def _graph(call: WrittenCall, width: int) -> list[str]:
    unknown = call.unknown
    return [
        *_model(call, width, arguments=[*call.arrays], unknown=unknown),
        *_traced(call, unknown=unknown),
        "def run():",
        f"    y, promised = traced({_constants(call)}), traced.structured_outputs.shape",
        '    assert promised.is_compatible_with(y.shape), f"the graph infers the shape {promised}"',
        "    return y.numpy()",
    ]


def _xla(call: WrittenCall, width: int) -> list[str]:
    model = _model(call, width, arguments=[*call.arrays])
    compiled = _traced(call, options=", jit_compile=True")
    return [*model, *compiled, f"run = lambda: traced({_constants(call)}).numpy()"]


def _lite(call: WrittenCall, width: int) -> list[str]:
    constants = weight_names(call.case)
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


def _keras(call: WrittenCall, width: int) -> list[str]:
    with recorded_calls(call.arrays, call.case.dtype.name) as record:
        is_gradient = call.entry.endswith("gradient")
        answer = gradient_of(call.entry, call.case) if is_gradient else stack(call.case)
        lines = record.source(answer.numpy(), width)
    return ["def run():", *(f"    {line}" for line in lines)]


def _model(call: WrittenCall, width: int, *, arguments: list[str], unknown: str = "none") -> list[str]:
    """The function of tensors that the subject calls; operands that are no arguments are constants in it."""
    shapes = shapes_of(call.case, unknown)
    with recorded_calls({}, call.case.dtype.name) as record:
        sources = (name if name in arguments else f"tf.constant({name})" for name in call.names.values())
        named = zip(sources, call.names, strict=True)
        tensors = [Expression(record, source, shape=shapes[operand]) for source, operand in named]
        lines = record.source(function(call.entry, call.case)(*tensors), width)
    return [f"def model({', '.join(arguments)}):", *(f"    {line}" for line in lines)]


def _traced(call: WrittenCall, *, unknown: str = "none", options: str = "") -> list[str]:
    names = [*call.arrays]
    specs = f"[tf.TensorSpec(a.shape, a.dtype) for a in [{', '.join(names)}]]"
    if unknown != "none":
        shapes = shapes_of(call.case, unknown).values()
        pairs = ", ".join(f"({list(shape)}, {name})" for name, shape in zip(names, shapes, strict=True))
        specs = f"[tf.TensorSpec(shape, a.dtype) for shape, a in [{pairs}]]"
    function_of = f"tf.function(model, input_signature=specs, autograph=False{options})"
    return [f"specs = {specs}", f"traced = {function_of}.get_concrete_function()"]


_TRACED_FIRST = ("graph", "xla", "lite")
"""Modes in which a call may be refused before it is run."""


def _put_off(lines: list[str]) -> list[str]:
    """The lines that define `run()`, run as a part of it, so that it raises what they raise."""
    return ["def ask():", *(f"    {line}" for line in lines), "    return run()", "run = ask"]


def _constants(call: WrittenCall) -> str:
    return f"*map(tf.constant, [{', '.join(call.arrays)}])"


_RUNS_IN: Mapping[str, Callable[[WrittenCall, int], list[str]]] = MappingProxyType(
    {"eager": _eager, "graph": _graph, "xla": _xla, "lite": _lite, "keras": _keras}
)
"""Mode → the lines that define `run()`, with calls nested up to a width."""
