"""The settings that PyTorch runs under here, as this process has or will have them."""

from __future__ import annotations

import os

from verify.subjects.device import switch

THREADS = "CONV_VERIFY_TORCH_THREADS"
"""The variable that says how many threads a kernel has, by `torch.set_num_threads`."""

MATRIX = {THREADS: ("1", "2")}
"""The settings, and the values that a matrix combines."""

SETTINGS = ("DNNL_MAX_CPU_ISA", "DNNL_DEFAULT_FPMATH_MODE")
"""What oneDNN reads itself: instruction sets, lower precision."""


def switches() -> dict[str, str]:
    """The settings that have a value."""
    read = {name: os.environ.get(name) for name in SETTINGS}
    settings = {THREADS: os.environ.get(THREADS) or "1", **read}
    return {name: value for name, value in {**settings, **switch()}.items() if value}
