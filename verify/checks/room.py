"""Whether the memory that is free here holds the arrays of a large case."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from verify.cases.case import Case
from verify.cases.large import bytes_of_arrays

SPARE = 2**29
"""Bytes that judging takes, and that are left to others."""


def why_no_room(case: Case) -> str:
    """Why a large case is not asked here, in a phrase; "" where its arrays fit."""
    if not case.is_large:
        return ""
    operands, answer = bytes_of_arrays(case)
    needed, free = operands + 2 * answer + SPARE, min(_free(), default=None)
    if free is None or needed <= free:
        return ""
    return f"it takes {needed / 2**30:.1f} GiB of memory, and {free / 2**30:.1f} GiB are free here"


def _free(proc: Path = Path("/proc/meminfo"), group: Path = Path("/sys/fs/cgroup")) -> Iterator[int]:
    """Bytes that are free: of the machine, and of the control group where it has a limit; none if unknown."""
    with suppress(OSError, StopIteration, ValueError):
        lines = proc.read_text(encoding="ascii").splitlines()
        yield 1024 * int(next(line for line in lines if line.startswith("MemAvailable")).split()[1])
    with suppress(OSError, StopIteration, ValueError):  # "max" where it has none
        most, used = (
            int((group / f"memory.{name}").read_text(encoding="ascii")) for name in ("max", "current")
        )
        lines = (group / "memory.stat").read_text(encoding="ascii").splitlines()
        cached = next(line for line in lines if line.startswith("inactive_file")).split()[1]
        yield most - used + int(cached)
