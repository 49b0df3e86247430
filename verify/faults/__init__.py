"""The catalogue of faults: wrong convolutions, used to prove the harness and to name what went wrong."""

from __future__ import annotations

import difflib

from verify.faults.batch import BATCH
from verify.faults.behaviour import BEHAVIOUR
from verify.faults.channels import CHANNELS
from verify.faults.fault import Fault
from verify.faults.gradients import GRADIENTS
from verify.faults.padding import PADDING
from verify.faults.precision import PRECISION
from verify.faults.windows import WINDOWS

__all__ = ["FAULTS", "Fault", "fault_named"]

FAULTS: tuple[Fault, ...] = (
    *PADDING,
    *WINDOWS,
    *CHANNELS,
    *BATCH,
    *PRECISION,
    *BEHAVIOUR,
    *GRADIENTS,
)


def fault_named(name: str) -> Fault:
    """The fault of a name; ValueError for one that the catalogue lacks."""
    for fault in FAULTS:
        if fault.name == name:
            return fault
    near = difflib.get_close_matches(name, [fault.name for fault in FAULTS], n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    raise ValueError(f"no fault is named {name!r}; `list` names them{hint}")
