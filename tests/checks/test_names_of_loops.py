"""Loops with one typing error: one finding for each, whatever cases show it, and no name that is not true."""

from __future__ import annotations

from itertools import combinations

import pytest

from tests.planted.loops import loops
from verify import Case
from verify.checks.cause import has_same_cause
from verify.checks.diagnosis import diagnosed
from verify.checks.examination import Examination
from verify.checks.path import Examiner
from verify.checks.subject import Description, Subject, describe

LECTURE = "conv_i7x7_c3_k3x3_f2_s2x2_valid_bias_cs231n"

ERRORS: dict[str, tuple[Subject, str, tuple[str, ...]]] = {
    "none": (loops(), "", ()),
    "kernel flipped along the first axis": (
        loops(tap=lambda taps, kernel: (*taps[:-1], kernel[-1] - 1 - taps[-1])),
        "kernel-flipped",
        ("conv_i1x1_k2x2_same_iota", "conv_i1_k2_same_iota", LECTURE),
    ),
    "the dilation in place of the stride": (
        loops(cell=lambda out, stride, tap, dilation: out * dilation + tap * dilation),
        "dilation-as-stride",
        ("conv_i3_k2_s2_same_ones", "conv_i2_k1_d2_same_ones", "conv_i4x5_k2x1_d2x1_valid_coded", LECTURE),
    ),
    "the stride in place of the dilation": (
        loops(cell=lambda out, stride, tap, dilation: out * stride + tap * stride),
        "stride-as-dilation",
        ("conv_i2_k2_s2_same_ones", "conv_i1_k2_d2_same_ones", "conv_i4x5_k2x1_d2x1_valid_coded", LECTURE),
    ),
    "padding of the axes in the opposite order": (
        loops(pads=lambda pairs: pairs[::-1]),
        "padding-axes-exchanged",
        ("conv_i1x1_k1x1_p0.0x1.0_ones", "conv_i1x1_k1x3_same_ones", "conv_i3x4_k2x3_s2x1_same_coded"),
    ),
    "one bias for all": (
        loops(bias=lambda numbers: numbers[0]),
        "bias-of-first-channel",
        ("conv_i1_k1_f2_same_bias_iota", "conv_i2x2_k1x1_f3_valid_bias_relu_coded", LECTURE),
    ),
}
"""Error → the subject, how the names of what it looks like begin, and words that show it."""


def by(way: Description) -> Examiner:
    return Examiner(subject=way)


def found(subject: Subject, word: str) -> Examination:
    return diagnosed(by(describe(subject, name="loops")).examine(Case.parse(word)))


def test_loops_without_an_error_are_right() -> None:
    for word in (
        LECTURE,
        "conv_n2_i5x4_c4_k3x2_f4_s2x1_d1x2_g2_same_cf_bias_relu_reals",
        "conv_i3_k2_p1.2_iota",
    ):
        assert not found(loops(), word).fails


@pytest.mark.parametrize("error", [name for name, (_, _, words) in ERRORS.items() if words])
def test_one_error_is_one_finding_of_a_true_name(error: str) -> None:
    subject, name, words = ERRORS[error]
    failures = [found(subject, word) for word in words]
    assert all(failure.fails for failure in failures)
    assert all(has_same_cause(*pair, by) for pair in combinations(failures, 2))
    names = [fault.name for failure in failures for fault in failure.looks_like]
    assert all(each.startswith(name) for each in names) if name else not names
