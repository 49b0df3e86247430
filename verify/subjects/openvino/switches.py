"""The settings that OpenVINO runs under here, as this process has or will have them."""

from __future__ import annotations

import os

THREADS = "CONV_VERIFY_OV_THREADS"
"""The variable that says how many threads an answer has; OpenVINO itself reads none."""

MATRIX = {THREADS: ("1", "2")}
"""The settings, and the values that a matrix combines."""


def switches() -> dict[str, str]:
    """The settings, each of which has a value."""
    return {THREADS: os.environ.get(THREADS) or "1"}
