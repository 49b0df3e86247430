"""The strategy of large cases: small ones of which an extent grows until an index, or the work, is large."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from operator import itemgetter
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from verify.cases.case import Case
from verify.cases.domain import Domain
from verify.cases.geometry import ceil_div
from verify.cases.large import OPERATIONS, WORK_LIMIT, bytes_of_arrays, size_in_its_dtype
from verify.cases.modes import ZEROS
from verify.cases.trimming import BELOW_STRIDE, OUTPUT_PADDINGS
from verify.cases.weights import OWN
from verify.cases.word import InvalidCase

from .cases import cases_by_way

LARGE_FILLS = ("ints", "dyadic")
"""Those in which cells that may be confused hold other numbers."""

AROUND = ("border", "bias")

ELEMENTS = (2**27, 2**27, 2**28, 2**28, 2**29, 2**30, 2**31)
"""What the larger of the input and the answer passes: 2**31 bytes are 2**29 elements of float32."""

MOST = 12 * 2**30
"""Bytes of the operands and twice the answer, and of what lies between them, at most."""

STRIDE = 16
"""A stride that leaves a small answer of a large input."""

_Change = dict[str, Any]


def _first(case: Case, factor: int) -> _Change:
    return {"size": (case.size[0] * factor + 1, *case.size[1:])}


def _last(case: Case, factor: int) -> _Change:
    return {"size": (*case.size[:-1], case.size[-1] * factor + 1)}


def _all(case: Case, factor: int) -> _Change:
    each = math.ceil(factor ** (1 / case.rank))
    return {"size": tuple(size * each + 1 for size in case.size)}


def _strided(case: Case, factor: int) -> _Change:
    return {**_all(case, factor), "strides": (STRIDE,) * case.rank, "dilations": (1,) * case.rank}


def _batch(case: Case, factor: int) -> _Change:
    return {"batch": case.batch * factor + 1}


def _layer(case: Case, factor: int) -> _Change:
    """A layer of a network, as many images of it as are more work than the reference does."""
    count = 256 if case.traits.has_filters and case.groups == 1 else 1
    side = {1: 3136, 2: 56, 3: 14}[case.rank]
    work = side**case.rank * math.prod(case.kernel) * count * count
    images = min(ceil_div(WORK_LIMIT, work) + 1, ceil_div(factor, 2**7) + 1)
    return {"size": (side,) * case.rank, "channels": 256, "filter_count": count, "batch": images}


Growth = Callable[[Case, int], _Change]

GROWTHS: tuple[Growth, ...] = (_all, _batch, _first, _last, _strided, _layer)


def large_cases_by_way(
    domains: Mapping[str, Domain], narrowings: Mapping[str, Any]
) -> SearchStrategy[tuple[str, Case]]:
    """Pairs of a way and a large case of its domain; the narrowings are those of `cases`.

    A case is drawn as others are, of exact sums that leave room for a projection, then one of its extents
    grows. Shrinks towards a large image. Raises ValueError where no case is left.
    """
    chosen = {
        name: [each for each in narrowings.get(name, every) if each in every]
        for name, every in (
            ("operations", OPERATIONS),
            ("fills", LARGE_FILLS),
            ("around", AROUND),
            ("padding_modes", (ZEROS,)),
            ("weight_dtypes", (OWN,)),
        )
    }
    if not all(chosen[name] for name in ("operations", "fills", "padding_modes", "weight_dtypes")):
        raise ValueError("none of these operations, fills, modes of padding and weights has large cases")
    given = {"output_paddings": narrowings.get("output_paddings", OUTPUT_PADDINGS)}
    domains = {way: domain.narrowed(given) for way, domain in domains.items()}
    usual = {"reductions": ("short",), **narrowings, **chosen, "views": (), "output_paddings": BELOW_STRIDE}
    drawn = cases_by_way(domains, **usual)
    grown = st.builds(partial(_grown, domains), drawn, st.sampled_from(GROWTHS), st.sampled_from(ELEMENTS))
    return grown.filter(itemgetter(1))  # type: ignore[return-value]


def _grown(
    domains: Mapping[str, Domain], drawn: tuple[str, Case], growth: Growth, elements: int
) -> tuple[str, Case | None]:
    way, case = drawn
    return way, next(filter(domains[way].holds, _large(case, (growth, *GROWTHS), elements)), None)


def _large(case: Case, growths: Sequence[Growth], elements: int) -> list[Case]:
    """The first growth of a case that is large and fits, in a list; none where it has none."""
    largest = max(math.prod(case.input_shape), math.prod(case.output_shape), 1)
    for growth in growths:
        with suppress(InvalidCase):
            grown = replace(case, **growth(case, ceil_div(elements, largest)))
            operands, answer = bytes_of_arrays(grown)
            if grown.is_large and max(operands + 2 * answer, size_in_its_dtype(grown)) <= MOST:
                return [grown]
    return []
