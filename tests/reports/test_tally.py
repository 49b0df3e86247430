"""What a tally counts of wrong cases that a fault explains which was named before."""

from __future__ import annotations

from typing import Any

from verify.reports.tally import Tally


def wrong_case(kind: str, word: str, *, settled: bool) -> dict[str, Any]:
    """The record of a case that disagrees as a fault does that has a name."""
    return {
        "type": "case",
        "outcome": "disagrees",
        "kind": kind,
        "word": word,
        "cause": kind,
        "message": "",
        "visible": [],
        "fault": "last-row-lost",
        "settled": settled,
    }


def test_a_wrong_case_of_a_fault_that_was_named_is_no_failure_of_its_own() -> None:
    tally = Tally(subject="planted", name="values", title="values on exact fills")
    found = wrong_case("value", "conv_i2_k1_same_ones", settled=True)
    tally.add(found)
    tally.add({**found, "type": "failure"})
    tally.add(wrong_case("non-finite", "conv_i3_k1_same_nonfinite", settled=False))
    assert [failure.word for failure in tally.failures.values()] == ["conv_i2_k1_same_ones"]
