"""A disagreement as an exception: what it carries, what it says, and that it never changes."""

from __future__ import annotations

import functools
from dataclasses import FrozenInstanceError

import pytest

from tests.checks.disagreements import CASE, mismatch, named
from tests.planted import convolutions
from verify import Case, Mismatch
from verify.cases.operands import Array
from verify.checks.diagnosis import diagnosed
from verify.checks.examination import mismatch_of
from verify.checks.subject import Subject


class Kernel:
    """A callable object without a name of its own."""

    def __call__(self, case: Case) -> Array:
        return convolutions.off_by_one(case)

    def method(self, case: Case) -> Array:
        return convolutions.off_by_one(case)


def replay_line(subject: Subject) -> str:
    return str(mismatch(CASE, subject)).splitlines()[-1].removeprefix("  replay   ")


def test_mismatch_is_an_assertion_error():
    assert issubclass(Mismatch, AssertionError)


def test_mismatch_carries_its_case():
    assert mismatch(CASE, convolutions.zeros).case == CASE


def test_mismatch_carries_the_name_of_its_subject():
    assert mismatch(CASE, convolutions.zeros).subject == "tests.planted.convolutions:zeros"


def test_mismatch_carries_the_switches_of_its_subject():
    assert mismatch(CASE, named(convolutions.zeros, "mine", A="1")).examination.subject.switches == {"A": "1"}


def test_mismatch_carries_its_verdict():
    verdict = mismatch(CASE, convolutions.off_by_one).verdict
    assert (verdict.outcome, verdict.kind, verdict.worst.index) == ("disagrees", "value", (0, 0, 0, 0))


def test_error_of_a_subject_is_the_cause_of_the_mismatch():
    assert isinstance(mismatch(CASE, convolutions.raises).__cause__, RuntimeError)


def test_error_of_a_subject_is_the_context_of_the_mismatch():
    # By it Hypothesis tells one error from another.
    assert isinstance(mismatch(CASE, convolutions.raises).__context__, RuntimeError)


@pytest.mark.parametrize("attribute", ["case", "subject", "verdict", "examination"])
def test_mismatch_never_changes(attribute):
    error = mismatch(CASE, convolutions.zeros)
    with pytest.raises(AttributeError):
        setattr(error, attribute, None)


@pytest.mark.parametrize("field", ["verdict", "deviation", "faults", "probes"])
def test_examination_never_changes(field):
    with pytest.raises(FrozenInstanceError):
        setattr(mismatch(CASE, convolutions.zeros).examination, field, None)


def test_diagnosed_mismatch_is_another():
    first = mismatch(Case.parse("conv_i4x4_k2x2_valid_ints3"), convolutions.off_by_one)
    text = str(first)
    second = mismatch_of(diagnosed(first.examination))
    assert second is not first
    assert (str(first), "  probes   " in text, "  probes   " in str(second)) == (text, False, True)


def test_message_on_exact_sums_is_literally():
    subject = named(convolutions.odd_cell_before, "tensorflow", TF_ENABLE_ONEDNN_OPTS="0")
    assert str(mismatch(Case.parse("conv_i1x2_k1x2_same_ones"), subject)) == (
        "tensorflow disagrees with the reference: 2 of 2 values differ\n"
        "  case     conv_i1x2_k1x2_same_ones\n"
        "  axis 1   size 2, kernel 2, stride 1, dilation 1 -> out 2, padding 0 before, 1 after\n"
        "  worst    at (0, 0, 0, 0): got 1.0, want 2.0, allowed 0 (the sums are exact)\n"
        "  looks like  SAME's odd cell placed before instead of after\n"
        "  replay   TF_ENABLE_ONEDNN_OPTS=0 conv-verify replay tensorflow conv_i1x2_"
        "k1x2_same_ones"
    )


def test_message_within_a_bound_is_literally():
    case = Case.parse("conv_i2_c3_k1_s2_same_bfloat16_bias_reals1")
    assert str(mismatch(case, convolutions.off_by_one)) == (
        "tests.planted.convolutions:off_by_one disagrees with the reference: 1 of 1 values differ\n"
        "  case     conv_i2_c3_k1_s2_same_bfloat16_bias_reals1\n"
        "  axis 0   size 2, kernel 1, stride 2, dilation 1 -> out 1, padding 0 before, 0 after\n"
        "  worst    at (0, 0, 0): got 0.94140625, want -0.05812084674835205, allowed 0.000624"
        " (gamma_4 2.38e-07 of sum |x||w| + |b| = 0.0840379, summed in float32, rounded to bfloat16)\n"
        "  replay   conv-verify replay tests.planted.convolutions:off_by_one conv_i2"
        "_c3_k1_s2_same_bfloat16_bias_reals1"
    )


def test_message_of_a_refusal_has_no_worst_value():
    place = f"{convolutions.__file__}:{convolutions.raises.__code__.co_firstlineno + 1}"
    assert str(mismatch(Case.parse("conv_i3_k1_same_ones"), convolutions.raises)) == "\n".join(
        [
            (
                "tests.planted.convolutions:raises disagrees with the reference: "
                "it raised RuntimeError: no kernel for this shape"
            ),
            "  case     conv_i3_k1_same_ones",
            f"  raised   at {place} in raises",
            "  replay   conv-verify replay tests.planted.convolutions:raises conv_i3_k1_same_ones",
        ]
    )


def test_message_of_a_stray_nan_says_that_it_has_no_distance():
    assert str(mismatch(Case.parse("conv_i1_k1_same_ones"), convolutions.poisoned)).splitlines()[2] == (
        "  worst    at (0, 0, 0): got nan, want 1.0, allowed 0 (a NaN or an infinity has no distance)"
    )


def test_function_is_replayed_by_its_name():
    assert (
        replay_line(convolutions.off_by_one)
        == f"conv-verify replay tests.planted.convolutions:off_by_one {CASE}"
    )


@pytest.mark.parametrize(
    "subject",
    [
        lambda case: convolutions.off_by_one(case),
        convolutions.writing_to("input"),
        Kernel(),
        Kernel().method,
        functools.partial(convolutions.off_by_one),
    ],
    ids=["lambda", "local function", "object", "bound method", "partial"],
)
def test_subject_that_no_name_reaches_is_replayed_in_python(subject):
    assert replay_line(subject) == f"verify.check(verify.Case.parse({str(CASE)!r}), subject)"
