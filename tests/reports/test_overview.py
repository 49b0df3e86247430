"""What a run prints in a few lines: nothing that is missing, and nothing that holds at length."""

from __future__ import annotations

import io
from collections import Counter
from typing import Any

import pytest

from verify.gate.properties import PROPERTIES
from verify.reports.overview import print_proved
from verify.reports.tally import Failure, Tally
from verify.reports.terminal import Plain

FAILURE = Failure(
    kind="value", word="conv_i1_k1_same_ones", text="mine disagrees\n  case     conv_i1_k1_same_ones"
)


def tallies(*subjects: str, **more: Any) -> list[Tally]:
    """A tally of each property of some subjects."""
    counts = {"agreed": 200, "examples": 200, "visible": Counter({"kernel-flipped": 9}), **more}
    return [
        Tally(subject=subject, name=judged.name, title=judged.title, **counts)
        for subject in subjects
        for judged in PROPERTIES
    ]


def printed(shown: list[Tally], *, detail: str = "overview", width: int = 80) -> str:
    file = io.StringIO()
    print_proved(Plain(file=file, width=width), shown, "Holds.", detail=detail, more="-v shows more")
    return "\n".join(line.rstrip() for line in file.getvalue().splitlines())


EIGHT = [
    f"tensorflow:{name}" for name in ("a", "b", "convolution", "gradient", "raw", "graph", "keras", "lite")
]


def test_one_subject_fits_a_screen() -> None:
    assert len(printed(tallies("mine:conv")).splitlines()) <= 25 - 3  # with the lines of versions above


def test_one_subject_with_ways_that_declare_no_scheme_fits_a_screen() -> None:
    told = {"told": 30, "fixed-once": 30, "cells": 1000, "open": 4}
    shown = tallies("mine:conv", rounding={way: Counter(told) for way in ("fast", "slow", "safe")})
    assert len(printed(shown).splitlines()) <= 25 - 3
    assert "-v shows more, and how each way rounds\n" in printed(shown)
    assert printed(shown, detail="all").count("declares no scheme") == 3
    shown[0].failures["value"] = FAILURE
    assert printed(shown).count("declares no scheme") == 3


def test_one_subject_without_ways_is_told_how_to_declare_its_scheme() -> None:
    shown = tallies("mine:conv", rounding={"": Counter({"told": 30, "fixed-once": 30})})
    assert 'with scheme = "fixed-once"' in " ".join(printed(shown).split())


def test_eight_subjects_are_one_table_that_fits_a_screen() -> None:
    shown = printed(tallies(*EIGHT))
    assert len(shown.splitlines()) <= 25
    assert max(map(len, shown.splitlines())) <= 80
    assert all(subject in shown for subject in EIGHT)


@pytest.mark.parametrize("subjects", [["mine:conv"], EIGHT])
@pytest.mark.parametrize("detail", ["overview", "result", "all"])
def test_every_finding_is_shown_whole(subjects: list[str], detail: str) -> None:
    shown = tallies(*subjects)
    shown[0].failures["value"] = FAILURE
    assert FAILURE.text in printed(shown, detail=detail)


def test_the_result_is_findings_and_conclusion_alone() -> None:
    assert printed(tallies("mine:conv"), detail="result") == "\nHolds."


def test_what_disagrees_and_what_proves_too_little_is_marked_and_explained() -> None:
    shown = tallies("one", "two")
    shown[0].failures["value"] = FAILURE
    shown[1].agreed = 1
    shown[1].declined = Counter({"not today": 99})
    table = printed(shown)
    assert "201!" in table
    assert "1?" in table
    assert "! disagrees" in table
    assert "? too little" in table


@pytest.mark.parametrize("subjects", [["one"], ["one", "two"]])
def test_a_fault_that_was_never_visible_is_told(subjects: list[str]) -> None:
    shown = printed(tallies(*subjects, visible=Counter({"kernel-flipped": 1, "odd-cell-before": 0})))
    assert "1 of 2" in shown


def test_why_cases_were_declined_is_told_where_a_run_is_not_green() -> None:
    shown = tallies("mine:conv", declined=Counter({"not today": 99}))
    assert "not today" not in printed(shown)
    shown[0].agreed = 0
    assert "declined   " in printed(shown)
    assert ": not today" in printed(shown)


def test_what_was_left_out_is_counted() -> None:
    more = {"vacuous": 2, "declined": Counter({"no": 3}), "known": Counter({"entry": 4})}
    shown = printed(tallies("mine:conv", **more))
    count = len(PROPERTIES)
    assert f"{3 * count} declined; {2 * count} vacuous; {4 * count} known, by 1 recorded deviation" in shown


def test_a_subject_under_several_settings_has_one_column() -> None:
    both = [f"{name} TF_ENABLE_ONEDNN_OPTS={value}" for value in (0, 1) for name in EIGHT]
    shown = tallies(*both, "mine:conv")
    shown[len(PROPERTIES) * 8].failures["value"] = FAILURE
    table = printed(shown)
    assert "401!" in table  # 200 without it, and 200 and the failure with it
    assert "1 tensorflow:a (under 2 settings), 2 tensorflow:b (under 2 settings)" in " ".join(table.split())
    assert "9 mine:conv, ! disagrees" in " ".join(table.split())
    assert max(map(len, table.splitlines()[:15])) <= 80
    assert "…" not in table


def test_what_was_cut_short_is_said_once_for_all_subjects_of_which_it_is_so() -> None:
    shown = [tally for tally in tallies(*EIGHT) if tally.name in ("values", "rounding")]
    for tally in shown[:-1]:
        tally.note = "its time was up"
    lines = " ".join(printed(shown).partition("cut short")[2].split())
    both = "values on exact fills, rounding on reals: its time was up"
    assert lines.startswith(f"{', '.join(EIGHT[:-1])}, {both} cut short {EIGHT[-1]}, values on exact fills: ")
    assert printed(shown).count("cut short") == 2
