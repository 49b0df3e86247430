"""The catalogue of faults: wrong convolutions, used to prove the harness and to name what went wrong."""

from __future__ import annotations

import difflib

from verify.faults.catalogue.blocks import BLOCKED
from verify.faults.catalogue.channels import BATCH, CHANNELS
from verify.faults.catalogue.converted import CONVERTED
from verify.faults.catalogue.deviating import DEVIATING as _DEVIATING
from verify.faults.catalogue.memory import MEMORY
from verify.faults.catalogue.modes import MODES
from verify.faults.catalogue.output_padding import OUTPUT_PADDED
from verify.faults.catalogue.padding import PADDING
from verify.faults.catalogue.precision import BEHAVIOUR, PRECISION
from verify.faults.catalogue.quantised import QUANTISED
from verify.faults.catalogue.rounding import ROUNDING
from verify.faults.catalogue.shapes import SHAPES
from verify.faults.catalogue.weights import DEVIATING_WEIGHTS, WEIGHTS
from verify.faults.catalogue.windows import GRADIENTS, WINDOWS
from verify.faults.fault import Fault
from verify.faults.parts import along, base_and_part, in_windows

__all__ = ["DEVIATING", "FAULTS", "Fault", "fault_named"]

FAULTS: tuple[Fault, ...] = (
    *PADDING,
    *MODES,
    *WINDOWS,
    *SHAPES,
    *BLOCKED,
    *CHANNELS,
    *BATCH,
    *PRECISION,
    *BEHAVIOUR,
    *WEIGHTS,
    *GRADIENTS,
    *OUTPUT_PADDED,
    *QUANTISED,
    *ROUNDING,
    *MEMORY,
)

DEVIATING: tuple[Fault, ...] = _DEVIATING + CONVERTED + DEVIATING_WEIGHTS
"""Faults that a recorded deviation predicts alone."""


def fault_named(name: str) -> Fault:
    """The fault of a name, also a part, or one that a deviation predicts alone; else ValueError."""
    for fault in (*FAULTS, *DEVIATING):
        if fault.name == name:
            return fault
    base, is_in_windows, axes = base_and_part(name)
    if base != name:
        whole = in_windows(fault_named(base)) if is_in_windows else fault_named(base)
        return along(whole, axes) if axes else whole
    near = difflib.get_close_matches(name, [fault.name for fault in FAULTS], n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    raise ValueError(f"no fault is named {name!r}; `list` names them{hint}")
