"""Transposes whose input lacks windows: their words, what is legal, and how far their output padding goes."""

from __future__ import annotations

import pytest

from verify import Case
from verify.cases.domain import EVERY_CASE, Domain, Space, with_rank
from verify.cases.geometry import Axis
from verify.cases.neighbours import moved, plainer
from verify.cases.predicates import names_of
from verify.cases.simplify import simpler, simplest
from verify.cases.trimming import OUTPUT_PADDINGS, output_padding, output_padding_kind
from verify.cases.word import InvalidCase
from verify.checks.subject import describe


@pytest.mark.parametrize(
    "word", ["transpose_i4_k1_s2_same_t1_ones", "transpose_i4x5_k2x2_valid_t0x3_cf_iota"]
)
def test_a_word_is_read_and_written(word: str) -> None:
    assert str(Case.parse(word)) == word


def test_no_windows_less_are_left_out_of_the_word() -> None:
    assert str(Case.parse("transpose_i4x5_k2x2_valid_t0x0_ones")) == "transpose_i4x5_k2x2_valid_ones"


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("conv_i2_k1_same_t1_ones", "'t1' is for a transpose, whose input may lack windows, not for a conv"),
        ("transpose_i2_k1_same_t2_ones", "'t2' leaves no window on axis 0, where 2 fit"),
        ("transpose_i0_k1_same_t1_ones", "'t1' leaves no window on axis 0, where 0 fit"),
        ("transpose_i2x2_k1x1_same_t1_ones", "'t1' does not fit the spatial axes of i2x2"),
        ("transpose_i2_k1_same_t-1_ones", "'t-1' has a number below 0"),
        ("transpose_i2_k1_same_t1x_ones", "'t1x' is not 1 to 3 sizes of at most 9 digits, such as t3x3"),
        ("transpose_i2_k1_s0_same_t1_ones_illegal", "'t1' is for a legal call"),
        ("transpose_i2_k1_same_t1_t1_ones", "'t1' gives its trimmed a second time"),
        (
            "transpose_i900000000_k1_same_t1_ones",
            (
                "its arrays would take 13.4 GiB as float64, more than the limit of 1 GiB, "
                "and cannot be judged by projection: its input lacks windows"
            ),
        ),
    ],
)  # fmt: skip
def test_what_is_no_case_is_one_sentence(word: str, said: str) -> None:
    with pytest.raises(InvalidCase) as refusal:
        Case.parse(word)
    assert str(refusal.value) == f"{word!r} is no case: {said}"


@pytest.mark.parametrize(
    ("word", "cells", "kind"),
    [
        ("transpose_i4_k1_s2_same_ones", [1], "below-stride"),
        ("transpose_i4_k1_s2_same_t1_ones", [3], "any"),
        ("transpose_i4_k1_d2_same_t1_ones", [1], "below-dilation"),
        ("transpose_i4_k1_d2_same_t2_ones", [2], "any"),
        ("transpose_i4x4_k1x1_d3x1_same_t2x0_ones", [2, 0], "below-dilation"),
        ("transpose_i4x4_k1x1_d3x1_same_t2x1_ones", [2, 1], "any"),
    ],
)
def test_how_far_an_output_padding_goes(word: str, cells: list[int], kind: str) -> None:
    case = Case.parse(word)
    assert [output_padding(axis) for axis in case.axes] == cells
    assert output_padding_kind(case) == kind


def test_an_input_has_as_many_windows_as_are_left() -> None:
    case = Case.parse("transpose_n2_i7x5_c3_k2x2_f4_s2x1_valid_t1x2_ones")
    assert case.input_shape == (2, 2, 2, 4)
    assert case.output_shape == (2, 7, 5, 3)
    assert case.axes[0] == Axis(7, 2, 2, fewer=1)


def test_a_subject_that_says_nothing_takes_none() -> None:
    case = Case.parse("transpose_i4_k1_d2_same_t1_ones")
    assert Domain().why_not(case) == "it answers output paddings below-stride, not below-dilation"
    assert EVERY_CASE.holds(case)


def test_a_subject_says_which_it_takes() -> None:
    def subject(case: Case) -> None: ...

    subject.operations = ("conv", "transpose")
    subject.output_paddings = ("below-stride", "below-dilation")
    domain = describe(subject).domain
    assert domain.holds(Case.parse("transpose_i4_k1_d2_same_t1_ones"))
    assert not domain.holds(Case.parse("transpose_i4_k1_d2_same_t2_ones"))
    assert domain.holds(Case.parse("conv_i4_k1_d2_same_ones"))


def test_a_domain_without_them_has_no_transposes_where_they_alone_are_asked() -> None:
    left = Domain(spaces={"conv": Space(), "transpose": Space()}).narrowed({"output_paddings": ("any",)})
    assert left.operations == ("conv",)


def test_a_condition_has_the_windows_that_are_lacking() -> None:
    assert names_of(Case.parse("transpose_i4_k1_same_t1_ones"))["trimmed"] == (1,)
    assert names_of(Case.parse("transpose_i4_k1_same_ones"))["trimmed"] == ()


def test_a_case_shrinks_to_one_window_less() -> None:
    case = Case.parse("transpose_n2_i7x5_c3_k2x2_f4_s2x1_valid_t2x2_bias_ints3")
    assert str(simplest(case, lambda each: bool(each.trimmed), limit_s=60)) == "transpose_i2_k1_same_t1_ones"
    assert any(not each.trimmed for each in simpler(case))


def test_an_axis_takes_its_windows_along() -> None:
    case = Case.parse("transpose_i7x5_k2x2_valid_t2x1_ones")
    assert Case.parse("transpose_i7_k2_valid_t2_ones") in [*simpler(case)]
    assert with_rank(case, 3).trimmed == (0, 2, 1)
    assert with_rank(case, 1).trimmed == (1,)


def test_another_operation_lacks_none() -> None:
    case, to = Case.parse("transpose_i7_k2_valid_t2_ones"), Case.parse("conv_i1_k1_same_ones")
    assert [str(each) for each in moved(case, to)] == ["conv_i7_k2_valid_ones"]


def test_without_them_a_case_is_plainer() -> None:
    assert "output padding" in dict(plainer(Case.parse("transpose_i7_k2_valid_t2_ones")))


def test_there_is_a_word_for_each_kind() -> None:
    assert OUTPUT_PADDINGS == ("below-stride", "below-dilation", "any")
