"""The corners where convolutions go wrong, as conditions on a case."""

from __future__ import annotations

from collections.abc import Callable

from tests.strategies.drawing import Corner
from verify import Case
from verify.cases.geometry import Axis
from verify.cases.operations import kind_of

COUNTS = (3, 4, 5, 7, 8, 9, 15, 16, 17)

TINY = {
    "max_side": 1,
    "max_kernel": 1,
    "max_stride": 1,
    "max_dilation": 1,
    "max_channels": 1,
    "max_groups": 1,
    "max_batch": 1,
}


def some(condition: Callable[[Axis], bool]) -> Corner:
    return lambda case: any(map(condition, case.axes))


def mode(case: Case) -> str:
    return case.padding.lower() if isinstance(case.padding, str) else "explicit"


def in_mode(name: str, condition: Callable[[Axis], bool]) -> Corner:
    return lambda case: mode(case) == name and some(condition)(case)


def has_odd_total(axis: Axis) -> bool:
    return (axis.before + axis.after) % 2 == 1


def steps_over_the_end(axis: Axis) -> bool:
    """SAME's formula without its clamp would be negative."""
    return (axis.out - 1) * axis.stride + axis.span < axis.size


def leaves_cells_unread(axis: Axis) -> bool:
    """A whole remainder of the input lies behind the last window."""
    return axis.out > 0 and (axis.out - 1) * axis.stride + axis.span < axis.before + axis.size


def is_one_short(axis: Axis) -> bool:
    return axis.span == axis.size + 1 and axis.out == 0


def is_padded_on_one_side(axis: Axis) -> bool:
    return (axis.before == 0) != (axis.after == 0)


SPATIAL: dict[str, Corner] = {
    "SAME with an odd total": in_mode("same", has_odd_total),
    "SAME that steps over cells": in_mode("same", steps_over_the_end),
    "stride above the kernel": some(lambda axis: axis.stride > axis.span),
    "dilated kernel above the input": some(lambda axis: axis.dilation > 1 and axis.span > axis.size),
    "kernel one above the input, VALID": in_mode("valid", is_one_short),
    "remainder of VALID": in_mode("valid", leaves_cells_unread),
    "remainder of SAME": in_mode("same", leaves_cells_unread),
    "remainder of explicit padding": in_mode("explicit", leaves_cells_unread),
    "1x1 kernel with strides": lambda case: set(case.kernel) == {1} and max(case.strides) > 1,
    "unequal sizes": lambda case: len(set(case.size)) > 1,
    "unequal kernels": lambda case: len(set(case.kernel)) > 1,
    "unequal strides": lambda case: len(set(case.strides)) > 1,
    "unequal dilations": lambda case: len(set(case.dilations)) > 1,
    "strides and dilations of one axis": some(lambda axis: axis.stride > 1 and axis.dilation > 1),
    "padding larger than the kernel": in_mode(
        "explicit", lambda axis: max(axis.before, axis.after) > axis.span
    ),
    "padding on one side alone": in_mode("explicit", is_padded_on_one_side),
}


def has(step: str) -> Corner:
    return lambda case: any(kind_of(other) == step for other in case.epilogue)


def of(operation: str) -> Corner:
    return lambda case: case.operation == operation
