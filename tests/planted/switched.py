"""A right subject that reads a setting of the environment, and says so."""

from __future__ import annotations

import os

from verify import Case, reference
from verify.cases.operands import Array


def reads(case: Case) -> Array:
    return reference(case).astype(case.dtype)


reads.switches = {"PLANTED_SWITCH": os.environ.get("PLANTED_SWITCH", "1")}  # type: ignore[attr-defined]
