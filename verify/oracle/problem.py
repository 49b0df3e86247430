"""A problem: what is computed, without its numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from verify.cases.dtypes import Format
from verify.cases.geometry import Axis
from verify.cases.operands import NORM_EPSILON, Array
from verify.cases.operations import OPERATIONS, Operation
from verify.cases.quantised import PLAIN, Quantised
from verify.cases.weights import OWN

if TYPE_CHECKING:
    from verify.cases.case import Case


class Problem(NamedTuple):
    """The operation, its axes, groups, epilogue, dtype and data format.

    `scheme` names how a quantised answer is made of its sums (`verify.oracle.schemes`), "" for any right way,
    and `arithmetic` how the sums of another dtype are computed (`verify.oracle.arithmetic`), "" by products.
    `weights` says in which dtype the filters are kept.
    """

    operation: str
    axes: tuple[Axis, ...]
    groups: int
    epilogue: tuple[str, ...]
    format: Format
    channels_first: bool
    norm_epsilon: float = NORM_EPSILON
    quantised: Quantised = PLAIN
    scheme: str = ""
    arithmetic: str = ""
    weights: str = OWN

    @property
    def traits(self) -> Operation:
        """What the table of operations says of its operation."""
        return OPERATIONS[self.operation]


def problem_of(case: Case) -> Problem:
    return Problem(
        case.operation,
        case.axes,
        case.groups,
        case.epilogue,
        case.format,
        case.channels_first,
        case.norm_epsilon,
        case.quantised,
        case.scheme,
        case.arithmetic,
        case.weights,
    )


def channels_last(problem: Problem | Case, x: Array) -> Array:
    return np.moveaxis(x, 1, -1) if problem.channels_first else x


def in_data_format(problem: Problem | Case, y: Array) -> Array:
    """A channels-last array in the data format of a problem."""
    return np.moveaxis(y, -1, 1) if problem.channels_first else y
