"""ONNX Runtime on the CPU: its operators of convolutions, at two levels of optimisation."""

from __future__ import annotations

from verify.subjects.built_in import BuiltIn, known_of, operations_of


def subject(name: str) -> BuiltIn:
    """The subject of a built-in name; ONNX Runtime is imported with the first."""
    from verify.subjects.onnxruntime.sessions import SWITCHES, VERSION
    from verify.subjects.onnxruntime.switches import MATRIX
    from verify.subjects.onnxruntime.ways import WAYS

    return BuiltIn(
        name=name,
        version=VERSION,
        ways=WAYS,
        known=known_of(name, version=VERSION),
        switches=SWITCHES,
        matrix=MATRIX,
        refuses=operations_of(WAYS.values()),
    )
