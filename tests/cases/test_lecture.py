"""The worked example of CS231n: the numbers that it shows."""

from __future__ import annotations

import numpy as np
import pytest

from verify import Case, reference

LECTURE = "conv_i7x7_c3_k3x3_f2_s2x2_valid_{}bias_cs231n"


def test_border_of_the_lecture_is_zero():
    x = Case.parse(LECTURE.format("")).input[0]
    assert x.sum() == x[1:-1, 1:-1].sum()


def test_lecture_has_the_numbers_that_it_shows():
    case = Case.parse(LECTURE.format(""))
    assert (set(case.input.ravel()), set(case.filters.ravel()), case.bias.tolist()) == (
        {0, 1, 2},
        {-1, 0, 1},
        [1, 0],
    )


def test_first_window_of_the_lecture_is_the_one_it_draws():
    case = Case.parse(LECTURE.format(""))
    x, w = case.input, case.filters
    assert x[0, :3, :3, 0].tolist() == [[0, 0, 0], [0, 0, 1], [0, 2, 1]]
    assert w[:, :, 0, 0].tolist() == [[0, 0, 1], [-1, 1, 1], [0, 1, 0]]
    assert w[:, :, 2, 1].tolist() == [[1, 1, 0], [-1, -1, 0], [0, -1, 1]]


PADDED = "conv_i5x5_c3_k3x3_f2_s2x2_p1.1x1.1_{}bias_cs231n"


@pytest.mark.parametrize("form", ["", "cf_", "bfloat16_", "int32_"])
def test_lecture_with_padding_is_the_one_with_its_border(form: str) -> None:
    bordered, padded = Case.parse(LECTURE.format(form)), Case.parse(PADDED.format(form))
    inner = [slice(None), slice(1, -1), slice(1, -1), slice(None)]
    if form == "cf_":
        inner = [slice(None), slice(None), slice(1, -1), slice(1, -1)]
    np.testing.assert_array_equal(padded.input, bordered.input[tuple(inner)])
    np.testing.assert_array_equal(padded.filters, bordered.filters)
    np.testing.assert_array_equal(reference(padded), reference(bordered))
