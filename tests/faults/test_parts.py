"""Parts of faults: what they read, their names, and what looks like them."""

from __future__ import annotations

import numpy as np
import pytest

from verify import Case
from verify.cases.operands import Array
from verify.checks.diagnosis import diagnosed
from verify.checks.path import Examiner
from verify.checks.subject import describe
from verify.faults import FAULTS, Fault, fault_named
from verify.faults.fault import Call, Geometry, right_answer
from verify.faults.index_maps import right_maps
from verify.faults.parts import along, parts_of

PLACED = [fault for fault in FAULTS if isinstance(fault.change, Geometry)]
WORDS = [
    f"{operation}_i7x9_k{kernel}_s{strides}_d{dilations}_{padding}_ints{seed}"
    for operation in ("conv", "transpose", "filtergrad")
    for seed, (kernel, strides, dilations, padding) in enumerate(
        [("3x2", "2x3", "1x1", "same"), ("2x3", "1x1", "2x3", "p1.2x0.1"), ("2x2", "3x2", "2x1", "valid")]
    )
]


@pytest.mark.parametrize("fault", PLACED, ids=lambda fault: fault.name)
@pytest.mark.parametrize("word", WORDS)
def test_windows_are_wrong_along_the_chosen_axes_and_right_along_the_others(fault: Fault, word: str) -> None:
    case = Case.parse(word)
    if fault.schemes or (wrong := fault.change.maps(case)) is None:  # type: ignore[union-attr]
        return
    for axis, part in enumerate(parts_of(fault, case.rank)):
        maps = part.change.maps(case) or right_maps(case)  # type: ignore[union-attr]
        assert np.array_equal(maps[axis], wrong[axis])
        assert np.array_equal(maps[1 - axis], right_maps(case)[1 - axis])


def test_a_name_says_the_fault_and_the_axes() -> None:
    part = fault_named("odd-cell-before-along-0-2")
    assert part is along(fault_named("odd-cell-before"), (0, 2))
    assert part.sentence == "SAME's odd cell placed before instead of after, along axes 0 and 2 alone"
    assert fault_named("dilation-ignored-in-windows-along-1").sentence == (
        "the dilation ignored, though sizes and padding are right, along axis 1 alone"
    )
    counts = {"last-bias-lost": [0, 0, 0], "odd-cell-before": [0, 2, 6], "dilation-ignored": [1, 5, 13]}
    for name, count in counts.items():
        assert [len([*parts_of(fault_named(name), rank)]) for rank in (1, 2, 3)] == count
    absent = (
        "last-bias-lost-along-0",
        "odd-cell-before-in-windows",
        "no-fault-along-0",
        "padding-lost-along-3",
    )
    for name in absent:
        with pytest.raises(ValueError, match="fault"):
            fault_named(name)


def test_another_output_size_along_one_axis_is_another_shape() -> None:
    part, case = fault_named("called-padded-twice-along-1"), Case.parse("conv_i4x4_k2x2_p1.1x1.1_ones")
    assert isinstance(part.change, Call)
    assert (part(case).shape, right_answer(case).shape) == ((1, 5, 7, 1), (1, 5, 5, 1))


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("odd-cell-before-along-1", "conv_i5x6_c2_k2x4_f2_same_ints1"),
        ("odd-cell-before-along-0-2", "conv_i5x4x5_k2x2x4_same_ints1"),
        ("dilation-ignored-along-1", "depthwise_i7x7_k2x2_d2x2_valid_ints1"),
        ("padding-lost-along-1", "conv_i4x5_k3x2_p1.1x1.2_ints1"),
        ("dilation-ignored-in-windows", "conv_i7x7_k2x3_d2x2_same_ints1"),
        ("strides-exchanged-in-windows-along-0", "conv_i9x7_k2x3_s2x3_same_ints1"),
        ("kernel-flipped-along-1", "conv_i4x5_k3x2_valid_ints1"),
        ("padding-reflects-along-1", "conv_i4x5_k3x3_same_ints1"),
    ],
)
def test_a_fault_along_some_axes_is_named_after_them(name: str, word: str) -> None:
    case = Case.parse(word)

    def subject(case: Case) -> Array:
        return fault_named(name)(case)

    subject.operations, subject.ranks = (case.operation,), (case.rank,)  # type: ignore[attr-defined]
    examiner = Examiner(subject=describe(subject), repeats=2)
    wrong = examiner.simplified(examiner.examine(case), limit_s=20)
    assert [fault.name for fault in diagnosed(wrong).looks_like] == [name]
