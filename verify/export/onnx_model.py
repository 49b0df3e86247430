"""An ONNX model of a case with its data, in the layout of ONNX's backend tests.

ONNX has channels first for every data format of a case. Padding is written in cells, so that no
runtime interprets SAME. The model holds its weights; the input and a residual are its inputs.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import onnx
from onnx import numpy_helper

from verify.cases.case import Case
from verify.cases.memory import memory_tokens
from verify.cases.modes import ZEROS
from verify.cases.operands import Array
from verify.cases.operations import kind_of, slope_of
from verify.checks.files import naming
from verify.checks.replacing import replace_file
from verify.export import CannotExport
from verify.oracle.bounds import judgement
from verify.subjects.channels_first import image_of
from verify.subjects.onnxruntime.convolution import PADS, graph_of
from verify.subjects.onnxruntime.graph import ANSWER, BFLOAT16_OPSET, OPSET, WRAP_OPSET, model_of


class Exported(NamedTuple):
    """A model, its inputs in order, the expected answer, and the allowed distance if it is not 0."""

    model: onnx.ModelProto
    inputs: dict[str, Array]
    expected: Array
    allowed: Array | None


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
    tensors["output_0"] = (ANSWER, model.expected)
    if model.allowed is not None:
        tensors["allowed_0"] = ("allowed", model.allowed)
    for file, (name, array) in tensors.items():
        replace_file(data / f"{file}.pb", numpy_helper.from_array(array, name).SerializeToString())


def exported(case: Case) -> Exported:
    """The model of a case and its data; CannotExport, one sentence, for what ONNX cannot express."""
    if why := _inexpressible(case):
        raise CannotExport(f"{case} has no ONNX model: {why}")
    graph = graph_of(case)
    rule = judgement(case)
    with np.errstate(over="ignore"):
        expected = image_of(case, rule.wanted).astype(case.dtype)
    is_exact = isinstance(rule.allowed, float)
    allowed = None if is_exact else image_of(case, np.asarray(rule.allowed))
    opset = WRAP_OPSET if case.padding_mode == "circular" else OPSET
    opset = BFLOAT16_OPSET if case.format.token == "bfloat16" else opset
    model = model_of(graph, str(case), dtype=case.dtype, shape=expected.shape, opset=opset)
    onnx.checker.check_model(model, full_check=True)
    return Exported(model, graph.inputs, expected, allowed)


def _inexpressible_ends(case: Case) -> str | None:
    """What lies at the ends of an axis, and that ONNX has not."""
    if case.trimmed:
        return "ONNX's ConvTranspose takes an output_padding below the stride alone"
    if case.padding_mode != ZEROS and case.traits.answer == "source":
        return f"ONNX has no gradient of {case.padding_mode} padding"
    if case.padding_mode not in (ZEROS, *PADS):
        return f"ONNX's Pad has no {case.padding_mode} mode"
    return None


def _inexpressible(case: Case) -> str | None:
    if case.illegal:
        return "it is a call that must be refused"
    if case.memory:
        return f"its data has no order in memory but C order: leave {memory_tokens(case.memory)[0]!r} out"
    if case.traits.answer == "filters":
        return "ONNX has no operator for the gradient with respect to filters"
    if case.format.exact_integers:
        return f"ONNX's Conv has no {case.format.token}"
    if why := _inexpressible_ends(case):
        return why
    if not all(axis.out for axis in case.axes):
        # The shape inference of ONNX divides towards 0: an input of 0 cells has (0-1)/2 + 1 = 1 window.
        return "on one axis no window fits, for which ONNX has no sure size"
    for step in case.epilogue:
        is_double = kind_of(step) == "leaky" and case.format.token == "float64"
        if is_double and float(np.float32(slope_of(step))) != slope_of(step):
            return f"LeakyRelu holds its slope as a float32, which {slope_of(step)} is not"
    return None
