"""A property goes on without the errors that it found, so that they hide nothing."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis.database import InMemoryExampleDatabase
from hypothesis.errors import FlakyFailure

from tests.planted import convolutions, several_causes
from verify import Case
from verify.checks.examination import Mismatch, mismatch_of
from verify.checks.path import Examiner
from verify.checks.subject import describe
from verify.config.session import Options, Session
from verify.gate import conformance
from verify.gate.judging import mismatches_in
from verify.reports.tally import Failure


def failures_of(options: Options) -> list[Failure]:
    """What the test of values finds in a subject that refuses one axis."""
    gated = conformance(several_causes.refuses_one_axis, fills=("ones", "ints"))
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


def test_cases_that_show_what_was_found_are_counted() -> None:
    failures = failures_of(Options(seed=0, examples=100))
    assert all(failure.cases > 10 for failure in failures if failure.kind == "refused")


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
