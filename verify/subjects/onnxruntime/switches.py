"""The settings that ONNX Runtime runs under here, as this process has or will have them."""

from __future__ import annotations

import os

THREADS = "CONV_VERIFY_ORT_THREADS"
"""The variable that says how many threads a kernel has; ONNX Runtime itself reads none."""

MATRIX = {THREADS: ("1", "2")}
"""The settings, and the values that a matrix combines."""


def switches() -> dict[str, str]:
    """The settings, each of which has a value."""
    return {THREADS: os.environ.get(THREADS) or "1"}
