"""Large cases: too large to be judged whole, judged by projection instead, where there is room for that.

`verify.oracle.projection` has the arithmetic; what it needs of a case is a matter of the case alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from verify.cases.exactness import largest_sum, scale_of
from verify.cases.modes import ZEROS
from verify.cases.weights import OWN

if TYPE_CHECKING:
    from verify.cases.case import Case

MEMORY_LIMIT = 2**30
"""Bytes that the padded input, the filters and the answer of a case may take as float64.

Making and judging them takes a few times as much memory. What takes more is judged by projection.
"""

WORK_LIMIT = 2**36
"""Multiplications of the reference above which a case is judged by projection, where it can be."""

LARGEST = 2**36
"""Bytes of the arrays of a large case, in its own dtype."""

FILTERS_LIMIT = 2**28
"""Bytes that the filters of a large case may take as float64: they are made whole."""

ENTRIES = 1024
"""Integers among which each entry of a vector is drawn: from −512 to 511."""

EXACT = 2**53
"""The magnitude up to which float64 holds every integer."""

FILLS = ("ones", "iota", "impulse", "ints", "dyadic", "coded")
"""Those whose numbers are integers of a known size."""

OPERATIONS = ("conv", "depthwise", "separable", "transpose")

_SECONDS_AN_ELEMENT, _SECONDS_A_PRODUCT = 2.0**-23, 2.0**-30


def is_large(case: Case) -> bool:
    """Whether a case is judged by projection: it takes much memory or much work, and can be."""
    if case.illegal or not (size_as_float64(case) > MEMORY_LIMIT or multiplications(case) > WORK_LIMIT):
        return False
    return not why_not_projected(case)


def multiplications(case: Case) -> int:
    """Those of the reference."""
    return case.products * math.prod(case.output_shape)


def size_as_float64(case: Case) -> int:
    """Bytes of the padded input, the filters, the answer and what lies between, as float64."""
    return 8 * _elements(case)


def size_in_its_dtype(case: Case) -> int:
    """The same, in the dtype of the case."""
    return case.dtype.itemsize * _elements(case)


def _elements(case: Case) -> int:
    padded = (case.batch, *(axis.padded for axis in case.axes), case.channels)
    shapes = [padded, case.filter_shape, case.result_shape]
    if case.traits.has_pointwise:
        shapes.append((case.batch, *(axis.out for axis in case.axes), case.channels * case.multiplier))
    return elements_in(shapes)


def elements_in(shapes: Iterable[tuple[int, ...]]) -> int:
    """Elements of arrays; an extent of 0 counts as 1, as a mask or a row of an empty one must fit as well."""
    return sum(math.prod(max(extent, 1) for extent in shape) for shape in shapes)


def bytes_of_arrays(case: Case) -> tuple[int, int]:
    """Bytes of the operands and of the answer of a case in its own dtype."""
    shapes = [*case.array_shapes, (case.output_channels,) if "bias" in case.epilogue else (0,)]
    sizes = sum(map(math.prod, shapes)), math.prod(case.output_shape)
    return sizes[0] * case.dtype.itemsize, sizes[1] * case.dtype.itemsize


def seconds_for(case: Case) -> float:
    """Seconds that a large case may take beyond what any case may: by its elements and its products."""
    elements = sum(bytes_of_arrays(case)) // case.dtype.itemsize
    return elements * _SECONDS_AN_ELEMENT + multiplications(case) * _SECONDS_A_PRODUCT


def largest_magnitude(case: Case) -> float:
    """B: no |Σ x·w + b|, nor Σ|x||w| + |b|, of any element of a case of integers is larger."""
    scale = scale_of(case)
    if scale is None:
        return math.inf
    return largest_sum(case) + scale.bias * ("bias" in case.epilogue)


def room_for(case: Case) -> float:
    """What the sums of a projection may reach: 512 · B for each channel of the answer."""
    return case.output_channels * (ENTRIES // 2) * largest_magnitude(case)


def require_whole(case: Case, act: str = "computed whole") -> None:
    """Raise ValueError, one sentence, for a large case, which cannot be computed or shown as a whole."""
    if case.is_large:
        size, products = size_as_float64(case) / 2**30, multiplications(case)
        raise ValueError(
            f"{str(case)!r} is too large to be {act}: it takes {size:,.1f} GiB as float64 and {products:,} "
            "products; `replay SUBJECT WORD` judges it by projection"
        )


def why_not_projected(case: Case) -> str:
    """Why a case cannot be judged by projection, in a phrase; "" where it can be."""
    return next(filter(None, (complaint(case) for complaint in _COMPLAINTS)), "")


def _wrong_kind(case: Case) -> str:
    if case.operation not in OPERATIONS:
        return f"an element of a {case.operation} sums over all places"
    if case.padding_mode != ZEROS:
        return f"its padding is {case.padding_mode!r}"
    if case.trimmed:
        return "its input lacks windows"
    after = [step for step in case.epilogue if step != "bias"]
    return f"{after[0]!r} follows its sums" if after else ""


def _wrong_numbers(case: Case) -> str:
    form = case.format
    if form.is_quantised:
        return "it is quantised"
    if case.weights != OWN:
        return f"its filters are kept in {case.weights}"
    if case.fill not in FILLS or (case.fill == "dyadic" and form.exact_integers):
        return f"the fill {case.fill!r} has no exact sums"
    holds = int(form.largest) if form.exact_integers else 1 << form.precision
    if (reach := largest_magnitude(case)) > holds:
        return f"its sums may reach {reach:,.0f}, and {form.name} holds every integer to {holds:,}"
    return ""


def _no_room(case: Case) -> str:
    reach = room_for(case)
    return f"its projections may reach {reach:.3g}, and float64 is exact to {EXACT:.3g}" * (reach > EXACT)


def _too_large(case: Case) -> str:
    filters = 8 * (math.prod(case.filter_shape) + math.prod(case.pointwise_shape) * case.traits.has_pointwise)
    if filters > FILTERS_LIMIT:
        return f"its filters take {filters / 2**20:,.0f} MiB as float64, more than {FILTERS_LIMIT >> 20}"
    is_beyond = size_in_its_dtype(case) > LARGEST
    return f"its arrays take more than {LARGEST >> 30} GiB in {case.format.name}" if is_beyond else ""


def _is_empty(case: Case) -> str:
    sizes = (*case.input_shape, *case.output_shape)
    return "" if all(sizes) else "it has no element"


_COMPLAINTS: tuple[Callable[[Case], str], ...] = (
    _wrong_kind,
    _wrong_numbers,
    _no_room,
    _too_large,
    _is_empty,
)
