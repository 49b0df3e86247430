"""What is drawn for a fault as a subject, which answers every case: those of the kind that it is about."""

from __future__ import annotations

from typing import Any

from verify.cases import quantised, weights
from verify.cases.case import Case
from verify.cases.dtypes import FORMATS, QUANTISED
from verify.cases.memory import LAYOUTS
from verify.cases.modes import PADDING_MODES, ZEROS
from verify.cases.trimming import BELOW_STRIDE, OUTPUT_PADDINGS
from verify.cases.weights import OWN
from verify.faults.fault import Fault


def usual_of(fault: Fault) -> dict[str, Any]:
    """Of a quantised one the quantised cases; for one of memory every layout, for one of modes every mode.

    For one of output paddings those of every kind, of filters that are kept in a dtype these alone.
    """
    word = Case.parse(fault.word)
    usual: dict[str, Any] = {
        "dtypes": tuple(FORMATS),
        "padding_modes": (ZEROS,),
        "views": (),
        "output_paddings": BELOW_STRIDE,
        "weight_dtypes": (OWN,),
    }
    if word.weights != OWN:
        kept = {"operations": weights.KEPT[word.weights].operations, "weight_dtypes": (word.weights,)}
        return usual | kept | {"dtypes": ("float32",), "around": weights.EPILOGUE}
    if fault.family == "quantised":
        around = {"operations": quantised.OPERATIONS, "around": quantised.EPILOGUE}
        return usual | around | {"dtypes": tuple(QUANTISED)}
    if word.padding_mode != ZEROS:
        usual["padding_modes"] = PADDING_MODES
    if fault.family == "memory":
        usual["views"] = tuple(LAYOUTS)
    if word.trimmed:
        usual["output_paddings"] = OUTPUT_PADDINGS
    return usual
