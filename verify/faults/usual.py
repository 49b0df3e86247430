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
    if word.weights != OWN:
        return {
            "operations": tuple(weights.KEPT[word.weights].operations),
            "dtypes": ("float32",),
            "around": weights.EPILOGUE,
            "padding_modes": (ZEROS,),
            "views": (),
            "output_paddings": BELOW_STRIDE,
            "weight_dtypes": (word.weights,),
        }
    if fault.family == "quantised":
        return {
            "operations": quantised.OPERATIONS,
            "dtypes": tuple(QUANTISED),
            "around": quantised.EPILOGUE,
            "padding_modes": (ZEROS,),
            "views": (),
            "output_paddings": BELOW_STRIDE,
            "weight_dtypes": (OWN,),
        }
    is_of_modes = word.padding_mode != ZEROS
    return {
        "dtypes": tuple(FORMATS),
        "padding_modes": PADDING_MODES if is_of_modes else (ZEROS,),
        "views": tuple(LAYOUTS) if fault.family == "memory" else (),
        "output_paddings": OUTPUT_PADDINGS if word.trimmed else BELOW_STRIDE,
        "weight_dtypes": (OWN,),
    }
