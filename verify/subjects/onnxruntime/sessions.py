"""Graphs run by ONNX Runtime on the CPU."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, lru_cache
from types import MappingProxyType
from typing import Literal

import onnxruntime

from verify.cases.case import Case
from verify.cases.operands import Array
from verify.subjects.onnxruntime.graph import OPSET, WRAP_OPSET, Graph, model_of
from verify.subjects.onnxruntime.switches import THREADS, switches

VERSION: str = onnxruntime.__version__
SWITCHES = switches()

Level = Literal["all", "none"]

LEVELS: Mapping[str, Level] = MappingProxyType({"": "all", "+unoptimized": "none"})
"""How a way's name ends → the level of optimisation; by default it is all."""

_LEVELS = {
    "all": onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL,
    "none": onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL,
}

_SILENT = 4
"""The severity of what it logs: what is fatal alone, as its errors say the rest."""

onnxruntime.set_default_logger_severity(_SILENT)


@cache
def _options(level: Level) -> onnxruntime.SessionOptions:
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = _LEVELS[level]
    options.intra_op_num_threads = int(SWITCHES[THREADS])
    options.inter_op_num_threads = 1
    options.log_severity_level = _SILENT
    options.add_session_config_entry("session.qdqisint8allowed", "1")  # as it is on Arm
    return options


@lru_cache(maxsize=1)
def _session(model: bytes, level: Level) -> onnxruntime.InferenceSession:
    """A session of a model, which is kept for consecutive calls."""
    return onnxruntime.InferenceSession(model, _options(level), providers=["CPUExecutionProvider"])


def answer_of(case: Case, graph: Graph, level: Level) -> Array:
    """The answer of a case's graph; ONNX Runtime's own errors pass through."""
    opset = WRAP_OPSET if case.padding_mode == "circular" else OPSET
    model = model_of(graph, str(case), dtype=case.dtype, shape=case.output_shape, opset=opset)
    answer: Array = _session(model.SerializeToString(), level).run(None, graph.inputs)[0]
    return answer
