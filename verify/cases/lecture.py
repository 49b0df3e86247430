"""The numbers of the lecture's example, and the cases that they belong to."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from verify.cases.case import Case

SHAPES = ("i7x7_c3_k3x3_f2_s2x2_valid", "i5x5_c3_k3x3_f2_s2x2_p1.1x1.1")
"""The worked example of the convolution notes of Stanford's CS231n: with its border of zeros in the input, as
the notes write it out, and with the padding of 1 that they speak of."""


def _planes(*planes: str) -> NDArray[np.int64]:
    """Square planes of digits, each written row by row, a digit with its sign."""
    digits = [[int(digit) for digit in re.findall("-?[0-9]", plane)] for plane in planes]
    side = math.isqrt(len(digits[0]))
    return np.array(digits).reshape(len(planes), side, side)


_NUMBERS = {
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


def numbers(operand: str, size: tuple[int, ...]) -> NDArray[np.int64]:
    """The numbers of an operand, channels last; an input of 5×5 is that of 7×7 without its border."""
    values = _NUMBERS[operand]
    return values[:, 1:-1, 1:-1] if operand == "input" and size == (5, 5) else values


def refusal(case: Case) -> str | None:
    """Why a case cannot have the numbers of the lecture's example."""
    is_worked = str(case).startswith(tuple(f"conv_{shape}_" for shape in SHAPES))
    if is_worked and {"bias", "relu"}.issuperset(case.epilogue):
        return None
    return f"the fill 'cs231n' belongs to {' and '.join(SHAPES)} alone"
