"""One dot product as a convolution of one window, and the bits that orders of summation give it."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.models import summation
from verify.cases.dtypes import FORMATS
from verify.cases.operands import Operands
from verify.oracle.calls import Arguments, call_of
from verify.oracle.problem import Problem


def dots(dtype: str, x: Any, w: Any, bias: Any = None) -> tuple[Problem, Operands]:
    """A problem of one window over all of x, and its operands."""
    kind = FORMATS[dtype].dtype
    b = None if bias is None else np.array([bias], dtype=kind)
    operands = Operands(
        input=np.array(x, kind).reshape(1, -1, 1), factor=np.array(w, kind).reshape(-1, 1, 1), bias=b
    )
    call = call_of(Arguments(operation="conv", x=operands.input, w=operands.factor, bias=operands.bias))
    return call.problem, operands


def orders(dtype: str, x: Any, w: Any, bias: Any = None) -> set[bytes]:
    """The bits that every order of summation gives for one dot product."""
    form = FORMATS[dtype]
    accumulator = FORMATS[form.accumulator].dtype
    a, b = (np.array(part, form.dtype).astype(accumulator).reshape(1, -1) for part in (x, w))
    zero = np.zeros(1, accumulator)
    offset = zero + np.asarray(0 if bias is None else bias, form.dtype).astype(accumulator)
    with np.errstate(over="ignore", invalid="ignore"):
        sums = [order(a, b, zero) for order in summation.ORDERS.values()]
        begun = [order(a, b, offset) for order in summation.ORDERS.values()]
        stored = [total.astype(form.dtype).astype(accumulator) + offset for total in sums]
        ends = [*begun, *(total + offset for total in sums), *(stored if bias is not None else [])]
        return {(total.astype(form.dtype) + form.dtype.type(0)).tobytes() for total in ends}
