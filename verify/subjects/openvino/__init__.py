"""OpenVINO on the CPU: its convolutions in float32, by two of its execution modes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from verify.subjects.openvino.ways import OpenvinoSubject


def subject(name: str) -> OpenvinoSubject:
    """The subject of a built-in name; OpenVINO is imported with the first."""
    from verify.subjects.openvino.ways import OpenvinoSubject

    return OpenvinoSubject(name)
