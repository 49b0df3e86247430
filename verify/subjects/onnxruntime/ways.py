"""ONNX Runtime's ways to a convolution, and what is known of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from verify.cases.case import Case
from verify.cases.domain import joined
from verify.checks.deviations import about
from verify.subjects.documented import deviations_in
from verify.subjects.onnxruntime.floats import WAYS as FLOAT_WAYS
from verify.subjects.onnxruntime.floats import Way
from verify.subjects.onnxruntime.quantised import WAYS as QUANTISED_WAYS
from verify.subjects.onnxruntime.quantised import QuantisedWay
from verify.subjects.onnxruntime.sessions import SWITCHES, VERSION
from verify.subjects.onnxruntime.switches import MATRIX

_EVERY: tuple[Way | QuantisedWay, ...] = (*FLOAT_WAYS, *QUANTISED_WAYS)

WAYS: Mapping[str, Way | QuantisedWay] = {way.name: way for way in _EVERY}
"""Every way by its name."""


class OnnxruntimeSubject:
    """What is common to the ways of the subject."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.version = VERSION
        self.switches: Mapping[str, str] = SWITCHES
        self.matrix = MATRIX
        self.known = about(deviations_in("onnxruntime"), subject=name, version=VERSION)
        self.ways: Mapping[str, Callable[[Case], Any]] = WAYS
        self.domain = joined(way.domain for way in WAYS.values())

    def __call__(self, case: Case) -> Any:
        raise AssertionError("a case is put to a way")
