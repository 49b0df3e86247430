"""A property goes on without the errors that it found, so that they hide nothing."""

from __future__ import annotations

from contextlib import suppress

import numpy as np
import pytest
from hypothesis.database import InMemoryExampleDatabase
from hypothesis.errors import FlakyFailure

from tests.planted import convolutions, several_causes
from verify import Case
from verify.cases.operands import Array
from verify.checks.examination import Mismatch, mismatch_of
from verify.checks.interrupts import Interrupted
from verify.checks.path import Examiner
from verify.checks.subject import Subject, describe
from verify.config.session import Options, Session
from verify.gate import conformance
from verify.gate.judging import mismatches_in
from verify.reports.tally import Failure


def failures_of(options: Options, subject: Subject = several_causes.refuses_one_axis) -> list[Failure]:
    """What the test of values finds in a subject, by default one that refuses one axis."""
    gated = conformance(subject, fills=("ones", "ints"))
    gated.gate.session = Session(options=options)  # type: ignore[attr-defined]
    with suppress(Mismatch, ExceptionGroup):
        gated().test_values()
    tally = gated.gate.judges["test_values"].tallier.reported()  # type: ignore[attr-defined]
    return list(tally.failures.values())


@pytest.mark.parametrize("seed", range(3))
def test_errors_that_are_seen_at_once_do_not_hide_a_wrong_value(seed: int) -> None:
    failures = failures_of(Options(seed=seed, examples=100))
    assert sorted((failure.kind, failure.words) for failure in failures) == [
        ("refused", "it raised ValueError: an even input of # cells"),
        ("refused", "it raised ValueError: an odd input of # cells"),
        ("value", ""),
    ]


@pytest.mark.parametrize("seed", range(3))
def test_a_wrong_value_with_a_name_does_not_hide_another(seed: int) -> None:
    failures = failures_of(Options(seed=seed, examples=100), several_causes.has_two_faults_of_values)
    assert sorted((failure.word, failure.fault) for failure in failures) == [
        ("conv_i1_k1_same_ones", "last-row-lost"),
        ("depthwise_n2_i1_k1_same_ones", "only-first-of-batch"),
    ]


def test_each_case_is_counted_for_the_fault_that_it_shows() -> None:
    asked = set()

    def subject(case: Case) -> Array:
        answer = several_causes.has_two_faults_of_values(case)
        asked.add((str(case), case.operation == "conv", check_fails(case, answer)))
        return answer

    subject.operations = ("conv", "depthwise")  # type: ignore[attr-defined]
    failures = failures_of(Options(seed=0, examples=100), subject)
    counts = {failure.fault: failure.cases for failure in failures}
    wrong = [is_conv for _, is_conv, is_wrong in asked if is_wrong]
    assert 1 < counts["last-row-lost"] <= wrong.count(True)
    assert 1 < counts["only-first-of-batch"] <= wrong.count(False)


def check_fails(case: Case, answer: Array) -> bool:
    return not np.array_equal(answer, several_causes.right(case))


def test_cases_that_show_what_was_found_are_counted() -> None:
    (failure,) = failures_of(Options(seed=0, examples=100), several_causes.refuses_odd_sizes)
    assert failure.cases > 20


def test_hypothesis_keeps_an_example_of_each() -> None:
    database = InMemoryExampleDatabase()
    failures = failures_of(Options(examples=100, database=database))
    assert max(map(len, database.data.values())) >= len(failures) > 1


def mismatch(word: str) -> Mismatch:
    return mismatch_of(Examiner(subject=describe(convolutions.off_by_one)).examine(Case.parse(word)))


def test_disagreements_are_found_in_groups_inside_of_groups() -> None:
    first, second = mismatch("conv_i1_k1_same_ones"), mismatch("conv_i2_k1_same_ones")
    flaky = FlakyFailure("it did not fail again", [second])
    assert mismatches_in(ExceptionGroup("two", [first, flaky])) == [first, second]


def test_another_error_among_disagreements_is_not_hidden() -> None:
    group = ExceptionGroup("two", [mismatch("conv_i1_k1_same_ones"), KeyError("ours")])
    assert mismatches_in(group) == mismatches_in(KeyError("ours")) == []


def test_ctrl_c_while_a_search_is_prepared_is_no_error_of_ours(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def interrupt(*_: object) -> None:
        raise Interrupted

    monkeypatch.setattr("hypothesis.internal.reflection.inspect.getsource", interrupt)
    with pytest.raises(Interrupted):
        failures_of(Options(seed=0, examples=5), convolutions.right)
