"""Large cases: which they are, what keeps others out, and operands that are made in slabs."""

from __future__ import annotations

import numpy as np
import pytest

from strategies import cases, sample
from verify import Case
from verify.cases import slabs
from verify.cases.fills import make_operands
from verify.cases.large import (
    EXACT,
    FILLS,
    OPERATIONS,
    bytes_of_arrays,
    largest_magnitude,
    require_whole,
    room_for,
    why_not_projected,
)
from verify.cases.slabs import first_changed, make_in_slabs
from verify.oracle.problem import problem_of
from verify.oracle.reference import magnitudes

AROUND_BIAS = cases(operations=OPERATIONS, fills=FILLS, around=("border", "bias"))
SAMPLE = sample(150, 1, AROUND_BIAS)
PROJECTED = [case for case in SAMPLE if not why_not_projected(case)]


@pytest.mark.parametrize(
    ("word", "why"),
    [
        ("conv_i3_k2_same_reals1", "the fill 'reals' has no exact sums"),
        ("conv_i3_k2_same_int32_dyadic1", "the fill 'dyadic' has no exact sums"),
        ("conv_i3_k2_same_int8_ints1", "it is quantised"),
        ("conv_i3_k2_same_relu_ints1", "'relu' follows its sums"),
        ("conv_i3_k2_same_bias_residual_ints1", "'residual' follows its sums"),
        ("filtergrad_i3_k2_same_ints1", "an element of a filtergrad sums over all places"),
        ("conv_n0_i3_k2_same_ints1", "it has no element"),
        (
            "conv_i3_c64_k2_same_float16_ints1",
            "its sums may reach 10,368, and float16 holds every integer to 2,048",
        ),
        (
            "conv_i3_k2_f3_same_float64_dyadic1",
            "its projections may reach 6.92e+18, and float64 is exact to 9.01e+15",
        ),
        ("conv_i3_c8192_k1_f8192_same_ints1", "its filters take 512 MiB as float64, more than 256"),
    ],
)
def test_what_cannot_be_projected_says_why(word: str, why: str) -> None:
    assert why_not_projected(Case.parse(word)) == why


@pytest.mark.parametrize(
    ("word", "is_large"),
    [
        ("conv_i8000x8000_k3x3_same_ints1", False),
        ("conv_i60000x60000_k3x3_same_ints1", True),
        ("conv_n720_i400x600_c3_k3x3_f4_same_ints1", True),
        ("conv_n64_i56x56_c256_k3x3_f256_same_ints1", True),
        ("conv_n64_i56x56_c256_k3x3_f256_same_reals1", False),
        ("conv_n8_i56x56_c256_k3x3_f256_same_ints1", False),
        ("transpose_i30000x30000_k3x3_s2x2_same_ints1", True),
    ],
)
def test_case_is_large_by_its_memory_or_its_work(word: str, is_large: bool) -> None:  # noqa: FBT001
    assert Case.parse(word).is_large is is_large


def test_copy_with_other_fields_is_as_large_as_they_are() -> None:
    large = Case.parse("conv_i60000x60000_k3x3_same_ints1")
    assert large.is_large
    assert not large.copied(size=(3, 3)).is_large


def test_large_case_is_refused_where_all_of_it_would_be_computed() -> None:
    large = Case.parse("conv_i60000x60000_k3x3_same_iota")
    with pytest.raises(ValueError, match=rf"^'{large}' is too large to be drawn: .* 53\.6 GiB"):
        require_whole(large, "drawn")


def test_bytes_are_those_of_the_arrays() -> None:
    case = Case.parse("separable_n2_i5x7_c3_k3x3_m2_f4_same_bias_float64")
    sizes = [part.nbytes for part in case.operands if part is not None]
    assert bytes_of_arrays(case) == (sum(sizes), 8 * 2 * 5 * 7 * 4)


@pytest.mark.parametrize("case", PROJECTED[:40], ids=str)
def test_slabs_make_what_the_fill_makes(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slabs, "SLAB", 7)
    for made, whole in zip(make_in_slabs(case), make_operands(case), strict=True):
        assert (made is None) == (whole is None)
        if made is not None and whole is not None:
            assert made.dtype == whole.dtype
            np.testing.assert_array_equal(made, whole)


@pytest.mark.parametrize(
    "word", ["conv_n2_i5x7_c3_k3x3_f2_same_bias_ints1", "conv_n2_i5x7_c3_k3x3_same_cf_iota"]
)
@pytest.mark.parametrize("operand", ["input", "factor"])
def test_operand_that_was_written_to_is_found(
    word: str, operand: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slabs, "SLAB", 7)
    case = Case.parse(word)
    vars(case)["is_large"] = True
    case.operands  # noqa: B018 - made here
    assert first_changed(case) == ""
    getattr(case.operands, operand).flat[-1] += 1
    assert first_changed(case) == operand


@pytest.mark.parametrize("case", PROJECTED, ids=str)
def test_no_sum_of_magnitudes_is_beyond_what_is_said(case: Case) -> None:
    """Of the reference computed on magnitudes, and of the largest that a projection multiplies."""
    assert magnitudes(problem_of(case), case.operands).max() <= largest_magnitude(case)
    assert room_for(case) <= EXACT
