"""The gate's property of large cases, with limits so low that its cases are small."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest

from strategies import large as strategy
from tests.planted import convolutions
from verify import Case, Mismatch
from verify.cases import large as sizes
from verify.cases.operands import Array
from verify.checks import room
from verify.config.session import Options, Session
from verify.gate import conformance
from verify.reports.records import Record
from verify.reports.tally import Tally


@pytest.fixture(autouse=True)
def low_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """A case of more than 16 KiB is large."""
    monkeypatch.setattr(sizes, "MEMORY_LIMIT", 2**14)
    monkeypatch.setattr(strategy, "ELEMENTS", (2**11, 2**12))
    monkeypatch.setattr(strategy, "GROWTHS", strategy.GROWTHS[:4])


def gated(subject: Any) -> tuple[list[Record], Tally]:
    """The records of the property, asked in this process, and its tally."""
    records: list[Record] = []
    few: Any = {"operations": ("conv",), "ranks": (1,), "dtypes": ("float32",), "regions": ("pointwise",)}
    held: Any = conformance(subject, large=True, **few)
    held.gate.session = Session(options=Options(examples=100, seed=1), record=records.append)
    with contextlib.suppress(Mismatch, ExceptionGroup):
        held().test_large()
    return records, held.gate.close("test_large", 0.5)


def cases_in(records: list[Record]) -> list[Case]:
    return [Case.parse(line["word"]) for line in records if line["type"] == "case"]


def test_large_cases_are_drawn_judged_and_counted() -> None:
    records, tally = gated(lambda case: convolutions.right(case))
    assert (tally.verdict, tally.title) == ("holds", "large sizes, by projection")
    assert tally.graded == len(cases_in(records)) >= 4
    assert all(case.is_large for case in cases_in(records))
    judged = [line["sentence"] for line in records if line["type"] == "case"]
    assert all(sentence.startswith("judged by projection onto 3 vectors and ") for sentence in judged)


def test_what_is_wrong_in_large_cases_alone_is_found() -> None:
    def forgets_the_end(case: Case) -> Array:
        answer = convolutions.right(case)
        if answer.size > 2**10:
            answer.reshape(-1)[-3:] += 1
        return answer

    records, tally = gated(forgets_the_end)
    assert tally.verdict == "disagrees"
    (failure,) = [line for line in records if line["type"] == "failure"]
    assert "by projection onto 3 vectors" in failure["message"]
    assert failure["fault"] == ""
    assert failure["worst"]["index"]


def test_cases_that_do_not_fit_prove_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "_free", lambda: iter([0]))
    _, tally = gated(lambda case: convolutions.right(case))
    assert tally.verdict == "nothing graded"


def test_narrowings_that_leave_no_large_case_skip_it() -> None:
    held: Any = conformance(convolutions.right, large=True, fills=("reals",))
    with pytest.raises(pytest.skip.Exception, match="the domain that is left has no large case"):
        held().test_large()


def test_there_is_no_such_test_unless_it_is_asked_for() -> None:
    assert not hasattr(conformance(convolutions.right), "test_large")
