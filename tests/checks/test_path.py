"""The path of a case: what is noted, asked, judged, excused, simplified, and kept."""

from __future__ import annotations

import pytest

from tests.checks.disagreements import CASE
from tests.planted import convolutions
from verify import Case
from verify.cases.operands import Array
from verify.checks.deviations import Deviation, condition
from verify.checks.journal import journal
from verify.checks.path import Examiner
from verify.checks.subject import Subject, describe
from verify.faults.visibility import visibility
from verify.gate.properties import EVERYTHING
from verify.gate.under_test import Gate
from verify.oracle import bounds

KNOWN = Deviation(
    name="ones",
    subjects=("*",),
    kinds=("value",),
    when=condition("rank == 1"),
    word="conv_i1_k1_same_ones",
    sentence="It is off by one.",
)
LARGE = Case.parse("conv_n2_i5_c2_k3_f2_same_ints3")


def examiner(subject: Subject, *known: Deviation, noted_as: str = "") -> Examiner:
    return Examiner(subject=describe(subject), known=known, noted_as=noted_as)


@pytest.fixture
def notes(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """What is noted in the journal."""
    noted: list[tuple[str, str]] = []
    monkeypatch.setattr(journal, "note", lambda subject, word: noted.append((subject, word)))
    return noted


def test_case_is_noted_before_it_is_asked(notes: list[tuple[str, str]]) -> None:
    seen: list[int] = []

    def counts(case: Case) -> Array:
        seen.append(len(notes))
        return convolutions.right(case)

    examiner(counts, noted_as="mine A=1").examine(CASE)
    assert (seen, notes) == ([1], [("mine A=1", str(CASE))])


def test_nothing_is_noted_without_a_name(notes: list[tuple[str, str]]) -> None:
    examiner(convolutions.right).examine(CASE)
    assert notes == []


@pytest.mark.parametrize(
    ("subject", "outcome", "fails"),
    [
        (convolutions.right, "agrees", False),
        (convolutions.declines, "declined", False),
        (convolutions.off_by_one, "known", False),
        (convolutions.widened, "disagrees", True),
    ],
)
def test_what_became_of_a_case(subject: Subject, outcome: str, *, fails: bool) -> None:
    examination = examiner(subject, KNOWN).examine(LARGE)
    assert (examination.outcome, examination.fails) == (outcome, fails)


def test_answer_and_error_are_kept() -> None:
    answered, raised = (examiner(s).examine(CASE) for s in (convolutions.right, convolutions.raises))
    assert (answered.answer is None, answered.cause) == (False, "")
    assert (raised.answer is None, raised.cause) == (True, "RuntimeError")


def test_failure_is_simplified_to_one_of_its_sort() -> None:
    asking = examiner(convolutions.off_by_one)
    simplified = asking.simplified(asking.examine(LARGE))
    assert (str(simplified.case), simplified.verdict.kind) == ("conv_i1_k1_same_ones", "value")


def test_failure_is_not_simplified_to_one_that_is_known() -> None:
    asking = examiner(convolutions.off_by_one, KNOWN._replace(when=condition("fill == 'ones'")))
    assert asking.simplified(asking.examine(LARGE)).case.fill != "ones"


def test_failure_is_not_simplified_to_one_of_another_sort() -> None:
    def wider_where_small(case: Case) -> Array:
        return convolutions.off_by_one(case) if case.channels > 1 else convolutions.widened(case)

    asking = Examiner(subject=describe(wider_where_small), repeats=2)
    assert asking.simplified(asking.examine(LARGE)).case.channels == 2


def test_pinned_word_that_fails_is_reported_as_it_was_diagnosed() -> None:
    judge = Gate(convolutions.off_by_one, None).judge(EVERYTHING)
    mismatch = judge.disagreement_on(Case.parse("conv_i4x4_k2x2_valid_ints3"))
    (failure,) = judge.tallier.reported().failures.values()
    assert "\n  probes   " in failure.text
    assert failure.text == str(mismatch)


def test_a_case_is_judged_once_for_its_answer_and_for_the_faults() -> None:
    case = Case.parse("conv_i5_c2_k3_f2_same_ints7")
    bounds._judgement.cache_clear()
    assert Examiner(subject=describe(convolutions.right)).examine(case).outcome == "agrees"
    visibility(case)
    assert bounds._judgement.cache_info().misses == 1
