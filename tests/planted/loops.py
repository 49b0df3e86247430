"""A convolution in loops as a student writes it, with one typing error at a time."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from verify import Case
from verify.cases.operands import Array
from verify.checks.subject import Subject

Pairs = list[tuple[int, int]]


def loops(
    *,
    cell: Callable[[int, int, int, int], int] = lambda out, stride, tap, dilation: (
        out * stride + tap * dilation
    ),
    pads: Callable[[Pairs], Pairs] = lambda pairs: pairs,
    tap: Callable[[tuple[int, ...], tuple[int, ...]], tuple[int, ...]] = lambda taps, kernel: taps,
    bias: Callable[[Array], Array] = lambda numbers: numbers,
) -> Subject:
    """Convolutions of one and two axes by the cell that a tap reads, the padding, the tap and the bias."""

    def subject(case: Case) -> Array:
        x = np.moveaxis(case.input, 1, -1) if case.channels_first else case.input
        ends = pads([(axis.before, axis.after) for axis in case.axes])
        x = np.pad(x, [(0, 0), *((before, after + 80) for before, after in ends), (0, 0)])
        members, filters = case.channels // case.groups, case.filter_count // case.groups
        y = np.zeros((len(x), *(axis.out for axis in case.axes), case.filter_count), np.float64)
        for place in np.ndindex(*y.shape[1:-1]):
            for taps in np.ndindex(*case.kernel):
                walks = zip(place, case.strides, taps, case.dilations, strict=True)
                read = x[(slice(None), *(cell(*walk) for walk in walks))].astype(np.float64)
                for filter_ in range(case.filter_count):
                    first = filter_ // filters * members
                    weights = case.filters[tap(taps, case.kernel)][:, filter_]
                    y[(slice(None), *place, filter_)] += read[:, first : first + members] @ weights
        if case.bias is not None:
            y += bias(case.bias)
        if "relu" in case.epilogue:
            y = np.maximum(y, 0)
        return (np.moveaxis(y, -1, 1) if case.channels_first else y).astype(case.dtype)

    subject.dtypes, subject.ranks = ("float32",), (1, 2)  # type: ignore[attr-defined]
    return subject
