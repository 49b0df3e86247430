"""A failure that was carried to another process is the same failure there."""

from __future__ import annotations

import pickle
from dataclasses import fields, replace

import numpy as np
import pytest

from tests.planted.convolutions import right
from verify import Case
from verify.checks.carried import Carried
from verify.checks.cause import is_alike_at_sight
from verify.checks.diagnosis import diagnosed
from verify.checks.examination import Examination, disagreement
from verify.checks.path import Examiner
from verify.checks.subject import Description, Subject, describe
from verify.faults import fault_named
from verify.oracle.compare import disagrees

CASE = Case.parse("conv_i4_k3_same_ints7")


def carried(failure: Examination) -> Examination:
    """The failure after it went through the stream of a process."""
    return pickle.loads(pickle.dumps(Carried.of(failure))).failure(lambda way: failure.subject)


def refuses(case: Case) -> None:
    raise ValueError("of no use")


@pytest.mark.parametrize("subject", [fault_named("bias-twice"), fault_named("wrong-dtype"), refuses])
def test_a_failure_is_the_same(subject: Subject) -> None:
    case = replace(CASE, epilogue=("bias",))
    failure = diagnosed(Examiner(subject=describe(subject)).examine(case))
    again = carried(replace(failure, flaky="3/5", also=("conv_i1_k1_same_ones",)))
    assert failure.fails
    same = [
        field.name for field in fields(Examination) if field.name not in ("answer", "error", "flaky", "also")
    ]
    assert [getattr(again, name) for name in same] == [getattr(failure, name) for name in same]
    assert (again.flaky, again.also) == ("3/5", ("conv_i1_k1_same_ones",))
    np.testing.assert_array_equal(again.answer, failure.answer)
    assert is_alike_at_sight(carried(failure), failure)
    assert (again.cause, again.words, again.tag) == (failure.cause, failure.words, failure.tag)
    assert disagreement(carried(failure)) == disagreement(failure)


def test_the_way_is_named_again() -> None:
    ways = {name: describe(right, name=f"mine:conv/{name}") for name in ("one", "two")}
    failure = Examination(case=CASE, subject=ways["two"], verdict=disagrees("value", "it is wrong"))

    def way_named(name: str) -> Description:
        return ways[name]

    assert Carried.of(failure).failure(way_named).subject is ways["two"]
