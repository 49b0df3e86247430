"""The CPU of this machine, as far as it changes what a framework computes."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

ONEDNN = "TF_ENABLE_ONEDNN_OPTS"
"""The variable by which TensorFlow uses oneDNN, or does not."""

_CPUINFO = Path("/proc/cpuinfo")


@cache
def features() -> frozenset[str]:
    """The instruction sets that Linux names, such as "avx2"; none on other systems and architectures."""
    return frozenset(_first("flags").split())


def vectors() -> str:
    """Those of the instruction sets by which libraries choose kernels: of vectors and matrices."""
    return " ".join(sorted(name for name in features() if name.startswith(("avx", "fma", "amx"))))


def system() -> str:
    """The system, and the architecture of this machine."""
    return f"{platform.system()} {platform.machine()}"


def cpu_model() -> str:
    """The processor's model as Linux names it, by which libraries know its caches; empty elsewhere."""
    return _first("model name")


def _first(label: str) -> str:
    """The value of the first line with a label, or nothing."""
    try:
        lines = _CPUINFO.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(label)), "")


def onednn_dtypes(instructions: frozenset[str] | None = None) -> tuple[str, ...]:
    """The dtypes that oneDNN takes over from TensorFlow's own kernels, if it is on.

    That depends on the `instructions`, by default this machine's: TensorFlow's rule is
    `IsDataTypeSupportedByOneDNNOnThisCPU` in its `core/util/util.cc`.
    """
    has = features() if instructions is None else instructions
    converts = "avx_ne_convert" in has
    halves = "avx512bw" in has and ("avx512_fp16" in has or "amx_fp16" in has)
    taken = {"float32": True, "bfloat16": "avx512f" in has or converts, "float16": halves or converts}
    return tuple(dtype for dtype, is_taken in taken.items() if is_taken)


def condition_names(switches: Mapping[str, str]) -> dict[str, Any]:
    """What conditions may use of a subject that runs TensorFlow under these settings."""
    is_on = switches.get(ONEDNN) == "1"
    return {"switches": switches, "onednn": onednn_dtypes() if is_on else ()}


def onednn_by_default(instructions: frozenset[str] | None = None) -> bool:
    """Whether TensorFlow turns oneDNN on where no setting says so: on CPUs with instructions for networks.

    That depends on the `instructions`, by default this machine's: TensorFlow's rule is `IsMklEnabled` in its
    `core/util/port.cc`.
    """
    has = features() if instructions is None else instructions
    return bool(has & {"avx512_vnni", "avx512_bf16", "avx_vnni", "amx_tile", "amx_int8", "amx_bf16"})
