"""Which answers of two records have other bits, if they are nearer to what is due, and what else changed."""

from __future__ import annotations

import numpy as np

from tests.planted.behaving import (
    FORWARD,
    PAIRWISE,
    TF32,
    declines,
    fails,
    flattens,
    half_the_bound_too_large,
    narrows_reals,
    unless_narrow,
)
from verify import Case, check
from verify.checks.subject import Subject, describe
from verify.runs.behaviour.comparison import differences, summary_of, table_of
from verify.runs.behaviour.record import Behaviour, behaviour_of, observe

LONG, SHORT, EXACT, DOUBLE = (
    "conv_i8x8_c128_k3x3_f4_s3x3_same_reals",
    "depthwise_i40_c4_k24_valid_reals2",
    "conv_i6x6_c64_k1x1_f4_valid_dyadic1",
    "conv_i5x5_c48_k3x3_f8_same_float64_reals1",
)


def record(subject: Subject, *words: str, machine: str = "this", **versions: str) -> Behaviour:
    observations = observe(subject, map(Case.parse, words), name="mine")
    return Behaviour(behaviour_of(describe(subject), observations).cases, {"processor": machine}, versions)


def summary(before: Behaviour, after: Behaviour) -> list[str]:
    return summary_of(differences(before, after), before, after)


def rows(before: Behaviour, after: Behaviour) -> list[tuple[str, ...]]:
    return [change.row for change in differences(before, after)]


def test_same_bits_on_another_machine_with_other_versions_are_no_difference() -> None:
    before = record(FORWARD, LONG, machine="that", tensorflow="2.20")
    assert differences(before, record(FORWARD, LONG, machine="this", tensorflow="2.21")) == []


def test_same_bits_of_another_error_are_no_difference() -> None:
    before = record(FORWARD, LONG)
    answer = before.cases[LONG]._replace(error=0.5)
    assert differences(before, before._replace(cases={LONG: answer})) == []


def test_another_order_is_a_difference_where_every_bound_holds() -> None:
    assert rows(record(FORWARD, LONG), record(PAIRWISE, LONG)) == [
        (LONG, "36 of 36", "(0, 0, 0, 0)", "46.365456", "46.365448")
    ]
    assert check(Case.parse(LONG), PAIRWISE).holds


def test_downcast_is_a_difference_where_the_bound_holds() -> None:
    assert [row[1] for row in rows(record(FORWARD, LONG), record(TF32, LONG))] == ["36 of 36"]
    assert check(Case.parse(LONG), TF32).holds


def test_first_value_of_other_bits_is_shown() -> None:
    def negates_a_zero(case: Case) -> object:
        answer = np.zeros(case.output_shape, case.dtype)
        answer[0, 2, 1] = -0.0
        return answer

    word = "conv_i3x2_k1x1_same_ones"
    zeros = record(lambda case: np.zeros(case.output_shape, case.dtype), word)
    assert rows(zeros, record(negates_a_zero, word)) == [(word, "1 of 6", "(0, 2, 1, 0)", "0.0", "-0.0")]


def test_case_that_is_declined_now_is_a_difference() -> None:
    before, after = record(FORWARD, LONG), record(declines, LONG)
    assert rows(before, after) == [(LONG, "", "", "answered", "declined")]
    assert summary(before, after)[0] == "turned               1 case: answered → declined"


def test_case_that_fails_where_it_was_declined_is_a_difference() -> None:
    assert rows(record(declines, LONG), record(fails, LONG)) == [(LONG, "", "", "declined", "refused")]


def test_answer_of_another_shape_is_a_difference() -> None:
    assert rows(record(FORWARD, LONG), record(flattens, LONG)) == [
        (LONG, "", "", "answered", "float32 (36,)")
    ]


def test_case_that_only_one_record_has_is_no_difference() -> None:
    assert differences(record(FORWARD, LONG, SHORT), record(FORWARD, LONG, DOUBLE)) == []


def test_shortest_words_come_first() -> None:
    changes = differences(record(FORWARD, LONG, SHORT, DOUBLE), record(PAIRWISE, LONG, SHORT, DOUBLE))
    assert [str(change.case) for change in changes] == sorted([LONG, SHORT, DOUBLE], key=len)


CHANGED = f"""\
differ in                               values    first at      before     now
{LONG}  36 of 36  (0, 0, 0, 0)  46.365456  46.363724
conv float32         36 of 36 values have other bits, in 1 of 2 cases
                     nearer in 0, farther in 1; the largest error 0.00111 → 0.478 of the bound
versions             tensorflow 2.20 → 2.21
machine              the same"""


def test_differences_are_described_literally() -> None:
    before = record(FORWARD, LONG, EXACT, tensorflow="2.20")
    after = record(narrows_reals, LONG, EXACT, tensorflow="2.21")
    changes = differences(before, after)
    lines = [*table_of(changes, ("before", "now"), most=5), *summary_of(changes, before, after)]
    assert "\n".join(lines) == CHANGED


def test_answers_that_are_nearer_are_said_to_be() -> None:
    said = summary(record(half_the_bound_too_large, LONG), record(FORWARD, LONG))
    assert "nearer in 1, farther in 0; the largest error 0.5 → 0.00111 of the bound" in said[1]


def test_answers_that_are_as_far_off_are_neither_nearer_nor_farther() -> None:
    before, after = record(FORWARD, LONG), record(PAIRWISE, LONG)
    answer = after.cases[LONG]._replace(error=before.cases[LONG].error)
    assert "nearer in 0, farther in 0; " in summary(before, after._replace(cases={LONG: answer}))[1]


def test_differences_are_summed_up_by_operation_and_dtype() -> None:
    said = summary(record(FORWARD, LONG, SHORT, DOUBLE), record(PAIRWISE, LONG, SHORT, DOUBLE))
    assert [label for label in (line[:21].rstrip() for line in said) if label] == [
        "depthwise float32",
        "conv float32",
        "conv float64",
        "versions",
        "machine",
    ]


def test_case_that_neither_has_answered_is_no_difference() -> None:
    before, after = (record(unless_narrow(subject), LONG, SHORT) for subject in (FORWARD, TF32))
    assert [change.case for change in differences(before, after)] == [Case.parse(LONG)]


def test_another_machine_is_named() -> None:
    said = summary(record(FORWARD, LONG, machine="that"), record(PAIRWISE, LONG, machine="this"))
    assert said[-1] == "machine              processor that → this"


def test_no_more_differences_are_listed_than_are_asked_for() -> None:
    changes = differences(record(FORWARD, LONG, SHORT), record(TF32, LONG, SHORT))
    assert table_of(changes, ("A", "B"), most=1)[-1] == "and in 1 more"
