"""How the axes of a convolution's three arrays are ordered, and arrays brought into such an order."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from verify.cases.case import Case
from verify.cases.operands import Array
from verify.cases.operations import Role


class Layout(NamedTuple):
    """The axes of source, filters and result, as JAX's `dimension_numbers` name them.

    N is the batch, C the channels, I and O those of filters.
    """

    source: str
    filters: str
    result: str

    def of(self, role: Role) -> str:
        return str(getattr(self, role))


LAYOUTS: Mapping[str, tuple[str, str, str]] = MappingProxyType(
    {
        "": ("", "SIO", ""),
        "+OIS": ("", "OIS", ""),
        "+CSN-ISO-NSC": ("CSN", "ISO", "NSC"),
        "+SNC-OSI-CNS": ("SNC", "OSI", "CNS"),
        "+NCS-SOI-SCN": ("NCS", "SOI", "SCN"),
    }
)
"""How a way's name ends → the order of the axes, S for all spatial ones; "" is the case's own."""


def layout_of(case: Case, name: str) -> Layout:
    """A layout by its name, for a case."""
    usual = "NCS" if case.channels_first else "NSC"
    return Layout(*(_spatial(case, order or usual) for order in LAYOUTS[name]))


def own_layout(case: Case) -> Layout:
    """The order in which the case has its arrays."""
    return layout_of(case, "")


def _spatial(case: Case, order: str) -> str:
    return order.replace("S", "DHW"[-case.rank :])


def ordered(array: Array, axes: str, wanted: str) -> Array:
    """An array whose axes have these letters, with its axes in another order, contiguous."""
    return np.ascontiguousarray(array.transpose([axes.index(letter) for letter in wanted]))


def shape_in(shape: tuple[int, ...], axes: str, wanted: str) -> tuple[int, ...]:
    """A shape whose axes have these letters, in another order."""
    return tuple(shape[axes.index(letter)] for letter in wanted)
