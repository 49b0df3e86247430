"""The address space that a worker's process may take: a usual limit, and more for a large case."""

from __future__ import annotations

import resource
from pathlib import Path
from typing import NamedTuple

from verify.cases.case import Case
from verify.cases.large import bytes_of_arrays

COPIES = 4
"""How often a subject may hold the arrays of a large case, beyond what any case may take."""


class Allowance(NamedTuple):
    """The usual limit in bytes, None for none."""

    usual: int | None

    def allow(self, case: Case) -> None:
        """Set the limit for a case, as far as whoever started this process allows it."""
        if self.usual is not None:
            more = COPIES * sum(bytes_of_arrays(case)) if case.is_large else 0
            _limit(self.usual + more)


def limited(memory_bytes: int | None) -> Allowance:
    """Limit this process to so many bytes beyond what its imports have mapped; None sets no limit."""
    if memory_bytes is None:
        return Allowance(None)
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()
    usual = int(pages[0]) * resource.getpagesize() + memory_bytes
    _limit(usual)
    return Allowance(usual)


def _limit(ours: int) -> None:
    """Our limit of the address space, or that of whoever started us where it is less."""
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    least = ours if hard == resource.RLIM_INFINITY else min(ours, hard)
    resource.setrlimit(resource.RLIMIT_AS, (least, hard))
