"""Wrong subjects after public bug reports, each with the numbers for which it is wrong as its parameters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.planted.convolutions import answer
from verify import Case, reference
from verify.cases.operands import Array
from verify.checks.subject import Subject
from verify.oracle.problem import channels_last, in_data_format, problem_of
from verify.oracle.reference import linear

_Where = Callable[[Case], bool]


def right(case: Case) -> Array:
    return reference(case).astype(case.dtype)


def where(holds: _Where, wrong: Subject) -> Subject:
    """A subject that is wrong where a condition holds."""
    return lambda case: wrong(case) if holds(case) else right(case)


def with_factor(case: Case, factor: Array) -> Array:
    """The right answer to a case with other filters, or another cotangent."""
    return linear(problem_of(case), case.operands._replace(factor=factor), exact=True)


def filter_gradient_short(*, groups: int, stride: int, cells: int, axis: int) -> Subject:
    """A depthwise filter gradient whose last row (`axis` 0) or column of taps lacks the last windows."""

    def short(case: Case) -> Array:
        y = channels_last(case, case.operands.factor).copy()
        np.moveaxis(y[..., :], axis % case.rank + 1, 0)[-1] = 0
        wrong = right(case).copy()
        lacking = with_factor(case, in_data_format(case, y)).astype(case.dtype)
        np.moveaxis(wrong, axis, 0)[-1] = np.moveaxis(lacking, axis, 0)[-1]
        return wrong

    def holds(case: Case) -> bool:
        is_depthwise = case.groups == case.channels == case.filter_count == groups
        is_padded = case.padding == ((cells, cells),) * case.rank
        has_windows = case.operation == "filtergrad" and not case.is_bias_gradient and case.rank == 2
        return has_windows and is_depthwise and is_padded and case.strides == (stride,) * 2 and case.batch > 0

    def lengths(case: Case) -> bool:
        return holds(case) and case.kernel[axis] > 1 and all(axis.out for axis in case.axes)

    return where(lengths, short)


def odd_rows_repeat(*, filters: int, stride: int, every: bool) -> Subject:
    """A convolution of so many filters whose odd rows repeat four channels: the last, or every second."""

    def repeats(case: Case) -> Array:
        wrong = right(case).copy()
        odd = channels_last(case, wrong)[:, 1::2]
        firsts = range(4, filters, 8) if every else [filters - 4]
        for first in firsts:
            odd[..., first : first + 4] = odd[..., first - 4 : first]
        return wrong

    return where(
        lambda case: (
            case.operation == "conv"
            and case.filter_count == filters
            and case.strides == (stride,) * case.rank
            and not case.epilogue
        ),
        repeats,
    )


def causal_not_dilated(*, kernel: int, is_shorter: bool) -> Subject:
    """A causal convolution along one axis that pads kernel - 1 cells whatever the dilation."""

    def undilated(case: Case) -> Array:
        lacking = (kernel - 1) * (case.dilations[0] - 1)
        return answer(case, padding=[(kernel - 1, 0 if is_shorter else lacking)])

    def holds(case: Case) -> bool:
        causal = ((kernel - 1) * case.dilations[0], 0)
        return (
            case.operation == "conv"
            and case.rank == 1
            and case.kernel == (kernel,)
            and case.padding == (causal,)
        )

    return where(holds, undilated)


def one_column(*, channels: int, garbage: int) -> Subject:
    """Rows of answers of one column taken at the columns' stride, into the memory after the input."""

    def columns_stride(case: Case) -> Array:
        rows, columns = case.axes
        x = channels_last(case, case.input)
        needed = (rows.out - 1) * columns.stride + rows.span
        beyond = np.full((len(x), max(needed - rows.size, 0), *x.shape[2:]), garbage, x.dtype)
        longer = np.concatenate([x, beyond], axis=1)[:, :needed]
        pads = [(0, 0), (columns.before, columns.after)]
        strides = (columns.stride,) * 2
        y = answer(case, x=in_data_format(case, longer), padding=pads, strides=strides)
        return np.ascontiguousarray(y)

    return where(
        lambda case: (
            case.operation == "conv"
            and case.rank == 2
            and case.channels == channels
            and case.axes[1].out == 1
            and case.axes[0].out > 1
            and case.axes[0].before == case.axes[0].after == 0
            and case.strides[0] == 1 < case.strides[1]
        ),
        columns_stride,
    )


def reduction_tail_lost(*, block: int, least: int) -> Subject:
    """A product of matrices of `least` rows or more that leaves out the rows after whole blocks."""

    def lost(case: Case) -> Array:
        rows = case.operands.factor.reshape(-1, case.filter_count).copy()
        rows[len(rows) // block * block :] = 0
        return with_factor(case, rows.reshape(case.operands.factor.shape)).astype(case.dtype)

    return where(
        lambda case: case.operation == "conv" and not case.epilogue and case.products >= max(least, block),
        lost,
    )


def called(change: Callable[[Case], dict[str, Any]], *, operation: str = "conv") -> Subject:
    """A right convolution that is called with other arguments, where these differ."""
    return where(lambda case: case.operation == operation, lambda case: answer(case, **change(case)))


def first_of(numbers: tuple[int, ...]) -> tuple[int, ...]:
    return numbers[:1] * len(numbers)


def sized(size: Callable[[Case], tuple[int, ...]]) -> Subject:
    """An answer of other sizes, filled with sevens."""

    def other(case: Case) -> Array:
        if case.operation != "conv" or size(case) == tuple(axis.out for axis in case.axes):
            return right(case)
        shape = case.in_data_format((case.batch, *size(case), case.filter_count))
        return np.full(shape, 7, case.dtype)

    return other


def channels_in_group(order: Callable[[int], list[int]]) -> Subject:
    """A convolution whose channels come in another order within each group."""

    def permuted(case: Case) -> Array:
        members = case.channels // case.groups
        places = [group * members + place for group in range(case.groups) for place in order(members)]
        x = channels_last(case, case.input)[..., places]
        return answer(case, x=in_data_format(case, x))

    return where(lambda case: case.operation == "conv", permuted)
