"""The reference where padding repeats cells: against NumPy's `pad`, by the adjoint identity, in any order."""

from __future__ import annotations

from functools import cache
from itertools import product

import numpy as np
import pytest

from tests.models.padding import beforehand, padded_source
from verify import Case, compare, reference
from verify.cases.case import InvalidCase
from verify.cases.modes import REPEATING
from verify.cases.operands import Array
from verify.cases.operations import OPERATIONS
from verify.faults.index_maps import right_maps, sums_by_maps
from verify.faults.summation import CORRECT
from verify.oracle.bounds import judgement
from verify.oracle.problem import channels_last, problem_of
from verify.oracle.reference import linear

FORWARD = ("conv", "depthwise", "separable", "filtergrad")


def small(operation: str, mode: str, *, is_whole: bool) -> list[Case]:
    """Every case of two axes of a few numbers, of which one of 23 is sampled unless the whole is wanted."""
    pads = ("SAME", ((1, 0), (0, 1)), ((2, 1), (1, 2)))
    numbers = product(
        product((1, 2, 3), repeat=2), product((1, 2, 3), (1, 2)), ((1, 1), (2, 1)), ((1, 1), (1, 2)), pads
    )
    made = []
    for number, (size, kernel, strides, dilations, padding) in enumerate(numbers):
        if not is_whole and number % 23:
            continue
        try:
            case = Case(
                operation=operation, batch=2, size=size, channels=2, kernel=kernel,
                filter_count=1 if operation == "depthwise" else 3, strides=strides, dilations=dilations,
                padding=padding, padding_mode=mode, fill="ints", seed=number,
                channels_first=bool(number % 2),
            )  # fmt: skip
        except InvalidCase:
            continue
        made.append(case)
    return made


@pytest.mark.parametrize("mode", REPEATING)
@pytest.mark.parametrize("operation", FORWARD)
def test_reference_is_that_of_an_input_that_numpy_has_padded(
    operation: str, mode: str, request: pytest.FixtureRequest
) -> None:
    for case in small(operation, mode, is_whole=request.config.getoption("--long")):
        wide = beforehand(case, padded_source(case, channels_last(case, case.input)))
        assert np.array_equal(reference(case), linear(problem_of(wide), wide.operands, exact=True))


def dot(one: Array, other: Array) -> int:
    return int(np.sum(one.astype(np.int64) * other.astype(np.int64)))


@pytest.mark.parametrize("mode", REPEATING)
def test_gradients_are_adjoint_to_the_convolution(mode: str, request: pytest.FixtureRequest) -> None:
    """⟨conv(x, w), y⟩ = ⟨x, transpose(y, w)⟩ = ⟨w, filtergrad(x, y)⟩."""
    for case in small("conv", mode, is_whole=request.config.getoption("--long")):
        x, w = case.input, case.filters
        y = case.copied(operation="transpose").make_operands().input
        forward = reference(case)
        by_input, by_filters = case.copied(operation="transpose"), case.copied(operation="filtergrad")
        vars(by_input)["operands"] = case.operands._replace(input=y, factor=w)
        vars(by_filters)["operands"] = case.operands._replace(input=x, factor=y)
        products = dot(forward, y)
        assert products == dot(x, linear(problem_of(by_input), by_input.operands, exact=True))
        assert products == dot(w, linear(problem_of(by_filters), by_filters.operands, exact=True))


def test_gradient_of_the_input_adds_what_several_places_read() -> None:
    """By hand: a b, reflected before and after, is b a b a, and a cotangent of 1 2 4 8 gives 10 and 5."""
    case = Case.parse("transpose_i2_k1_p1.1_reflect_ones")
    vars(case)["operands"] = case.operands._replace(input=np.float32([1, 2, 4, 8]).reshape(1, 4, 1))
    answer = linear(problem_of(case), case.operands, exact=True)
    assert answer.ravel().tolist() == [2 + 8, 1 + 4]


def test_lecture_of_circular_padding() -> None:
    """1 2 3 in a circle, by windows of two: 3+1, 1+2, 2+3."""
    assert reference(Case.parse("conv_i3_k2_p1.0_circular_iota")).ravel().tolist() == [5, 5, 8]


_SUMS = "filtergrad"
"""The operation whose bias is a gradient of its own."""


@cache
def several() -> list[Case]:
    """Cases of every operation, mode and kind of number, in dtypes of several accumulators."""
    kinds = zip(
        ("float32", "float16", "bfloat16", "float64", "int32"),
        ("reals1", "dyadic0", "coded", "reals2", "ints3"),
        ("bias", "bias", "", "bias", ""),
        strict=True,
    )
    words = (
        f"{operation}_n2_i3x4_c2_k2x3_s1x2_p1.2x2.1_{mode}_{dtype}_{step * (operation != _SUMS)}_{fill}"
        for operation, mode, (dtype, fill, step) in product(OPERATIONS, REPEATING, kinds)
    )
    return [Case.parse(word.replace("__", "_")) for word in words]


@pytest.mark.parametrize("order", CORRECT)
def test_no_order_of_summation_exceeds_the_bound(order: str) -> None:
    assert [str(case) for case in several() if not compare(case, CORRECT[order](case)).holds] == []


def test_windows_by_maps_give_the_reference() -> None:
    plain = [case.copied(epilogue=(), fill="ints") for case in several() if "bias" not in case.epilogue]
    wrong = [
        case for case in plain if not np.array_equal(sums_by_maps(case, right_maps(case)), reference(case))
    ]
    assert list(map(str, wrong)) == []


def in_steps(case: Case) -> Array:
    """A gradient of the input as engines compute it: of the padded one, stored, then added in the dtype."""
    wide = case.copied(padding="VALID", padding_mode="zeros", size=tuple(axis.padded for axis in case.axes))
    vars(wide)["operands"] = case.operands
    stored = linear(problem_of(wide), wide.operands).astype(case.dtype)
    last = np.moveaxis(stored, 1, -1) if case.channels_first else stored
    cells = padded_source(case, np.arange(int(np.prod(case.size))).reshape(1, *case.size, 1)).ravel()
    answer = np.zeros((len(last), int(np.prod(case.size)), last.shape[-1]), case.dtype)
    for place, cell in enumerate(cells.tolist()):
        answer[:, cell] += last.reshape(len(last), cells.size, last.shape[-1])[:, place]
    answer = answer.reshape(len(last), *case.size, last.shape[-1])
    return np.moveaxis(answer, -1, 1) if case.channels_first else answer


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
@pytest.mark.parametrize("mode", REPEATING)
def test_gradients_of_padding_that_are_stored_before_they_are_added_are_within_the_bound(
    mode: str, dtype: str
) -> None:
    words = (
        f"transpose_n2_i3x4_c2_k3x2_f{filters}_p{pads}_{mode}_{dtype}_{fill}"
        for filters in (1, 16)
        for pads in ("2.2x1.2", "0.1x2.0")
        for fill in ("ints1", "dyadic0", "dyadic1", "reals0", "reals1", "reals2", "coded")
    )
    for case in map(Case.parse, words):
        assert compare(case, in_steps(case)).holds, case


def test_sums_of_a_gradient_of_padding_are_exact_where_the_dtype_holds_them() -> None:
    case = Case.parse("transpose_i3_k2_f2_p2.1_reflect_float16_coded")
    assert judgement(case).allowed == 0.0
    assert float(np.abs(judgement(case).wanted).max()) <= 2**11
