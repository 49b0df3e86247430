"""What wavers is asked five times before it is diagnosed, and has neither a name nor probes."""

from __future__ import annotations

from dataclasses import replace
from itertools import cycle

import pytest

from tests.checks.test_diagnosis import diagnosis, examined, names
from tests.planted import convolutions
from verify import Case, Verdict
from verify.checks.diagnosis import diagnosed
from verify.checks.subject import Subject
from verify.checks.wavering import asked_again
from verify.faults import fault_named


def in_turn(*faults: str) -> Subject:
    """Has these faults in turn; "" is right."""
    turn = cycle(faults)
    return lambda case: fault_named(name)(case) if (name := next(turn)) else convolutions.right(case)


@pytest.mark.parametrize(
    ("turns", "flaky"),
    [
        (("odd-cell-before", ""), "3/5"),
        (("odd-cell-before", "", "", "", ""), "1/5"),
        (("odd-cell-before", "kernel-flipped"), "3/5"),
        (("odd-cell-before",), ""),
    ],
)
def test_what_wavers_has_no_name_and_no_probes(turns: tuple[str, ...], flaky: str) -> None:
    result = diagnosed(examined("conv_i2_k2_same_ones", in_turn(*turns)))
    assert result.flaky == flaky
    assert names(result) == ([] if flaky else ["odd-cell-before"])
    assert result.probes == ""


def test_two_answers_to_one_case_of_which_one_is_wrong_are_flaky() -> None:
    result = diagnosis("conv_i2_k2_same_ones", in_turn("", "odd-cell-before", ""))
    assert (result.verdict.kind, result.flaky, names(result)) == ("not repeatable", "1/5", [])


def test_equal_values_with_other_bits_are_not_flaky() -> None:
    zeros = cycle((0.0, -0.0))
    result = diagnosis("conv_i1_k1_same_ones", lambda case: convolutions.right(case) * 0 + next(zeros))
    assert result.flaky == ""


def test_what_takes_too_long_is_not_asked_again() -> None:
    asked: list[Case] = []
    result = examined("conv_i1_k1_same_ones", convolutions.odd_cell_before)
    late = replace(result, verdict=Verdict(outcome="disagrees", kind="timed out"))
    subject = replace(result.subject, call=lambda case: asked.append(case))
    assert asked_again(replace(late, subject=subject)).flaky == ""
    assert asked == []
