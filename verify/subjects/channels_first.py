"""A case as engines have it that know one layout: images channels first, filters before their channels."""

from __future__ import annotations

import numpy as np

from verify.cases.case import Case
from verify.cases.operands import Array
from verify.cases.trimming import output_padding


def image_of(case: Case, array: Array) -> Array:
    """An image of a case, (batch, channels, *spatial)."""
    return array if case.channels_first else np.moveaxis(array, -1, 1)


def filters_of(case: Case) -> Array:
    """The filters as (filters, channels of one group, *kernel).

    Those of a transpose, too, begin with the forward convolution's filters, which are the channels of its
    input. Depthwise filters, (*kernel, channels, multiplier), have as many groups as channels.
    """
    if case.traits.has_multiplier:
        return first(case.filters.reshape(*case.kernel, 1, case.channels * case.multiplier))
    return first(case.filters)


def first(filters: Array) -> Array:
    """Filters (*kernel, channels, filters) as (filters, channels, *kernel)."""
    return np.moveaxis(filters, (-1, -2), (0, 1))


def groups_of(case: Case) -> int:
    """The groups of the convolution that a case is; a depthwise one has a group for each channel."""
    return case.channels if case.traits.has_multiplier else case.groups


def pads_of(case: Case) -> tuple[list[int], list[int]]:
    """The cells of the padding before and after each axis, without a border."""
    pairs = list(zip(case.axes, case.borders, strict=True))
    return [axis.before - ends[0] for axis, ends in pairs], [axis.after - ends[1] for axis, ends in pairs]


def unread_of(case: Case) -> list[int]:
    """The cells at the end of each padded axis that no window reaches: an `output_padding`."""
    return [output_padding(axis) for axis in case.axes]
