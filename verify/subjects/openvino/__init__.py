"""OpenVINO on the CPU: its convolutions in float32, by two of its execution modes."""

from __future__ import annotations

from verify.subjects.built_in import BuiltIn, known_of


def subject(name: str) -> BuiltIn:
    """The subject of a built-in name; OpenVINO is imported with the first."""
    from verify.subjects.openvino.switches import MATRIX
    from verify.subjects.openvino.ways import SWITCHES, VERSION, WAYS

    return BuiltIn(
        name=name,
        version=VERSION,
        ways=WAYS,
        known=known_of(name, version=VERSION),
        switches=SWITCHES,
        matrix=MATRIX,
        compiles=True,
        cost=8,
    )
