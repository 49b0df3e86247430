"""Smaller failing cases: what planted faults come down to, and that the search ends."""

from __future__ import annotations

import re

import pytest
from hypothesis import given

from strategies import cases
from tests.planted import convolutions
from verify import Case, Mismatch, check
from verify.cases.simplify import simpler, simplest
from verify.checks.subject import Subject
from verify.faults import FAULTS, Fault, fault_named


def came_down(word: str, subject: Subject) -> str:
    """The smallest word found from one that shows a planted fault."""

    def fails(case: Case) -> bool:
        try:
            return not check(case, subject, repeats=2).holds
        except Mismatch:
            return True

    return str(simplest(Case.parse(word), fails))


@pytest.mark.parametrize(
    ("word", "subject", "smallest"),
    [
        (
            "conv_n2_i7x8_c6_k2x4_f4_s2x2_g2_same_bias_relu_ints5",
            convolutions.odd_cell_before,
            "conv_i1_k2_same_iota",
        ),
        (
            "conv_i9x5x4_c8_k2x3x1_f8_g4_p1.0x0.2x1.1_ints77",
            convolutions.last_group_reads_its_neighbour,
            "conv_i1_c2_k1_f2_g2_same_iota",
        ),
        (
            "conv_n3_i4x4_k2x2_c3_valid_bfloat16_bias_ints9",
            convolutions.last_bias_lost,
            "conv_i1_k1_same_bias_ones",
        ),
        (
            "conv_n2_i4_c2_k2_f3_same_bias_coded_memxreversed_memwfortran",
            fault_named("filters-as-contiguous"),
            "conv_i1_k2_same_ones_memwstrided",
        ),
        ("conv_i1_k1_p0.0_relu_ints", convolutions.relu_missing, "conv_i1_k1_same_relu_ints"),
    ],
)
def test_a_planted_fault_comes_down_to(word: str, subject: Subject, smallest: str) -> None:
    assert came_down(word, subject) == smallest


def test_groups_are_left_out_where_the_channels_must_stay() -> None:
    smallest = simplest(Case.parse("conv_i1_c4_k1_f2_s2_g2_same_ones"), lambda case: case.channels > 2)
    assert str(smallest) == "conv_i1_c3_k1_same_ones"


@given(cases())
def test_no_step_leads_back(case: Case) -> None:
    assert [str(smaller) for smaller in simpler(case) if case in simpler(smaller)] == []


def test_what_cannot_be_simpler_has_no_steps() -> None:
    assert list(simpler(Case.parse("conv_i1_k1_same_ones"))) == []


@pytest.mark.parametrize(
    ("word", "smallest"),
    [
        ("conv_n2_i5x3_c2_k2x2_s1x0_valid_float16_ones_illegal", "conv_i1_k1_s0_same_ones_illegal"),
        ("conv_i5_k4_s-4294967296_same_ones_illegal", "conv_i1_k1_s0_same_ones_illegal"),
        ("transpose_n2_i5_k2_f3_same_ones_o7_illegal", "transpose_i2_k1_same_ones_o1_illegal"),
        ("conv_i5x5_c2_k3x3_f4_same_float16_ones_w3x3_illegal", "conv_i1_k1_same_ones_w1_illegal"),
        (
            "filtergrad_i5_c2_k3_f4_same_ones_y1x5x4_yfloat16_illegal",
            "filtergrad_i1_k1_same_ones_yfloat16_illegal",
        ),
    ],
)
def test_an_illegal_case_comes_down_to_what_is_illegal_about_it(word: str, smallest: str) -> None:
    case = Case.parse(word)

    def why(other: Case) -> str:
        return re.sub("[0-9x, -]+", "#", other.why_illegal)

    assert str(simplest(case, lambda other: why(other) == why(case))) == smallest


@pytest.mark.parametrize("word", ["conv_i3x3_k3x3_s2_valid_ones_illegal", "conv_i3x3_k2x2_p1.1_ones_illegal"])
def test_an_illegal_case_with_too_few_numbers_keeps_its_axes(word: str) -> None:
    assert {smaller.rank for smaller in simpler(Case.parse(word))} == {2}


@pytest.mark.parametrize("fault", FAULTS, ids=[fault.name for fault in FAULTS])
def test_the_word_of_a_fault_cannot_be_simpler(fault: Fault) -> None:
    """Only the operation, which is kept, and what the fault needs are left."""
    assert came_down(fault.word, fault) == fault.word
