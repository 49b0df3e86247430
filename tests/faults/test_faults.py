"""The catalogue of faults: what each needs, where each is seen, and that nothing else is."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from strategies import cases
from tests.planted.convolutions import dilation_ignored, kernel_flipped, odd_cell_before, strides_exchanged
from verify import Case, Mismatch, check, compare
from verify.cases.predicates import names_of
from verify.checks.subject import Subject
from verify.faults import DEVIATING, FAULTS, Fault, fault_named
from verify.faults.fault import Conduct
from verify.faults.index_maps import finished, right_maps, sums_by_maps
from verify.faults.summation import CORRECT
from verify.faults.visibility import is_visible, visibility
from verify.subjects.registry import load

NAMES = [fault.name for fault in FAULTS]
PURE = [fault for fault in FAULTS if not isinstance(fault.change, Conduct)]
WINDOWED = ("conv", "depthwise", "separable", "transpose")


def is_caught(case: Case, subject: Subject) -> bool:
    try:
        check(case, subject, repeats=2)
    except Mismatch:
        return True
    return False


def unneeded(case: Case) -> list[Fault]:
    """The faults that a case could have and, by their conditions, cannot show."""
    names = names_of(case)
    return [fault for fault in PURE if fault.applies.holds(names) and not fault.needs.holds(names)]


def same_values(first: np.ndarray, second: np.ndarray) -> bool:
    return first.tobytes() == second.tobytes() and first.shape == second.shape


def test_there_are_at_least_forty_faults_in_nine_families() -> None:
    assert len(FAULTS) >= 40
    assert len(Counter(fault.family for fault in FAULTS)) == 9


def test_each_fault_has_a_name_and_a_sentence_of_its_own() -> None:
    assert len(set(NAMES)) == len({fault.sentence for fault in FAULTS}) == len(FAULTS)


@pytest.mark.parametrize("fault", FAULTS, ids=NAMES)
def test_the_word_of_a_fault_shows_it(fault: Fault) -> None:
    case = Case.parse(fault.word)
    assert str(case) == fault.word
    assert is_visible(fault, case)
    assert is_caught(case, fault)


@given(case=cases(), fault=st.sampled_from(FAULTS))
def test_a_fault_is_visible_exactly_where_it_is_caught(case: Case, fault: Fault) -> None:
    assert is_caught(case, fault) == is_visible(fault, case)


@given(case=cases())
def test_no_fault_is_caught_where_its_condition_says_that_it_cannot_be(case: Case) -> None:
    assert [fault.name for fault in unneeded(case) if is_caught(case, fault)] == []


def test_no_two_faults_have_one_name() -> None:
    names = Counter(fault.name for fault in (*FAULTS, *DEVIATING))
    assert [name for name, count in names.items() if count > 1] == []


@given(case=cases(), fault=st.sampled_from(PURE))
def test_a_fault_answers_alike_twice_and_leaves_its_operands_alone(case: Case, fault: Fault) -> None:
    before = case.make_operands()
    assert same_values(fault(case), fault(case))
    assert all(was is None or same_values(was, now) for was, now in zip(before, case.operands, strict=True))


@given(case=cases(operations=(*WINDOWED, "filtergrad"), around=("border", "residual", "relu", "norm")))
def test_windows_that_read_the_right_cells_give_the_reference(case: Case) -> None:
    assert compare(case, finished(case, sums_by_maps(case, right_maps(case)))).holds


@pytest.mark.parametrize("order", CORRECT)
@given(case=cases())
def test_every_order_of_summation_holds(order: str, case: Case) -> None:
    assert compare(case, CORRECT[order](case)).holds


@pytest.mark.parametrize("correct", CORRECT.values(), ids=CORRECT)
def test_a_replay_line_can_name_every_order_of_summation(correct: Subject) -> None:
    case = Case.parse("conv_i1_c999_k1_same_reals")
    assert same_values(load(f"verify.faults.summation:{correct.__name__}")(case), correct(case))


@pytest.mark.parametrize(
    ("name", "planted"),
    [
        ("odd-cell-before", odd_cell_before),
        ("dilation-ignored", dilation_ignored),
        ("strides-exchanged", strides_exchanged),
        ("kernel-flipped", kernel_flipped),
    ],
)
@given(case=cases(operations=("conv",), around=("bias", "relu"), paddings=("same",), fills=("ints",)))
def test_a_fault_answers_as_the_same_fault_planted_in_a_convolution(
    name: str, planted: Subject, case: Case
) -> None:
    assert same_values(fault_named(name)(case), np.ascontiguousarray(planted(case)))


def test_a_fault_that_is_not_judged_is_not_visible() -> None:
    case = Case.parse("conv_i1x2_k1x2_same_ones")
    assert "odd-cell-before" not in visibility(case, kinds=("shape", "dtype")).visible
    assert "wrong-dtype" in visibility(case, kinds=("shape", "dtype")).visible


def test_a_subject_asked_once_cannot_be_seen_to_waver() -> None:
    case = Case.parse("conv_i1_k1_same_ones")
    assert "wavers" not in visibility(case, repeats=1).visible
    assert "wavers" in visibility(case, repeats=2).visible


def test_an_unknown_fault_is_refused_by_name() -> None:
    with pytest.raises(
        ValueError, match=r"no fault is named 'odd-cells'; `list` names them; did you mean 'odd-cell-before'"
    ):
        fault_named("odd-cells")
