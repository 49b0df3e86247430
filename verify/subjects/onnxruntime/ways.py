"""ONNX Runtime's ways to a convolution."""

from __future__ import annotations

from collections.abc import Mapping

from verify.subjects.onnxruntime.floats import WAYS as FLOAT_WAYS
from verify.subjects.onnxruntime.floats import Way
from verify.subjects.onnxruntime.quantised import WAYS as QUANTISED_WAYS
from verify.subjects.onnxruntime.quantised import QuantisedWay

_EVERY: tuple[Way | QuantisedWay, ...] = (*FLOAT_WAYS, *QUANTISED_WAYS)

WAYS: Mapping[str, Way | QuantisedWay] = {way.name: way for way in _EVERY}
"""Every way by its name."""
