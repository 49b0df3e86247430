"""Findings: which failures have one cause by their records, and what is said of it."""

from __future__ import annotations

from typing import Any

import pytest

from verify.reports.findings import Finding, findings
from verify.reports.tally import Failure, Tally


def failure(word: str, kind: str = "value", **more: Any) -> Failure:
    return Failure(kind=kind, word=word, text=f"it disagrees on {word}", **more)


def found(*failures: Failure, subject: str = "mine:conv") -> list[Finding]:
    """The findings of a run whose properties each saw one of these failures."""
    return findings(
        Tally(subject=subject, name=f"p{number}", title=f"property {number}", failures={"": one})
        for number, one in enumerate(failures)
    )


ONE_CAUSE = {
    "one fault": (
        failure("conv_i2_k2_same_ones", fault="odd-cell-before"),
        failure("depthwise_i2_k2_same_ones", fault="odd-cell-before"),
    ),
    "one geometry of no known fault": (failure("conv_i4_k2_same_ones"), failure("conv_i4_k2_same_reals3")),
    "the same words": (
        failure("conv_n0_i1_k1_same_ones", "refused", words="it raised ValueError: no images"),
        failure("depthwise_n0_i1_k1_same_ones", "refused", words="it raised ValueError: no images"),
    ),
    "wavering": (
        failure("conv_i2_k2_same_ones", flaky="3/5"),
        failure("conv_i9_k1_same_ones", "not repeatable", fault="wavers"),
    ),
    "asked again": (
        failure("conv_i4_k2_same_ones"),
        failure("conv_i9x9_k1x1_same_unread", "non-finite", like="value conv_i4_k2_same_ones"),
    ),
    "asked again, by another": (
        failure("conv_i4_k2_same_ones", like="shape conv_i7_k3_same_ones"),
        failure("conv_i9_k1_same_unread", "non-finite", like="shape conv_i7_k3_same_ones"),
    ),
    "faults that cannot be told apart": (
        failure("conv_i2_k2_same_ones", faults=("bias-twice", "mean-lost")),
        failure("conv_i9_k1_same_ones", faults=("bias-twice", "mean-lost")),
    ),
}

TWO_CAUSES = {
    "two faults": (
        failure("conv_i2_k2_same_ones", fault="odd-cell-before"),
        failure("conv_i2_k2_same_iota", fault="kernel-flipped"),
    ),
    "other geometry": (failure("conv_i4_k2_same_ones"), failure("conv_i4_k1_same_ones")),
    "other kinds": (failure("conv_i4_k2_same_ones"), failure("conv_i4_k2_same_ones", "dtype")),
    "other words": (
        failure("conv_i1_k1_same_ones", "refused", words="it raised ValueError: no images"),
        failure("conv_i1_k1_same_ones", "crashed", words="it was killed by SIGSEGV"),
    ),
    "one that wavers and one that does not": (
        failure("conv_i2_k2_same_ones", flaky="3/5"),
        failure("conv_i9_k1_same_ones", fault="kernel-flipped"),
    ),
}


@pytest.mark.parametrize("failures", ONE_CAUSE.values(), ids=ONE_CAUSE)
def test_failures_of_one_cause_are_one_finding(failures: tuple[Failure, ...]) -> None:
    (one,) = found(*failures)
    assert one.titles == ("property 0", "property 1")


@pytest.mark.parametrize("failures", TWO_CAUSES.values(), ids=TWO_CAUSES)
def test_failures_of_two_causes_are_two_findings(failures: tuple[Failure, ...]) -> None:
    assert [one.failure for one in found(*failures)] == [*failures]


def test_failures_that_share_no_mark_are_one_finding_by_a_third() -> None:
    named, unnamed = failure("conv_i2_k2_same_ones", fault="odd-cell-before"), failure("conv_i3_k2_same_iota")
    between = failure("conv_i4_k2_same_ones", fault="odd-cell-before", like=unnamed.tag)
    assert len(found(named, unnamed)) == 2
    assert len(found(named, unnamed, between)) == 1


def test_failures_of_two_subjects_are_two_findings() -> None:
    one = failure("conv_i2_k2_same_ones", fault="odd-cell-before")
    assert len([*found(one), *found(one, subject="mine:other")]) == 2
    tallies = [Tally(subject=name, name="p", title="p", failures={"": one}) for name in ("a:b", "a:c")]
    assert [each.subject for each in findings(tallies)] == ["a:b", "a:c"]


def test_one_cause_under_several_settings_is_one_finding_that_names_them() -> None:
    one = failure("conv_i2_k2_same_ones", fault="odd-cell-before")
    labels = ("a:b THREADS=1", "a:b THREADS=2")
    (both,) = findings(Tally(subject=name, name="p", title="p", failures={"": one}) for name in labels)
    assert both.settings == ("THREADS=1", "THREADS=2")
    assert "  settings THREADS=1, THREADS=2" in both.text.splitlines()


def test_a_finding_has_the_smallest_word_of_those_with_its_name() -> None:
    like = "value conv_i4x4_k2x2_same_ones"
    named = failure("conv_i4x4_k2x2_same_ones", fault="odd-cell-before", cases=3)
    larger = failure("conv_i14x4_k2x2_same_ones", fault="odd-cell-before", cases=4)
    unnamed = failure("conv_i2_k2_same_ones", like=like)
    (one,) = found(larger, unnamed, named)
    assert (one.failure, one.cases) == (named, 8)


def test_a_finding_of_what_wavers_is_flaky() -> None:
    flaky = failure("conv_i10x10_k2x2_same_ones", flaky="2/5")
    (one,) = found(failure("conv_i1_k1_same_ones", "not repeatable", fault="wavers"), flaky)
    assert one.failure == flaky


def test_further_words_are_three_at_most_each_in_a_place_of_its_own() -> None:
    also = (
        "depthwise_i2_k2_same_ones",
        "conv_i1x2_k1x2_same_ones",
        "conv_i2_k2_same_float64_ones",
        "conv_i3_k2_same_ones",
        "transpose_i2_k2_same_ones",
    )
    (one,) = found(failure("conv_i2_k2_same_ones", also=also))
    assert set(one.further) == {also[0], also[1], also[4]}


def test_what_a_finding_broke_is_said_below_its_message() -> None:
    fault = {"fault": "odd-cell-before"}
    (one,) = found(
        failure("conv_i2_k2_same_ones", way="tf.nn.conv1d", cases=1200, **fault),
        failure("conv_i1x2_k1x2_same_ones", way="tf.nn.conv2d", cases=34, **fault),
    )
    assert one.text.splitlines() == [
        "it disagrees on conv_i2_k2_same_ones",
        "  found by property 0, property 1 in 1,234 cases",
        "  ways     tf.nn.conv1d, tf.nn.conv2d",
        "  also     conv_i1x2_k1x2_same_ones",
    ]


def test_each_wrong_entry_of_the_known_deviations_is_a_finding() -> None:
    entries = [Failure(kind="fixed", word="", text=text) for text in ("a is gone", "b is gone")]
    assert [one.text for one in found(*entries)] == [
        "a is gone\n  found by property 0",
        "b is gone\n  found by property 1",
    ]


def test_the_record_of_a_finding_has_all_that_is_said_of_it() -> None:
    (one,) = found(failure("conv_i2_k2_same_ones", fault="odd-cell-before", way="fast", cases=7))
    assert one.record() == {
        "type": "finding",
        "subject": "mine:conv",
        "word": "conv_i2_k2_same_ones",
        "kind": "value",
        "fault": "odd-cell-before",
        "flaky": "",
        "properties": ["property 0"],
        "ways": ["fast"],
        "settings": [],
        "cases": 7,
        "further": [],
    }
