"""Faults of memory: seen exactly where they are caught, named, and not of subjects that take no views."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strategies import cases, sample
from tests.planted import memories
from verify import Case, Mismatch, check
from verify.cases.domain import Domain, Space
from verify.cases.memory import LAYOUTS
from verify.checks.diagnosis import diagnosed
from verify.checks.path import Examiner
from verify.checks.subject import Subject, describe
from verify.faults import Fault, fault_named
from verify.faults.catalogue.memory import MEMORY
from verify.faults.visibility import is_visible
from verify.faults.witnesses import witnesses

VIEWS = tuple(LAYOUTS)
SMALL = {"max_side": 4, "max_kernel": 3, "max_channels": 3}


def is_caught(case: Case, subject: Subject) -> bool:
    try:
        check(case, subject, repeats=2)
    except Mismatch:
        return True
    return False


def names_of_failure(case: Case, subject: Subject) -> list[str]:
    examination = Examiner(subject=describe(subject), repeats=2).examine(case)
    return [fault.name for fault in diagnosed(examination).faults]


def test_there_are_at_least_eight_faults_of_memory_and_each_has_a_smallest_word() -> None:
    assert len(MEMORY) >= 8
    assert len({fault.sentence for fault in MEMORY}) == len(MEMORY)
    assert all("_mem" in fault.word for fault in MEMORY)


@settings(max_examples=40)
@given(case=cases(views=VIEWS, **SMALL), fault=st.sampled_from(MEMORY))
def test_a_fault_of_memory_is_visible_exactly_where_it_is_caught(case: Case, fault: Fault) -> None:
    assert is_caught(case, fault) == is_visible(fault, case)


@settings(max_examples=40)
@given(case=cases(**SMALL), fault=st.sampled_from(MEMORY))
def test_no_fault_of_memory_is_seen_where_operands_are_contiguous(case: Case, fault: Fault) -> None:
    assert not is_visible(fault, case)


@pytest.mark.parametrize("name", ["filters-as-contiguous", "gap-read", "load-rounded-down", "written-beside"])
def test_a_fault_of_memory_is_named(name: str) -> None:
    fault = fault_named(name)
    assert names_of_failure(Case.parse(fault.word), fault) == [name]


@pytest.mark.long
@pytest.mark.parametrize("fault", MEMORY, ids=lambda fault: fault.name)
def test_every_fault_of_memory_is_named(fault: Fault) -> None:
    assert names_of_failure(Case.parse(fault.word), fault) == [fault.name]


def test_only_what_takes_views_can_show_them() -> None:
    names = {fault.name for fault in MEMORY}
    plain, viewed = Space(dtypes=("float32",)), Space(dtypes=("float32",), views=VIEWS)
    assert not names & {*witnesses({"": Domain(spaces={"conv": plain})})}
    assert names - {*witnesses({"": Domain(spaces={"conv": viewed})})} == {"cotangent-as-contiguous"}


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("subject", [memories.sliced_weight, memories.one_channel])
def test_what_public_reports_saw_is_drawn(subject: Subject, seed: int) -> None:
    drawn = sample(60, seed, cases(operations=("conv",), views=VIEWS, fills=("ints",), **SMALL))
    assert any(is_caught(case, subject) for case in drawn)


@pytest.mark.parametrize(
    ("subject", "word", "name"),
    [
        (memories.sliced_weight, "conv_i1_k1_f2_same_ones_memwstrided", "filters-as-contiguous"),
        (memories.one_channel, "conv_i1_k2_same_ones_memwodd", "stride-of-length-one"),
    ],
)
def test_what_public_reports_saw_is_named(subject: Subject, word: str, name: str) -> None:
    assert names_of_failure(Case.parse(word), subject) == [name]


@settings(max_examples=40)
@given(case=cases(views=VIEWS, **SMALL))
def test_a_right_convolution_is_right_in_every_layout(case: Case) -> None:
    assert not is_caught(case, memories.right)
    assert not is_caught(case, memories.answers_in_out)


@pytest.mark.parametrize(
    ("subject", "word", "sentence"),
    [
        (
            memories.writes_into_gaps,
            "conv_i2_k1_same_ones_memxstrided",
            "it wrote to 1 cell around or between the elements of its input (memxstrided)",
        ),
        (
            memories.writes_behind_out,
            "conv_i1_k1_same_ones",
            "it wrote to 1 cell around or between the elements of the `out` that it was given",
        ),
        (
            memories.scales_in_place,
            "conv_i1_k1_same_ones_memxreadonly",
            "it tried to write to its input, which is read-only",
        ),
    ],
)
def test_what_is_written_beside_an_answer_is_a_finding(subject: Subject, word: str, sentence: str) -> None:
    examination = Examiner(subject=describe(subject)).examine(Case.parse(word))
    assert examination.verdict.sentence.startswith(sentence)
    assert examination.verdict.kind in ("written beside", "input modified")
