"""Graded cases by region: what counts, what a run lacks, and what a reader is shown of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest

from verify import Case
from verify.cases.regions import region_names, regions, regions_of
from verify.checks.examination import Examination
from verify.checks.subject import describe
from verify.gate.properties import MET, PROPERTIES
from verify.gate.recorder import Tallier
from verify.oracle.compare import Verdict
from verify.reports.conclusion import exit_code, run_sentence
from verify.reports.coverage import never_graded, region_coverages
from verify.reports.html.tables import region_tables
from verify.reports.tally import Tally, tallies_of

WORD = "conv_i6x6_c8_k3x3_f8_same_ones"
NAMES = regions_of(Case.parse(WORD))


def subject(case: Case) -> Any:
    return case.input


def examined(word: str, outcome: str) -> Examination:
    verdict = Verdict(outcome=outcome, sentence="not today" if outcome == "declined" else "")
    return Examination(case=Case.parse(word), subject=describe(subject), verdict=verdict)


def tallied(
    *examinations: Examination, looked_for: tuple[str, ...] = ()
) -> tuple[Tally, list[dict[str, Any]]]:
    """The tally of some examinations, and its records."""
    records: list[dict[str, Any]] = []
    tallier = Tallier("mine:conv", MET, records.append)
    tallier.regions = looked_for
    for examination in examinations:
        tallier.record(examination)
    return tallier.close(1.0), records


def tally(regional: Mapping[str, int], **more: Any) -> Tally:
    return Tally(
        subject="mine:conv", name="values", title="values", agreed=100, regions=Counter(regional), **more
    )


def test_word_lies_in_several_regions():
    assert "plain-3x3-of-8-channels" in NAMES
    assert len(NAMES) > 1


def test_graded_case_counts_in_each_of_its_regions_once():
    made, _ = tallied(examined(WORD, "agrees"), examined(WORD, "agrees"))
    assert made.regions == dict.fromkeys(NAMES, 1)


@pytest.mark.parametrize("outcome", ["vacuous", "declined"])
def test_case_that_could_not_fail_counts_in_none(outcome: str):
    made, _ = tallied(examined(WORD, outcome))
    assert made.regions.total() == 0


def test_region_that_was_looked_for_is_there_without_a_case():
    made, _ = tallied(examined(WORD, "agrees"), looked_for=("causal", *NAMES))
    assert made.regions == {"causal": 0, **dict.fromkeys(NAMES, 1)}


def test_records_and_json_give_the_same_counts():
    made, records = tallied(examined(WORD, "agrees"), looked_for=("causal",))
    (read,) = tallies_of(records)
    assert read.regions == made.regions == Tally.from_json(made.to_json()).regions


def test_shards_add_up():
    first, second = (
        tallied(examined(word, "agrees"), looked_for=("pointwise",))[1]
        for word in (WORD, "conv_i4_k1_same_ones")
    )
    (both,) = tallies_of([*first, *second])
    assert both.regions["pointwise"] == 1
    assert both.regions["plain-3x3-of-8-channels"] == 1


def test_records_without_regions_are_read():
    _, records = tallied(examined(WORD, "agrees"))
    (read,) = tallies_of([{k: v for k, v in record.items() if k != "regions"} for record in records])
    assert read.agreed == 1
    assert region_coverages([read]) == []


def test_region_of_the_domain_that_was_never_graded_proves_too_little():
    made = [tally({"causal": 0, "pointwise": 7})]
    sentence = regions()["causal"].sentence
    assert exit_code(made) == 3
    assert run_sentence(made) == (
        f"Proves too little: nothing was graded in the regions causal of mine:conv ({sentence})."
    )


def test_region_that_was_graded_by_another_property_or_setting_is_met():
    made = [
        tally({"causal": 0}),
        Tally(subject="mine:conv ONEDNN=1", name="bits", title="bits", agreed=30, regions=Counter(causal=2)),
    ]
    assert never_graded(made) == []
    assert exit_code(made) == 0


def test_region_whose_case_was_declined_is_listed_and_lacks_nothing():
    made = [tally({"causal": 0, "pointwise": 1}, declined_regions={"causal": "conv_i4_k2_p1.0_ones"})]
    (coverage,) = region_coverages(made)
    assert coverage.never_graded == []
    assert coverage.declined == {"causal": "conv_i4_k2_p1.0_ones"}
    assert coverage.share == "1 of 2"
    assert exit_code(made) == 0


def test_table_has_a_row_for_each_region_and_marks_what_was_never_graded():
    tables = region_tables(region_coverages([tally({"causal": 0, "pointwise": 7})]))
    (table,) = tables.tables
    assert [(name, square.text, square.is_wrong) for name, (square,) in table.rows] == [
        ("pointwise", "7", False),
        ("causal", "0", True),
    ]
    assert region_tables([]) is None


def test_properties_are_counted_alike():
    made = [
        Tally(subject="mine:conv", name=judged.name, title=judged.title, agreed=20, regions=Counter(causal=1))
        for judged in PROPERTIES
    ]
    (coverage,) = region_coverages(made)
    assert coverage.graded == {"causal": len(PROPERTIES)}
    assert list(coverage.graded) == [name for name in region_names() if name in coverage.graded]
