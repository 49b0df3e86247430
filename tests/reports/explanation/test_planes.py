"""Planes: what each cell of an answer reads in them, beside the cell that is taken by index."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import example, given

from tests.reports.explanation.explained import explained
from verify import Case
from verify.cases.operands import Array
from verify.reports.explanation.cell import Factors, cell_of
from verify.reports.explanation.planes import Planes, planes_of


def read(planes: Planes, index: tuple[int, ...]) -> Factors:
    """The factors of a cell, as the planes say where they lie."""
    number, place = planes.place(index)
    row, column = divmod(place, planes.extent[1])
    down, across = planes.rows.readings[row], planes.columns.readings[column]
    blocks = planes.plane(number).blocks
    inside = np.array([
        [0 <= y < planes.rows.size and 0 <= x < planes.columns.size for x in across.left] for y in down.left
    ], dtype=bool).reshape(len(down.left), len(across.left))  # fmt: skip
    left = [taken(planes.left[block.left], down.left, across.left) for block in blocks]
    right = None
    if planes.right is not None:
        read = [taken(planes.right[block.right], down.right, across.right) for block in blocks]
        right = np.array(read).reshape(len(blocks), len(down.right), len(across.right))
    return Factors(np.array(left).reshape(len(blocks), *inside.shape), inside, right)


def taken(plane: Array, down: list[int], across: list[int]) -> Array:
    """Cells of a plane, 0 for those outside."""
    height, width = plane.shape
    numbers = [
        plane[y, x] if 0 <= y < height and 0 <= x < width else plane.dtype.type(0)
        for y, x in product(down, across)
    ]
    return np.array(numbers, dtype=plane.dtype).reshape(len(down), len(across))


@given(explained(ranks=(1, 2)))
@example((Case.parse("filtergrad_n0_i1_k1_same_ones"), (0, 0, 0)))
def test_planes_hold_what_a_cell_is_computed_from(pair: tuple[Case, tuple[int, ...]]) -> None:
    case, index = pair
    factors, found = cell_of(case, index).factors, read(planes_of(case), index)
    np.testing.assert_array_equal(factors.left[:, 0], found.left)
    wanted = np.broadcast_to(found.inside, found.left.shape)
    np.testing.assert_array_equal(factors.inside[:, 0], wanted)
    assert (factors.right is None) == (found.right is None)
    if factors.right is not None:
        np.testing.assert_array_equal(factors.right[:, 0], found.right)


@given(explained(ranks=(1, 2)))
def test_every_cell_has_one_place(pair: tuple[Case, tuple[int, ...]]) -> None:
    case, index = pair
    planes = planes_of(case)
    plane, place = planes.place(index)
    assert [*planes.indices(plane)][place] == index
    assert planes.answers * len([*planes.indices(plane)]) == np.prod(case.output_shape)


@pytest.mark.parametrize(
    ("word", "names"),
    [
        ("conv_i3_k1_f2_same_ones", ["filter 0", "filter 1"]),
        ("conv_n2_i3_k1_same_ones", ["batch 0, filter 0", "batch 1, filter 0"]),
        ("depthwise_i3_c2_k1_same_ones", ["channel 0", "channel 1"]),
        ("filtergrad_i3_c2_k1_same_ones", ["channel 0, filter 0", "channel 1, filter 0"]),
        ("filtergrad_i3_k1_f2_same_bias_ones", ["filter 0", "filter 1"]),
    ],
)
def test_planes_of_an_answer_are_named(word: str, names: list[str]) -> None:
    planes = planes_of(Case.parse(word))
    assert [planes.plane(number).name for number in range(planes.answers)] == names


def test_a_case_of_three_axes_has_no_planes() -> None:
    with pytest.raises(ValueError, match=r"a picture has one or two spatial axes, and .* has 3"):
        planes_of(Case.parse("conv_i1x1x1_k1x1x1_same_ones"))
