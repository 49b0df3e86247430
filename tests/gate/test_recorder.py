"""What a property looks for in its next case: faults that few cases have shown, and in a large case none."""

from __future__ import annotations

import pytest

from verify import Case
from verify.gate.properties import PROPERTIES
from verify.gate.recorder import Tallier
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
