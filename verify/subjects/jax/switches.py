"""The settings that JAX reads when it is imported, as this process has or will have them."""

from __future__ import annotations

import os

from verify.subjects.device import is_gpu, switch

PLATFORMS = "JAX_PLATFORMS"
"""The variable that says where JAX computes; here on the CPU, where nothing says otherwise."""

FLAGS = "XLA_FLAGS"
"""The variable of XLA's own flags."""

MATRIX = {FLAGS: ("--xla_cpu_multi_thread_eigen=true", "--xla_cpu_multi_thread_eigen=false")}
"""The settings, and the values that a matrix combines: many threads, and one."""

SETTINGS = (PLATFORMS, FLAGS, "JAX_DEFAULT_MATMUL_PRECISION")


def switches() -> dict[str, str]:
    """The settings that have a value."""
    settings = {name: os.environ.get(name) for name in SETTINGS}
    settings[PLATFORMS] = ("cuda" if is_gpu() else settings[PLATFORMS]) or "cpu"
    return {name: value for name, value in {**settings, **switch()}.items() if value}
