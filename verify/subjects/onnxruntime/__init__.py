"""ONNX Runtime on the CPU: its operators of convolutions, at two levels of optimisation."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from verify.subjects.onnxruntime.ways import OnnxruntimeSubject


def subject(name: str) -> OnnxruntimeSubject:
    """The subject of a built-in name; ONNX Runtime is imported with the first."""
    from verify.subjects.onnxruntime.ways import OnnxruntimeSubject

    return OnnxruntimeSubject(name)
