"""TensorFlow's settings that are fixed when it is imported, as this process has or will have them."""

from __future__ import annotations

import os

from verify.subjects.device import switch
from verify.subjects.processor import ONEDNN, onednn_dtypes

MATRIX = {
    ONEDNN: ("0", "1"),
    "TF_NUM_INTRAOP_THREADS": ("1", "2"),
    "TF_DETERMINISTIC_OPS": ("0", "1"),
}
"""The settings, and the values that a matrix combines."""

SETTINGS = tuple(MATRIX)


def switches() -> dict[str, str]:
    """TensorFlow's settings that are fixed when it is imported, as this process has or will have them.

    oneDNN's own default depends on the CPU, so it is always set explicitly: off unless the
    environment says "1" or "true".
    """
    is_on = os.environ.get(ONEDNN, "0").lower() in ("1", "true")
    settings = {name: os.environ.get(name) for name in SETTINGS} | {SETTINGS[0]: str(int(is_on))}
    return {name: value for name, value in {**settings, **switch()}.items() if value}


def onednn() -> str:
    """Off, or on with the dtypes that it takes over on this CPU."""
    is_on = switches()[ONEDNN] == "1"
    return f"on for {' '.join(onednn_dtypes())}" if is_on else "off"


def kernel_threads() -> str:
    """The threads of TensorFlow's kernels: what the environment says, else one for each core."""
    return os.environ.get("TF_NUM_INTRAOP_THREADS") or str(os.cpu_count() or 1)
