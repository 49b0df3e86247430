"""The worked example of the convolution notes of Stanford's CS231n, its zero border included."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from verify.cases.case import Case

FIELDS = {
    "operation": "conv",
    "batch": 1,
    "size": (7, 7),
    "channels": 3,
    "kernel": (3, 3),
    "filter_count": 2,
    "strides": (2, 2),
    "dilations": (1, 1),
    "groups": 1,
    "padding": "VALID",
    "border": (),
}


def refusal(case: Case) -> str | None:
    """Why a case cannot have the example's numbers, or None where it can."""
    is_worked = all(getattr(case, name) == value for name, value in FIELDS.items())
    if is_worked and {"bias", "relu"}.issuperset(case.epilogue):
        return None
    return "the fill 'cs231n' belongs to i7x7_c3_k3x3_f2_s2x2_valid alone"


def _planes(*planes: str) -> NDArray[np.int64]:
    """Square planes of digits, each written row by row, a digit with its sign."""
    digits = [[int(digit) for digit in re.findall("-?[0-9]", plane)] for plane in planes]
    side = math.isqrt(len(digits[0]))
    return np.array(digits).reshape(len(planes), side, side)


OPERANDS = {
    "input": np.pad(
        _planes(
            "01010 21012 02001 20100 00122",
            "10011 02211 21210 21122 12022",
            "21111 22121 11022 21220 12200",
        ),
        ((0, 0), (1, 1), (1, 1)),
    ).transpose(1, 2, 0)[np.newaxis],
    "factor": np.stack(
        [
            _planes("0 0 1 -1 1 1 0 1 0", "1 1 1 0 1 1 0 1 0", "-1 0 0 -1 1 1 0 -1 0"),
            _planes("0 0 0 1 1 -1 -1 1 1", "0 1 -1 1 1 -1 -1 1 -1", "1 1 0 -1 -1 0 0 -1 1"),
        ]
    ).transpose(2, 3, 1, 0),
    "bias": np.array([1, 0]),
}
"""Channels last, under the names that `Operands` has."""
