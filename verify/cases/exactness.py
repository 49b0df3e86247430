"""Whether the sums of a case are exact in every order, and how large integers may be so that they are."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from verify.cases.dtypes import FORMATS
from verify.cases.modes import ZEROS
from verify.cases.operations import ONE_ROUNDING, kind_of
from verify.cases.reads import most_alike

if TYPE_CHECKING:
    from verify.cases.case import Case


class Scale(NamedTuple):
    """How large the integers of an exact fill may be, at most.

    `factor` is for the filters, or the cotangent of a filtergrad; `bias` for the residual as well.
    """

    input: int
    factor: int
    bias: int
    pointwise: int = 1

    def largest(self, operand: str) -> int:
        """The largest integer of an operand, by its name in `Operands`."""
        return int(getattr(self, "bias" if operand == "residual" else operand))


def exact_limit(case: Case) -> int:
    """The sum of magnitudes up to which integer data gives one answer in every order.

    Sums of integers are exact in the accumulator below 2**precision. A narrower dtype rounds them
    once, at the end; where it stores them before another step, they must be exact in the dtype
    itself: also a gradient of padding, before it is added to that of the cells that it repeats.
    float16 also overflows above 65504.
    """
    form = case.format
    if form.exact_integers:
        return int(form.largest)
    is_added = case.padding_mode != ZEROS and case.traits.answer == "source"
    is_stored = case.traits.has_pointwise or is_added
    if is_stored or any(kind_of(step) not in ONE_ROUNDING for step in case.epilogue):
        return 1 << form.precision
    widest_power = math.frexp(form.largest)[1] - 1
    return 1 << min(FORMATS[form.accumulator].precision, widest_power)


def products_of_impulse(case: Case) -> int:
    """Products of an impulse that are not 0 in one sum: one, before the multipliers of a `separable`.

    As many where padding repeats the cell, as it is read at once. But the gradient of a bias adds up the
    cotangent, independent of the input.
    """
    if case.is_bias_gradient:
        return case.products
    repeated = 1
    if case.padding_mode != ZEROS:
        of_tap = case.traits.answer == "filters"
        repeated = math.prod(most_alike(axis, of_tap=of_tap) for axis in case.axes)
    return repeated * (case.multiplier if case.traits.has_pointwise else 1)


def of_iota(case: Case) -> Scale:
    """As far as each operand counts, where the sums leave room for it."""
    return Scale(*(max(1, min(size, room)) for size, room in zip(_sizes(case), _rooms(case), strict=True)))


def whole_of_iota(case: Case) -> Scale:
    """The largest integers of the operands so that the dtype itself holds every sum.

    Beyond them the answer is rounded, and the differences of large numbers are lost first.
    """
    form = case.format
    return _rooms(case) if form.exact_integers else _rooms(case, limit=1 << form.precision)


def _rooms(case: Case, limit: int | None = None) -> Scale:
    """The largest integers of the operands, those that are multiplied alike, for sums up to a limit."""
    operand = _operand_limit(case)
    alike = min(_fitting(case, limit), operand)
    return Scale(alike, alike, min(alike ** _factor_count(case), operand), alike)


def _sizes(case: Case) -> Scale:
    """How many numbers each operand has."""
    residual = math.prod(case.output_shape) if "residual" in case.epilogue else 0
    pointwise = case.channels * case.multiplier * case.filter_count if case.traits.has_pointwise else 1
    addends = max(case.output_channels, residual)
    return Scale(math.prod(case.input_shape), math.prod(case.factor_shape), addends, pointwise)


def of_ints(case: Case) -> Scale:
    return _alike(min(9, _fitting(case)))


def of_coded(case: Case) -> Scale:
    """A number of its own for each tap, then for as many cells as the sums leave room for."""
    sizes, operand = _sizes(case), _operand_limit(case)
    taps = max(min(_fitting(case), max(sizes.factor, sizes.pointwise), operand), 1)
    cells = max(1, exact_limit(case) // ((case.products + 2) * taps ** (_factor_count(case) - 1)))
    # None where the input is empty: the bias of such a case is 1 throughout.
    cells = min(cells, sizes.input, operand)
    return Scale(max(cells, 1), taps, max(1, min(cells * taps, sizes.bias, operand)), taps)


def of_impulse(case: Case) -> Scale:
    widest, operand = exact_limit(case), _operand_limit(case)
    if case.traits.has_pointwise:
        largest = max(1, min(operand // 2, math.isqrt(widest // (products_of_impulse(case) + 2))))
        return Scale(1, largest, largest, largest)
    largest = max(1, min(operand // 2, widest // (products_of_impulse(case) + _addends(case))) - 1)
    return Scale(1, largest, largest)


def of_levels(case: Case) -> Scale:
    """As far as the dtypes of a quantised case reach, its bias aside."""
    return _alike(int(case.format.largest))


def of_dyadic(case: Case) -> Scale:
    terms = 4 * max(case.products, 1) * (_factor_count(case) - 1)
    largest = max(1, min(_operand_limit(case) - 1, exact_limit(case) // terms))
    wide, narrow = (largest, 2) if case.seed % 2 == 0 else (2, largest)
    return Scale(wide, narrow, largest, 2)


def _alike(largest: int) -> Scale:
    return Scale(largest, largest, largest, largest)


def _operand_limit(case: Case) -> int:
    """The largest integer up to which an operand holds all of them."""
    return exact_limit(case) if case.format.exact_integers else 2**case.format.precision


def _factor_count(case: Case) -> int:
    """The numbers that are multiplied in one product."""
    return 3 if case.traits.has_pointwise else 2


def _addends(case: Case) -> int:
    """Room for a bias, and for a residual where there is one."""
    return 1 + ("residual" in case.epilogue)


def _fitting(case: Case, limit: int | None = None) -> int:
    """The largest integer that all operands may have, for sums up to a limit or the exact one."""
    largest = min(exact_limit(case), limit or exact_limit(case)) // (case.products + _addends(case))
    if _factor_count(case) == 2:
        return max(1, math.isqrt(largest))
    root: int = round(float(largest) ** (1 / 3))
    return max(1, root - int(root**3 > largest))


def scale_of(case: Case) -> Scale | None:
    """The largest integers of an exact fill, or None for a fill of real numbers."""
    scale = case.fill_traits.scale
    return scale and scale(case)


def promises_exact_sums(case: Case) -> bool:
    """Whether the convolution with its bias and its residual is exact in every order.

    True where the products, the bias and the residual, taken at their largest, add up to less than
    the limit; always for integers, whose sums wrap; never for `reals`, nor where filters have scales.
    """
    if case.weights == "int8":
        return False
    if case.format.exact_integers:
        return True
    scale = scale_of(case)
    addends = ("bias" in case.epilogue) + ("residual" in case.epilogue)
    return scale is not None and largest_sum(case) + addends * scale.bias <= exact_limit(case)


def largest_sum(case: Case) -> float:
    """The largest magnitude of the sum of one element's products, all integers; infinite for real numbers."""
    scale = scale_of(case)
    if scale is None:
        return math.inf
    pointwise = scale.pointwise if case.traits.has_pointwise else 1
    return case.fill_traits.terms(case) * scale.input * scale.factor * pointwise
