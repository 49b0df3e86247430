"""The cases that a fault answers as a subject: those of the kind that it is about."""

from __future__ import annotations

from verify.cases import quantised
from verify.cases.case import Case
from verify.cases.domain import Domain, Space
from verify.cases.dtypes import QUANTISED
from verify.cases.memory import LAYOUTS
from verify.cases.modes import PADDING_MODES, ZEROS
from verify.cases.operations import OPERATIONS
from verify.faults.fault import Fault


def domain_of(fault: Fault) -> Domain:
    """Of a quantised one the quantised cases; one of memory has every layout, one of modes every mode."""
    if fault.family == "quantised":
        space = Space(dtypes=tuple(QUANTISED), around=quantised.EPILOGUE)
        return Domain(spaces=dict.fromkeys(quantised.OPERATIONS, space))
    is_of_modes = Case.parse(fault.word).padding_mode != ZEROS
    space = Space(
        views=tuple(LAYOUTS) if fault.family == "memory" else (),
        padding_modes=PADDING_MODES if is_of_modes else (ZEROS,),
    )
    return Domain(spaces=dict.fromkeys(OPERATIONS, space))
