"""Cases inside a deviation: what is drawn, and what they are found to be."""

from __future__ import annotations

import pytest

from tests.planted import convolutions
from verify import Case
from verify.checks.deviations import Deviation, deviation_of
from verify.checks.path import Examiner
from verify.checks.subject import Subject, describe
from verify.faults import fault_named
from verify.reports.terminal import Terminal
from verify.runs.inside import drawn_inside, inside, outcome_of

ENTRY = deviation_of(
    {
        "name": "unclamped",
        "subjects": ["*"],
        "kinds": ["value", "non-finite"],
        "when": "padding == 'same' and rank == 2 and strides[0] > span[0]",
        "word": "conv_i4x1_k1x1_s4x1_same_iota",
        "sentence": "It does not clamp.",
        "fault": "same-not-clamped",
    }
)


def unclamped(case: Case) -> object:
    return fault_named("same-not-clamped")(case)


def shifted(case: Case) -> object:
    return fault_named("answer-shifted")(case)


unclamped.known = shifted.known = [ENTRY]  # type: ignore[attr-defined]


def test_what_is_drawn_lies_inside_and_is_like_the_word_and_unlike_it():
    drawn = drawn_inside(ENTRY, describe(unclamped), examples=60)
    assert len(drawn) == 60
    assert all(ENTRY.explains(case, "value", {}) for _, case in drawn)
    assert len({case.size for _, case in drawn}) > 20
    assert any(case.kernel == (1, 1) and case.strides == (4, 1) for _, case in drawn)


def test_illegal_cases_are_drawn_inside_an_entry_of_one():
    entry = deviation_of(
        {
            "name": "answers",
            "subjects": ["*"],
            "kinds": ["answered"],
            "when": "illegal and 0 in strides",
            "word": "conv_i1_k1_s0_same_ones_illegal",
            "sentence": "It answers.",
        }
    )
    drawn = drawn_inside(entry, describe(unclamped), examples=10)
    assert len(drawn) == 10
    assert all(case.illegal and 0 in case.strides for _, case in drawn)


@pytest.mark.parametrize(
    ("subject", "known", "outcome"),
    [
        (unclamped, (), "predicted"),
        (convolutions.right, (), "right"),
        (shifted, (), "neither"),
        (shifted, (ENTRY._replace(name="other", fault=""),), "known by another entry"),
    ],
)
def test_outcome_of_a_case(subject: Subject, known: tuple[Deviation, ...], outcome: str):
    examination = Examiner(subject=describe(subject)).examine(Case.parse(ENTRY.word))
    assert outcome_of(examination, ENTRY, known)[0] == outcome


@pytest.mark.parametrize(("subject", "code"), [(unclamped, 0), (shifted, 1)])
def test_answer_that_is_neither_right_nor_predicted_exits_1(
    subject: Subject, code: int, capfd: pytest.CaptureFixture[str]
):
    assert inside(Terminal(), ["mine"], lambda label: subject, pattern="un*", examples=30) == code
    shown = capfd.readouterr().out
    assert "unclamped of " in shown
    assert ("recorded as unclamped, which predicts " in shown) == (code == 1)
