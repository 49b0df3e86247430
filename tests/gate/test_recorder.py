"""What a property looks for in its next case: faults that few cases have shown, and in a large case none."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.planted import convolutions
from verify import Case
from verify.checks.subject import describe
from verify.gate.properties import PROPERTIES
from verify.gate.recorder import Tallier, record_of
from verify.reports.schema import _require
from verify.reports.tally import OFTEN_SHOWN

LARGE, SMALL = Case.parse("conv_i9x9_c8_k3x3_f8_same_ints1"), Case.parse("conv_i2_k2_same_ones")


@pytest.mark.parametrize(
    ("case", "shown", "is_looked_for"),
    [
        (LARGE, 0, False),
        (SMALL, 0, True),
        (SMALL, 1, True),
        (SMALL, OFTEN_SHOWN - 1, True),
        (SMALL, OFTEN_SHOWN, False),
    ],
)
def test_a_fault_is_looked_for_until_enough_cases_show_it(
    case: Case, shown: int, *, is_looked_for: bool
) -> None:
    tallier = Tallier("planted", PROPERTIES[0])
    tallier.tally.visible["odd-cell-before"] = shown
    assert ("odd-cell-before" in [fault.name for fault in tallier.faults(case)]) == is_looked_for


def test_what_a_subject_says_of_itself_is_recorded_as_lines_that_are_read() -> None:
    def subject(case: Case) -> Any:
        return convolutions.answer(case)

    vars(subject).update(version="1\x1b[0m\u2028::error::x", switches={"A\x1b": "b\n::x" * 9_999})
    record = record_of(describe(subject), "mine:subject")
    assert record["versions"]["subject"] == r"1\x1b[0m\u2028::error::x"
    assert [*record["switches"]] == [r"A\x1b"]
    _require(json.loads(json.dumps(record)))
