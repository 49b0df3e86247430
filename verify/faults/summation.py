"""Orders of summation: correct convolutions that add up their products in different orders."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

import numpy as np

from verify.cases.case import Case
from verify.cases.dtypes import FORMATS
from verify.cases.geometry import Axis
from verify.cases.modes import ZEROS
from verify.cases.operands import Array
from verify.faults.index_maps import (
    cast,
    contracted,
    factors,
    finished,
    groups_of,
    indices,
    right_maps,
    windows_by_maps,
)

Order = Callable[[Array], Array]
"""Products, (terms, …), to their sums."""

BLOCK_PRODUCTS = 8


def forward(products: Array) -> Array:
    if not len(products):
        return np.zeros(products.shape[1:], products.dtype)
    with np.errstate(invalid="ignore", over="ignore"):
        return np.asarray(np.add.accumulate(products, axis=0)[-1])


def pairwise(products: Array) -> Array:
    """Neighbours are added until one is left."""
    with np.errstate(invalid="ignore", over="ignore"):
        while len(products) > 1:
            odd = products[len(products) // 2 * 2 :]
            products = np.concatenate([products[:-1:2] + products[1::2], odd])
    return forward(products)


def blocked(products: Array) -> Array:
    """Blocks of eight products, then the blocks."""
    starts = range(0, len(products), BLOCK_PRODUCTS)
    sums = [forward(products[start : start + BLOCK_PRODUCTS]) for start in starts]
    return forward(np.stack(sums)) if sums else forward(products)


def sums_in(case: Case, order: Order, *, kind: Any) -> Array:
    """The sums of a case in an order, products and partial sums rounded to `kind`; no bias is added.

    In the case's data format; the values between the steps of a `separable` are kept in `kind`.
    """
    return _added(case, products_of(case, kind), order)


def _added(case: Case, products: Array, order: Order) -> Array:
    kind, sums = products.dtype, order(products)
    if case.pointwise is not None:
        table = case.pointwise.astype(kind).reshape(case.pointwise.shape[-2:])
        weights = table.reshape(len(table), *(1,) * (sums.ndim - 1), case.filter_count)
        with np.errstate(invalid="ignore", over="ignore"):
            sums = order(np.moveaxis(sums, -1, 0)[..., np.newaxis] * weights)
    is_moved = case.channels_first and case.traits.answers_image
    return np.moveaxis(sums, -1, 1) if is_moved else sums


def products_of(case: Case, kind: Any) -> Array:
    """Every product of each element of the answer, (terms, *answer), channels last.

    Of a `separable` those of its first step. Where an element has fewer than others, zeros.
    """
    x, factor = factors(case, kind)
    with np.errstate(invalid="ignore", over="ignore"):
        if case.traits.answer == "source":
            return _gathered(_scattered(x, factor, case=case), case)
        if case.is_bias_gradient:
            return factor.reshape(-1, factor.shape[-1])
        return contracted(
            windows_by_maps(x, case=case, maps=right_maps(case)), factor, case=case, keeps_terms=True
        )


def _scattered(y: Array, w: Array, *, case: Case) -> Array:
    """For each tap and filter of a group, what it adds to every place of the padded input."""
    taps, filters = list(np.ndindex(*case.kernel)), case.filter_count // case.groups
    places = tuple(axis.padded for axis in case.axes)
    answer = np.zeros((len(taps) * filters, len(y), *places, case.channels), y.dtype)
    maps = [axis.places for axis in case.axes]
    for number, tap in enumerate(taps):
        met = indices([cells[:, t : t + 1] for cells, t in zip(maps, tap, strict=True)])
        at = tuple(cells.reshape(cells.shape[: case.rank]) for cells in met)
        for channels, share in groups_of(case):
            for member in range(filters):
                products = y[..., share.start + member, np.newaxis] * w[tap][:, share.start + member]
                answer[number * filters + member][..., channels][(slice(None), *at)] = products
    return answer


def _gathered(products: Array, case: Case) -> Array:
    """Those of the places that stand for each cell of the input, one place after another."""
    for place, axis in enumerate(case.axes, start=2):
        if axis.mode == ZEROS:  # no place stands for a cell but its own
            inside = slice(axis.before, axis.before + axis.size)
            products = products[(slice(None),) * place + (inside,)]
            continue
        along = np.moveaxis(products, place, -1)
        along = np.concatenate([along, np.zeros((*along.shape[:-1], 1), along.dtype)], axis=-1)
        parts = [np.moveaxis(along[..., cells], -1, place) for cells in _places_of_cells(axis)]
        products = np.concatenate(parts) if len(parts) > 1 else parts[0]
    return products


def _places_of_cells(axis: Axis) -> Iterator[list[int]]:
    """The first place that stands for each cell of an axis, then the second …; none is after the last."""
    sources = axis.sources
    standing = [np.flatnonzero(sources == cell).tolist() for cell in range(axis.size)]
    for number in range(max(map(len, standing), default=1)):
        yield [places[number] if number < len(places) else axis.padded for places in standing]


def accumulator_of(case: Case) -> Any:
    """The dtype in which frameworks add up a case's products."""
    token = case.format.accumulator
    return np.dtype(token) if case.format.exact_integers else FORMATS[token].dtype


@lru_cache(maxsize=1)
def _products(case: Case) -> Array:
    """The products of the case last asked, which one order after another adds up."""
    products = products_of(case, accumulator_of(case))
    products.flags.writeable = False
    return products


def summed(case: Case, order: Order) -> Array:
    return finished(case, _added(case, _products(case), order))


def summed_forward(case: Case) -> Array:
    return summed(case, forward)


def summed_backward(case: Case) -> Array:
    return summed(case, lambda products: forward(products[::-1]))


def summed_pairwise(case: Case) -> Array:
    return summed(case, pairwise)


def summed_in_blocks(case: Case) -> Array:
    return summed(case, blocked)


def summed_precisely(case: Case) -> Array:
    """In more than the accumulator's precision, rounded to it once."""
    if case.format.exact_integers:
        return finished(case, cast(sums_in(case, forward, kind=np.int64), accumulator_of(case)))
    form = FORMATS[case.format.accumulator]
    wider = np.float64 if form.precision < FORMATS["float64"].precision else np.longdouble
    return finished(case, cast(sums_in(case, forward, kind=wider), form.dtype))


CORRECT: dict[str, Callable[[Case], Array]] = {
    "forward": summed_forward,
    "reversed": summed_backward,
    "pairwise": summed_pairwise,
    "blocked": summed_in_blocks,
    "higher precision": summed_precisely,
}
"""Correct convolutions, as subjects, by the order in which they add."""
