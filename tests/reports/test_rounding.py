"""The lines on a subject that declares no scheme."""

from __future__ import annotations

from collections import Counter

from verify.reports.rounding import rounding_lines
from verify.reports.tally import Tally


def lines(**counts: int) -> str:
    named = {name.replace("_", "-"): count for name, count in counts.items()}
    tallies = [
        Tally(subject="mine:conv8", name=name, title=name, rounding={"": Counter(named)})
        for name in ("values", "nonfinite")
    ]
    assert Tally.from_json(tallies[0].to_json()) == tallies[0]
    return "\n".join(text for label, text in rounding_lines(tallies) if label == "rounding")


def test_the_scheme_that_all_cells_agree_with_is_named_and_how_to_declare_it() -> None:
    assert lines(told=30, fixed_once=30, float32=11) == (
        "mine:conv8 declares no scheme: its answers are those of fixed-once in all 60 cells where schemes "
        'differ; with scheme = "fixed-once" it is held to that'
    )


def test_few_cells_are_too_few_to_be_sure() -> None:
    assert lines(told=4, fixed_once=4, fixed_twice=4) == (
        "mine:conv8 declares no scheme: its answers are those of fixed-twice and fixed-once in all 8 cells "
        "where schemes differ; too few to be sure"
    )


def test_a_subject_that_follows_none_is_told_the_nearest() -> None:
    assert lines(told=30, fixed_once=29, float32=11) == (
        "mine:conv8 declares no scheme, and follows none: fixed-once is nearest, in 58 of 60 cells where "
        "schemes differ"
    )


def test_the_share_of_two_answers_is_shown_with_the_cases_that_have_too_many() -> None:
    assert lines(cells=1000, open=4, tied=3) == (
        "mine:conv8 may give either of two answers in 0.4 % of 2,000 graded cells; 6 cases with more than "
        "5 % of them count as vacuous"
    )


def test_nothing_is_said_of_a_subject_of_which_nothing_is_counted() -> None:
    assert rounding_lines([Tally(subject="mine:conv", name="values", title="values")]) == []
