"""Numbers that tell confused cells apart, shown by every pair of cells of small arrays."""

from __future__ import annotations

import math
from bisect import bisect_right
from functools import cache
from itertools import product

import numpy as np
import pytest

from verify import Case
from verify.cases.exactness import exact_limit
from verify.cases.periods import LEAST, period_of

MOST = 40


def counted(shape: tuple[int, ...], period: int) -> np.ndarray:
    return (np.arange(math.prod(shape)) % period + 1).reshape(shape)


def is_distinct_along(values: np.ndarray, axis: int) -> bool:
    """Whether no two cells along an axis have the same number, wherever the other axes are."""
    ordered = np.sort(values, axis=axis)
    return not (np.diff(ordered, axis=axis) == 0).any()


def tells_positions(values: np.ndarray, first: int, last: int) -> bool:
    """Whether two cells differ that lie at different positions, or differ in one index of another axis.

    `first` and `last` are the axes before the spatial ones, and after them.
    """
    shape = values.shape
    middle = math.prod(shape[first : len(shape) - last])
    merged = values.reshape(*shape[:first], middle, *shape[len(shape) - last :])
    return all(is_distinct_along(merged, axis) for axis in range(merged.ndim))


def tells_shifts(values: np.ndarray, first: int, last: int) -> bool:
    """Whether two cells differ that lie apart along one axis, or by one cell along several spatial ones."""
    if not all(is_distinct_along(values, axis) for axis in range(values.ndim)):
        return False
    spatial = range(first, values.ndim - last)
    for shift in product((-1, 0, 1), repeat=len(spatial)):
        if any(shift) and has_equal_cells_apart(values, dict(zip(spatial, shift, strict=True))):
            return False
    return True


def has_equal_cells_apart(values: np.ndarray, shifts: dict[int, int]) -> bool:
    ends = {0: (None, None), 1: (1, None), -1: (None, -1)}
    here = tuple(slice(*ends[shifts.get(axis, 0)]) for axis in range(values.ndim))
    there = tuple(slice(*ends[-shifts.get(axis, 0)]) for axis in range(values.ndim))
    return bool((values[here] == values[there]).any())


def groups_of(shape: tuple[int, ...], first: int, last: int) -> tuple[tuple[int, ...], ...]:
    end = len(shape) - last
    return (*((n,) for n in shape[:first]), shape[first:end], *((n,) for n in shape[end:]))


@cache
def telling(shape: tuple[int, ...], first: int, last: int) -> dict[str, list[int]]:
    """The periods up to MOST that tell positions apart, and those that tell shifts apart."""
    periods = range(1, MOST + 1)
    tests = {"positions": tells_positions, "shifts": tells_shifts}
    return {
        what: [period for period in periods if test(counted(shape, period), first, last)]
        for what, test in tests.items()
    }


IMAGES = [
    (batch, *size, channels)
    for rank, extents in ((1, (1, 2, 5, 9, 14, 30)), (2, (1, 2, 3, 5)), (3, (1, 2, 3)))
    for size in product(extents, repeat=rank)
    for batch, channels in product((1, 2), (1, 3, 4, 8))
]
"""Small images of each rank."""


@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize(("first", "last"), [(1, 1), (0, 2)])
def test_cells_are_told_apart_wherever_any_period_tells_them(rank, first, last):
    for shape in (shape for shape in IMAGES if len(shape) == rank + 2):
        good = telling(shape, first, last)
        for most in range(1, MOST + 1):
            period = period_of(groups_of(shape, first, last), whole=0, most=most)
            assert 1 <= period <= most
            for what in ("positions", "shifts"):
                if any(min(LEAST, most) <= fitting <= most for fitting in good[what]):
                    assert period in good[what], (shape, most, what)
                    break


@pytest.mark.parametrize("shape", IMAGES[::5])
def test_cells_less_than_a_period_apart_differ_where_no_period_tells_more(shape):
    for most in range(1, MOST + 1):
        period = period_of(groups_of(shape, 1, 1), whole=0, most=most)
        strides = [math.prod(shape[axis + 1 :]) for axis in range(len(shape)) if shape[axis] > 1]
        good = telling(shape, 1, 1)
        if any(fitting <= most for fitting in good["positions"] + good["shifts"]):
            continue
        if any(all(math.gcd(fit, stride) == 1 for stride in strides) for fit in range(2, most + 1)):
            assert all(math.gcd(period, stride) == 1 for stride in strides), (shape, most)


@pytest.mark.parametrize("shape", IMAGES[::7])
def test_no_number_is_there_twice_where_there_is_room_for_all(shape):
    size = math.prod(shape)
    assert period_of(groups_of(shape, 1, 1), whole=size, most=size) == size
    assert period_of(groups_of(shape, 1, 1), whole=size - 1, most=10**6) <= max(size, LEAST) + 256


OPERATIONS = {
    "conv": "conv_{n}_{i}_c4_{k}_f3_same",
    "grouped": "conv_{n}_{i}_c4_{k}_f6_g2_same",
    "depthwise": "depthwise_{n}_{i}_c3_{k}_m2_same",
    "separable": "separable_{n}_{i}_c2_{k}_m2_f3_same",
    "transpose": "transpose_{n}_{i}_c2_{k}_f3_s{s}_same",
    "filtergrad": "filtergrad_{n}_{i}_c2_{k}_f3_same",
}


def words() -> list[str]:
    """Small geometries of every operation and rank, batch, dtype, data format and fill."""
    found = []
    for name, form in OPERATIONS.items():
        for rank, size in ((1, "14"), (2, "4x5"), (3, "3x3x3")):
            if rank == 3 and name in ("depthwise", "separable"):
                continue
            numbers = {"i": f"i{size}", "k": "k" + "x".join("2" * rank), "s": "x".join("2" * rank)}
            for batch, dtype, first, fill in product(
                ("n1", "n2"),
                ("float16", "bfloat16", "float32", "float64", "int32"),
                ("", "_cf"),
                ("iota", "coded"),
            ):
                tail = "" if name == "filtergrad" else "_bias_residual"
                word = form.format(n=batch, **numbers)
                found += [f"{word}_{dtype}{first}{end}_{fill}" for end in {"", tail}]
    return found


def operands(case: Case) -> list[tuple[str, np.ndarray, int, int]]:
    """Each operand of a case, channels last, with its axes before and after the spatial ones."""
    made = case.operands
    images = {"input": made.input, "residual": made.residual}
    filters = {"factor": made.factor, "pointwise": made.pointwise}
    if case.operation == "filtergrad":
        images["factor"] = filters.pop("factor")
    last = [
        (name, np.moveaxis(part, 1, -1) if case.channels_first else part, 1, 1)
        for name, part in images.items()
        if part is not None
    ]
    return last + [(name, part, 0, 2) for name, part in filters.items() if part is not None]


def root(number: int, power: int) -> int:
    """The largest integer whose power is no larger than a number."""
    return bisect_right(range(2**27), number, key=lambda base: base**power) - 1


def room(case: Case, operand: str) -> int:
    """The numbers up to which an operand may count so that all sums are exact."""
    limit, precision = exact_limit(case), case.format.precision
    held = limit if case.format.exact_integers else 2**precision
    factors = 3 if case.operation == "separable" else 2
    addends = 1 + ("residual" in case.epilogue)
    alike = min(held, max(1, root(limit // (case.products + addends), factors)))
    if case.fill == "iota":
        return min(held, alike**factors) if operand == "residual" else alike
    sizes = {name: part.size for name, part, *_ in operands(case)}
    taps = max(1, min(alike, max(sizes["factor"], sizes.get("pointwise", 1))))
    cells = max(1, min(held, limit // ((case.products + 2) * taps ** (factors - 1))))
    return {"input": cells, "residual": min(held, cells * taps)}.get(operand, taps)


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("fill", ["iota", "coded"])
def test_fill_confuses_no_cells_wherever_exact_sums_leave_room(operation, fill):
    chosen = [
        w for w in words() if w.endswith(fill) and w.startswith(OPERATIONS[operation].partition("{")[0])
    ]
    for case in map(Case.parse, chosen):
        for name, values, first, last in operands(case):
            numbers, most = values.astype(np.float64), room(case, name)
            good = {
                what: [period for period in periods if LEAST <= period <= most]
                for what, periods in telling(numbers.shape, first, last).items()
            }
            if good["positions"]:
                assert tells_positions(numbers, first, last), (str(case), name)
            elif good["shifts"]:
                assert tells_shifts(numbers, first, last), (str(case), name)


@pytest.mark.parametrize("word", [w for w in words() if "_float16" not in w and "bfloat16" not in w])
def test_every_cell_has_a_number_of_its_own_in_dtypes_that_hold_the_sums(word):
    for _, values, *_ in operands(Case.parse(word)):
        assert len(set(values.ravel().tolist())) == values.size


def test_cell_in_the_middle_of_a_cube_is_not_taken_for_its_corner():
    cube = Case.parse("conv_i3x3x3_k1x1x1_s3x3x3_same_float64_iota").input.ravel()
    assert (cube[0], cube[13]) == (1, 14)


def test_large_images_of_narrow_dtypes_tell_positions_apart():
    for word in ("conv_i14x14_c4_k1x1_same_bfloat16_iota", "conv_n2_i4x4x4_c3_k1x1x1_same_float16_iota"):
        values = Case.parse(word).input.astype(np.float64)
        assert tells_positions(values, 1, 1)
