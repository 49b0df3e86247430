"""Explanations of padding that repeats cells: the numbers in it are shown, and every sum adds up."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tests.models.padding import padded_source
from tests.reports.explanation.explained import text_of
from verify import Case, reference
from verify.cases.modes import REPEATING
from verify.cases.operations import OPERATIONS
from verify.oracle.problem import channels_last
from verify.reports.explanation.cell import cell_of, sum_of
from verify.reports.explanation.lines import plain_text
from verify.reports.explanation.picture import drawing_of
from verify.reports.explanation.planes import planes_of
from verify.reports.explanation.whole import whole_lines
from verify.reports.html.pictures import window_pictures


@pytest.mark.parametrize("mode", REPEATING)
@pytest.mark.parametrize("operation", [name for name in OPERATIONS if name != "separable"])
def test_every_cell_adds_up_to_the_reference(operation: str, mode: str) -> None:
    case = Case.parse(f"{operation}_i3x4_c2_k2x3_s1x2_p1.1x2.1_{mode}_coded")
    answer = reference(case)
    sums = [sum_of(cell_of(case, index).factors.products) for index in np.ndindex(answer.shape)]
    assert sums == answer.ravel().tolist()


@pytest.mark.parametrize("mode", REPEATING)
def test_a_picture_has_the_numbers_of_the_padded_input(mode: str) -> None:
    case = Case.parse(f"conv_i3x4_c2_k2x3_p1.1x2.1_{mode}_coded")
    padded = padded_source(case, channels_last(case, case.input))
    planes = planes_of(case)
    for number, plane in enumerate(planes.left):
        shown = plane[np.ix_(planes.rows.sources, planes.columns.sources)]
        assert np.array_equal(shown, padded[0, ..., number])
    walks = json.loads(drawing_of(case, at=None).numbers)["walks"]
    assert [walk["sources"] for walk in walks] == [list(planes.rows.sources), list(planes.columns.sources)]


def test_a_picture_of_zeros_has_no_cell_there() -> None:
    planes = planes_of(Case.parse("conv_i2_k1_p1.1_ones"))
    assert planes.columns.sources == (-1, 0, 1, -1)


def test_the_padding_is_shown_with_its_numbers_and_its_mode() -> None:
    text = text_of("conv_i3_k2_p1.1_circular_iota")
    whole = plain_text(whole_lines(Case.parse("conv_i3_k2_p1.1_circular_iota"), (0, 0, 0)))
    assert "  3 1 2 3 1\n" in whole
    assert "padding (1, 1), circular" in text.replace("\n         ", " ")
    assert "window 0 reads cells 2 0" in text
    assert "counts as 0" not in text


def test_the_places_that_stand_for_a_cell_are_those_that_are_solved_for() -> None:
    text = text_of("transpose_i3_k2_p1.1_replicate_iota")
    assert "cell 0 is read where window*1 + tap*1 - 1 is -1 or 0:" in text
    assert "window 0 at tap 0: 0*1 + 0*1 - 1 = -1" in text


def test_a_page_says_which_cells_padding_repeats() -> None:
    (picture,) = window_pictures(Case.parse("conv_i3_k3_p1.1_reflect_iota"), (0, 0, 0))
    assert picture.text == (
        "position: window 0 reads cells 0, 1 and 1 of padding, which repeats cell 1; "
        "size 3, kernel 3, stride 1, dilation 1, padding 1 before, 1 after (reflect)."
    )
