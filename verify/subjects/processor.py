"""The CPU of this machine, as far as it changes what a framework computes."""

from __future__ import annotations

from functools import cache
from pathlib import Path

_CPUINFO = Path("/proc/cpuinfo")


@cache
def features() -> frozenset[str]:
    """The instruction sets that Linux names, such as "avx2"; none elsewhere, and none of another make."""
    try:
        lines = _CPUINFO.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return frozenset()
    named = [line.partition(":")[2].split() for line in lines if line.startswith("flags")]
    return frozenset(named[0]) if named else frozenset()


def model() -> str:
    """The processor as Linux names it, by which libraries know its caches; nothing elsewhere."""
    try:
        lines = _CPUINFO.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")


def onednn_dtypes(found: frozenset[str] | None = None) -> tuple[str, ...]:
    """The dtypes that oneDNN takes over from TensorFlow's own kernels, where it is on.

    That depends on the instruction sets `found`, by default this machine's: TensorFlow's rule is
    `IsDataTypeSupportedByOneDNNOnThisCPU` in its `core/util/util.cc`.
    """
    has = features() if found is None else found
    converts = "avx_ne_convert" in has
    halves = "avx512bw" in has and ("avx512_fp16" in has or "amx_fp16" in has)
    taken = {"f32": True, "bf16": "avx512f" in has or converts, "f16": halves or converts}
    return tuple(dtype for dtype, is_taken in taken.items() if is_taken)
