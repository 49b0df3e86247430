"""A TensorFlow script of at most 40 lines without this package: the expected answer and the actual one."""

from __future__ import annotations

import json
from collections.abc import Mapping

import numpy as np

from verify.cases.case import Case
from verify.cases.operands import Array
from verify.checks.examination import axis_line, matters
from verify.checks.subject import Declined
from verify.export import CannotExport
from verify.export.source import PACKED_WITH, source_of
from verify.export.ways import WAYS, Call
from verify.oracle.bounds import judgement
from verify.oracle.compare import Judgement
from verify.subjects.tensorflow.ways import TensorflowSubject

LINE_LIMIT = 40

WIDTHS = (130, 260, 1000)
"""Columns up to which calls are nested: the first of these with which the script is short enough."""

CHARACTER_LIMIT = 60_000
"""An issue on GitHub holds 65,536 characters."""


def script(case: Case, subject: TensorflowSubject) -> str:
    """The source of a script that calls TensorFlow as the subject does for this case.

    It exits with 1 if the answer differs or TensorFlow raises an error, and crashes where TensorFlow does.
    Raises CannotExport if the subject declines the case or the arrays are too large for an issue.
    """
    try:
        mode, entry = subject.way(case)
    except Declined as reason:
        raise CannotExport(f"{subject.name} declines {case}: {reason}") from None
    call, rule = Call(case, entry), None if case.illegal else judgement(case)
    arrays = [*_lines_of(call.arrays), *(_expected_lines(rule) if rule else [])]
    calls = [WAYS[mode](call, width) for width in WIDTHS]
    is_packed = any("zlib." in line for line in [*arrays, *calls[0]])
    head = [*_title(call, subject, rule=rule), *_imports(subject.switches, mode, is_packed=is_packed)]
    judging = _judging(call, rule) if rule else _REFUSAL
    room = LINE_LIMIT - len([*head, *arrays, *judging])
    fitting = next((lines for lines in calls if len(lines) <= room), calls[-1])
    text = _fitted([head, arrays, fitting, judging], _axes(case))
    if len(text) > CHARACTER_LIMIT:
        raise CannotExport(
            f"the arrays of {case} make a script of {len(text):,} characters, more than an issue on GitHub "
            "holds: export it as npz"
        )
    return text


def _fitted(parts: list[list[str]], axes: list[str]) -> str:
    """The parts as one text, with the axes, and with empty lines between the parts, if there is room."""
    room = LINE_LIMIT - sum(map(len, parts))
    if len(axes) <= room:
        parts[0][1:1] = axes
        room -= len(axes)
    between = "\n\n" if room >= len(parts) - 1 else "\n"
    return between.join("\n".join(part) for part in parts) + "\n"


def _axes(case: Case) -> list[str]:
    axes = () if case.illegal else case.axes
    return [f"# {axis_line(number, axis).strip()}" for number, axis in enumerate(axes) if matters(axis)]


def _title(call: Call, subject: TensorflowSubject, *, rule: Judgement | None) -> list[str]:
    expected = f"an error: {call.case.why_illegal}" if rule is None else _expected(rule)
    made_of = (
        f"{subject.way(call.case).api(call.case)} ({subject.name}), by conv-verify from the case {call.case}"
    )
    return [f"# {made_of}", f"# expected: {expected}"]


def _expected(rule: Judgement) -> str:
    """What a correct answer is, and how far its first element may lie from the reference."""
    first = (0,) * rule.wanted.ndim
    if isinstance(rule.allowed, float) or not rule.wanted.size:
        return f"NumPy's answer, allowed 0 ({rule.why(first)})" if rule.wanted.size else "an empty answer"
    return f"NumPy's answer, allowed {rule.allowed[first]:.3g} at {first} ({rule.why(first)})"


def _imports(switches: Mapping[str, str], mode: str, *, is_packed: bool) -> list[str]:
    environment = {**switches, "CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "3"}
    is_keras = mode == "keras"
    if is_keras:
        environment["KERAS_BACKEND"] = "tensorflow"
    return [
        f"import {', '.join(sorted(['os', 'sys', *(PACKED_WITH if is_packed else ())]))}",
        f"os.environ.update({json.dumps(environment)})  # read by the imports",
        f"import {'keras, ' * is_keras}numpy as np, tensorflow as tf",
    ]


_TOGETHER = ("mean", "variance", "scale", "offset")


def _lines_of(arrays: Mapping[str, Array]) -> list[str]:
    """A line for each array; one for all parameters of a batch normalisation."""
    lines = [f"{name} = {source_of(array)}" for name, array in arrays.items() if name not in _TOGETHER]
    if "mean" in arrays:
        values = ", ".join(source_of(arrays[name]) for name in _TOGETHER)
        lines.append(f"{', '.join(_TOGETHER)} = {values}")
    return lines


def _expected_lines(rule: Judgement) -> list[str]:
    allowed = "0" if isinstance(rule.allowed, float) else source_of(rule.allowed)
    return [f"expected = {source_of(rule.wanted)}", f"allowed = {allowed}"]


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


def _judging(call: Call, rule: Judgement) -> list[str]:
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
