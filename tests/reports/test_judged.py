"""What cases were judged by: the shares of a summary, and what is left out of what is drawn."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.planted import convolutions
from verify import Case
from verify.cases.predicates import Predicate
from verify.checks.deviations import Deviation
from verify.checks.predictions import judged_by
from verify.checks.subject import describe
from verify.gate import conformance
from verify.gate.drawing import sample
from verify.gate.survey import judgeable
from verify.reports.judged import judged_lines, shares
from verify.reports.tally import Tally

ENTRY = Deviation("some", ("*",), ("value",), Predicate("rank == 1"), "conv_i1_k1_same_ones", "It is.")


@pytest.mark.parametrize(
    ("entry", "by"),
    [
        (ENTRY, "nothing"),
        (ENTRY._replace(unjudged=True), "nothing"),
        (ENTRY._replace(fault="padding-lost"), "a prediction"),
        (ENTRY._replace(kinds=("value", "refused"), accumulator="own"), "nothing"),
        (ENTRY._replace(when=Predicate("rank == 2")), "the reference"),
        (ENTRY._replace(subjects=("*/other",)), "nothing"),
    ],
)
def test_case_is_judged_by_what_is_recorded_there(entry: Deviation, by: str):
    assert judged_by([entry], Case.parse("conv_i3_k2_same_ones"), describe(convolutions.right)) == by


def test_illegal_case_is_judged_by_nothing_that_is_recorded_of_legal_ones():
    illegal = Case.parse("conv_i1_k3_valid_ones_illegal")
    entry = ENTRY._replace(when=Predicate("out[-1] == 1"))
    assert judged_by([entry], illegal, describe(convolutions.right)) == "the reference"
    of_illegal = ENTRY._replace(when=Predicate("illegal"), word=str(illegal))
    assert judged_by([of_illegal], illegal, describe(convolutions.right)) == "nothing"


def tally(name: str, draws: Counter[str], **by: int) -> Tally:
    named = {"reference": "the reference", "prediction": "a prediction", "nothing": "nothing"}
    counts = Counter({named[key]: count for key, count in by.items()})
    return Tally(subject="mine A=1", name=name, title=name, judged_by=counts, draws=draws)


def test_shares_are_of_what_was_drawn_and_count_what_was_left_out():
    tallies = [
        tally("values", Counter(drawn=100, unjudged=10), reference=80, prediction=15, nothing=5),
        tally("pinned", Counter(), nothing=50),
    ]
    assert shares(tallies[:1]) == pytest.approx((0.9 * 0.15, 0.1 + 0.9 * 0.05))
    predicted = "13.5% of what was drawn by what a deviation predicts"
    assert judged_lines(tallies) == [
        ("judged", f"mine: {predicted}, 14.5% not judged, the rest by the reference"),
    ]


def test_subject_of_which_nothing_is_recorded_has_no_line():
    assert judged_lines([tally("values", Counter(drawn=100), reference=100)]) == []


def test_tally_that_went_through_json_counts_the_same():
    one = tally("values", Counter(drawn=3, unjudged=1), prediction=2)
    assert Tally.from_json(one.to_json()).judged_by == one.judged_by


def test_what_is_unjudged_is_outside_what_is_drawn():
    entry = ENTRY._replace(unjudged=True)
    ones = judgeable(describe(convolutions.right), [entry]).domain
    assert not ones.holds(Case.parse("conv_i3_k1_same_ones"))
    assert ones.holds(Case.parse("conv_i3x3_k1x1_same_ones"))
    assert ones.holds(Case.parse("conv_i1_k1_s0_same_ones_illegal"))


def test_draws_that_are_unjudged_are_counted():
    gated = conformance(convolutions.right, known=[ENTRY._replace(unjudged=True, sporadic=True)])
    counts: Counter[str] = Counter()
    strategy = gated.gate.legal({"ranks": (1, 2)}, counts)  # type: ignore[attr-defined]
    drawn = sample(200, 0, strategy)
    assert {case.rank for _, case in drawn} == {2}
    assert counts["drawn"] >= 200


def test_draws_that_depend_on_other_numbers_are_counted():
    entry = ENTRY._replace(when=Predicate("size[0] == 2"), word="conv_i2_k1_same_ones", unjudged=True)
    gated = conformance(convolutions.right, known=[entry])
    counts: Counter[str] = Counter()
    drawn = sample(200, 0, gated.gate.legal({}, counts))  # type: ignore[attr-defined]
    assert not any(case.size[0] == 2 for _, case in drawn)
    assert 0 < counts["unjudged"] < counts["drawn"] / 2
