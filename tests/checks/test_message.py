"""The text of a disagreement: its lines, which axes it shows, and the line that runs it again."""

from __future__ import annotations

import pytest

from tests.checks.disagreements import named
from tests.planted import convolutions
from verify import Case, Verdict
from verify.cases.geometry import Axis
from verify.checks.examination import Examination, disagreement, line, matters, replay_line, worst_phrase
from verify.checks.subject import describe
from verify.oracle.compare import Worst

WORST = Worst(index=(0, 1, 2), got=1.5, want=-2.0, allowed=0.0, why="the sums are exact")


def message(word: str, subject: str = "mylib:conv", worst: Worst | None = None, **switches: str) -> list[str]:
    """The lines of a message about two values that differ."""
    verdict = Verdict(outcome="disagrees", kind="value", sentence="2 of 2 values differ", worst=worst)
    described = describe(named(convolutions.right, subject, **switches))
    examination = Examination(case=Case.parse(word), subject=described, verdict=verdict)
    return disagreement(examination).split("\n")


def axes_shown(word: str) -> list[str]:
    return [text[2:8] for text in message(word) if text.startswith("  axis")]


def test_message_is_literally():
    assert message("conv_n2_i9x4_k3x1_s2x1_d2x1_p0.3x0.0_iota", worst=WORST, A="1", B="2") == [
        "mylib:conv disagrees with the reference: 2 of 2 values differ",
        "  case     conv_n2_i9x4_k3x1_s2x1_d2x1_p0.3x0.0_iota",
        "  axis 0   size 9, kernel 3, stride 2, dilation 2 -> out 4, padding 0 before, 3 after",
        "  worst    at (0, 1, 2): got 1.5, want -2.0, allowed 0 (the sums are exact)",
        "  replay   A=1 B=2 conv-verify replay mylib:conv conv_n2_i9x4_k3x1_s2x1_d2x1_p0.3x0.0_iota",
    ]


def test_message_without_a_worst_value_has_no_line_for_it():
    assert message("conv_i2_k1_same_ones") == [
        "mylib:conv disagrees with the reference: 2 of 2 values differ",
        "  case     conv_i2_k1_same_ones",
        "  replay   conv-verify replay mylib:conv conv_i2_k1_same_ones",
    ]


@pytest.mark.parametrize(
    ("word", "axes"),
    [
        ("conv_i3_k1_same_ones", []),
        ("conv_i3x3_k1x2_same_ones", ["axis 1"]),
        ("conv_i3x3x3_k2x1x2_same_ones", ["axis 0", "axis 2"]),
        ("conv_i3x3_k1x1_s2x1_same_ones", ["axis 0"]),
        ("conv_i3x3_k1x1_p0.0x0.1_ones", ["axis 1"]),
    ],
)
def test_axes_that_matter_are_shown(word, axes):
    assert axes_shown(word) == axes


@pytest.mark.parametrize("axis", [Axis(5, 2), Axis(5, 1, 2), Axis(5, 1, 1, 2), Axis(5, 1, before=1)])
def test_axis_that_does_something_matters(axis):
    assert matters(axis)


@pytest.mark.parametrize("size", [0, 1, 5])
def test_axis_that_is_walked_cell_by_cell_does_not_matter(size):
    assert not matters(Axis(size, 1))


@pytest.mark.parametrize("label", ["case", "axis 0", "worst", "replay", "known"])
def test_texts_of_all_lines_begin_in_one_column(label):
    assert line(label, "text").index("text") == 11


@pytest.mark.parametrize(
    ("allowed", "shown"),
    [(0.0, "0"), (0.5, "0.5"), (1.23456e-7, "1.23e-07"), (2.0**-1074, "4.94e-324"), (1234567.0, "1.23e+06")],
)
def test_what_was_allowed_has_three_digits(allowed, shown):
    worst = Worst(index=(0,), got=1.0, want=2.0, allowed=allowed, why="why")
    assert worst_phrase(worst) == f"at (0,): got 1.0, want 2.0, allowed {shown} (why)"


def test_values_are_shown_to_their_last_digit():
    worst = Worst(index=(0,), got=0.1 + 0.2, want=float("-inf"), allowed=0.0, why="why")
    assert worst_phrase(worst) == "at (0,): got 0.30000000000000004, want -inf, allowed 0 (why)"


@pytest.mark.parametrize(
    ("subject", "switches", "text"),
    [
        ("tensorflow", {}, "conv-verify replay tensorflow conv_i1_k1_same_ones"),
        ("tensorflow:xla", {"A": "0"}, "A=0 conv-verify replay tensorflow:xla conv_i1_k1_same_ones"),
        ("my kernel", {}, "conv-verify replay 'my kernel' conv_i1_k1_same_ones"),
        ("m:f", {"A": "0 1"}, "A='0 1' conv-verify replay m:f conv_i1_k1_same_ones"),
        ("m:f.<locals>.g", {"A": "0"}, "verify.check(verify.Case.parse('conv_i1_k1_same_ones'), subject)"),
        ("__main__:mine", {"A": "0"}, "verify.check(verify.Case.parse('conv_i1_k1_same_ones'), subject)"),
        ("m:<lambda>", {}, "verify.check(verify.Case.parse('conv_i1_k1_same_ones'), subject)"),
    ],
)
def test_replay_line_is_literally(subject, switches, text):
    assert replay_line("conv_i1_k1_same_ones", subject, switches=switches) == text
