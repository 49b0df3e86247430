"""A NumPy archive with every array of a case: operands, expected answer, allowed distance."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np

from verify.cases.case import Case
from verify.cases.pages import said_of_memory
from verify.checks.replacing import replace_file
from verify.export import CannotExport
from verify.oracle.bounds import judgement

VERSION = 1
"""The version of the names and the metadata; a change that readers would notice needs a new one."""


def write_arrays(case: Case, path: Path) -> None:
    """Write the archive, which `numpy.load` reads without pickles.

    It has the operands by their names in a case, `expected` and `allowed` (both float64), and `metadata`,
    a text of JSON, which also says how operands lay in memory where not in C order: files have none but C
    order. NumPy's files have no bfloat16; such operands are stored as float32, which is exact.
    Raises CannotExport for an illegal case, which has no answer.
    """
    if case.illegal:
        raise CannotExport(f"{case} is a call that must be refused, and has no answer to store")
    rule = judgement(case)
    allowed = np.broadcast_to(np.asarray(rule.allowed, np.float64), rule.wanted.shape)
    archive = io.BytesIO()
    np.savez_compressed(
        archive,
        **_operands(case),
        expected=rule.wanted,
        allowed=allowed,
        metadata=np.array(json.dumps(metadata(case))),
    )
    replace_file(path, archive.getvalue())


def _operands(case: Case) -> dict[str, Any]:
    names = {"factor": case.traits.factor_name}
    arrays = {name: array for name, array in case.operands._asdict().items() if array is not None}
    return {
        names.get(name, name): array.astype(np.float32) if array.dtype.name == "bfloat16" else array
        for name, array in arrays.items()
    }


def metadata(case: Case) -> dict[str, Any]:
    """What a case says beside its arrays, as plain data."""
    return {
        "version": VERSION,
        "word": str(case),
        "operation": case.operation,
        "dtype": case.dtype.name,
        "data_format": case.data_format,
        "strides": case.strides,
        "dilations": case.dilations,
        "groups": case.groups,
        "padding": case.padding,
        "padding_mode": case.padding_mode,
        "weights": case.weights,
        "pads": [(axis.before, axis.after) for axis in case.axes],
        "border": case.border,
        **({"trimmed": case.trimmed} if case.trimmed else {}),
        "epilogue": case.epilogue,
        "norm_epsilon": case.norm_epsilon,
        "output_shape": case.output_shape,
        **(case.quantised._asdict() if case.format.is_quantised else {}),
        **({"w_scale": case.quantised.w_scale} if case.weights == "int8" else {}),
        **({"memory": said_of_memory(case)} if case.memory else {}),
    }
