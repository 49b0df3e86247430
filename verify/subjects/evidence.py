"""Evidence that the kernel ended a process for lack of memory: the counts that Linux keeps of that."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

CGROUPS = Path("/sys/fs/cgroup")
SYSTEM = Path("/proc/vmstat")
GROUPS_OF_THIS = Path("/proc/self/cgroup")

_COUNT = re.compile(r"^oom_kill (\d+)$", re.MULTILINE)


def memory_kills() -> int:
    """How often the kernel has ended a process for lack of memory: in this control group, if that is counted.

    Where it is not, in the whole system; 0 where nothing says so.
    """
    for file in (*_files_of_groups(), SYSTEM):
        with suppress(OSError, ValueError):
            if count := _COUNT.search(file.read_text(encoding="ascii")):
                return int(count[1])
    return 0


def _files_of_groups() -> Iterator[Path]:
    """The files in which the groups of this process would have the count: version 2, then version 1."""
    with suppress(OSError, ValueError):
        for line in GROUPS_OF_THIS.read_text(encoding="utf-8").splitlines():
            _, controllers, path = line.split(":", 2)
            if not controllers:
                yield CGROUPS / path.lstrip("/") / "memory.events"
            elif "memory" in controllers.split(","):
                yield CGROUPS / "memory" / path.lstrip("/") / "memory.oom_control"
                yield CGROUPS / "memory" / "memory.oom_control"
