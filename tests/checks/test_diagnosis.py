"""What a disagreement looks like: the fault that explains it, or where its wrong terms come from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.planted import convolutions
from verify import Case, reference
from verify.cases.operands import Array
from verify.checks.confirming import ASKED
from verify.checks.diagnosis import diagnosed
from verify.checks.examination import Examination, disagreement
from verify.checks.path import Examiner
from verify.checks.subject import Subject, describe
from verify.checks.wavering import TRIES
from verify.faults import fault_named


def examined(word: str, subject: Subject, **judging: int) -> Examination:
    """The disagreement of a subject on a word."""
    return Examiner(subject=describe(subject), **judging).examine(Case.parse(word))


def diagnosis(word: str, subject: Subject) -> Examination:
    """The disagreement of a subject on a word, diagnosed."""
    return diagnosed(examined(word, subject, repeats=2))


def names(examination: Examination) -> list[str]:
    return [fault.name for fault in examination.looks_like]


def lines(examination: Examination, label: str) -> list[str]:
    text = disagreement(examination)
    return [line.strip() for line in text.splitlines() if line.strip().startswith(label)]


@pytest.mark.parametrize(
    ("subject", "word", "name"),
    [
        (convolutions.odd_cell_before, "conv_i2_k2_same_ones", "odd-cell-before"),
        (convolutions.dilation_ignored, "conv_i3_k2_d2_same_ones", "dilation-ignored"),
        (convolutions.kernel_flipped, "conv_i4x5_k2x3_valid_ints3", "kernel-flipped"),
        (convolutions.strides_exchanged, "conv_i2x1_k1x1_s2x1_same_ones", "strides-exchanged"),
        (convolutions.last_bias_lost, "conv_i1_k1_same_bias_ones", "last-bias-lost"),
        (convolutions.channels_after_blocks_lost, "conv_i1_c9_k1_same_ones", "channels-after-8s-lost"),
        (convolutions.relu_missing, "conv_i1_k1_same_relu_ints", "activation-lost"),
        (convolutions.writing_to("input"), "conv_i1_k1_same_ones", "input-modified"),
        (convolutions.widened, "conv_i1_k1_same_ones", "wrong-dtype"),
    ],
)
def test_a_planted_fault_is_named(subject: Subject, word: str, name: str) -> None:
    assert names(diagnosis(word, subject)) == [name]


def test_a_named_fault_is_told_in_a_line_of_its_own() -> None:
    result = diagnosis("conv_i2_k2_same_ones", convolutions.odd_cell_before)
    assert lines(result, "looks like") == ["looks like  SAME's odd cell placed before instead of after"]


def test_faults_that_cannot_be_told_apart_are_told_with_or() -> None:
    result = diagnosis("conv_i2_k2_same_ones", convolutions.odd_cell_before)
    alike = replace(result, faults=(fault_named("bias-twice"), fault_named("mean-lost")))
    assert lines(alike, "or") == ["or          batch normalisation without its mean"]


def of_few(case: Case) -> Array:
    """Odd cells before, for SAME without dilations alone, as its domain says; elsewhere anything."""
    inside = case.padding == "SAME" and max(case.dilations) == 1 and case.dtype == np.float32
    return fault_named("odd-cell-before")(case) if inside else np.full(case.output_shape, 7, case.dtype)


of_few.paddings, of_few.dtypes, of_few.max_dilation = ("SAME",), ("float32",), 1  # type: ignore[attr-defined]


@pytest.mark.parametrize("word", ["conv_i1x1_k1x2_same_iota", "conv_i2x1_k2x1_same_nonfinite"])
def test_answers_outside_the_domain_take_no_name_away(word: str) -> None:
    assert names(diagnosis(word, of_few)) == ["odd-cell-before"]


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("odd-cell-before", "conv_i1x2_k1x2_same_reals"),  # two terms, where the right sum has one
        ("odd-cell-before", "depthwise_i5_c3_k4_same_reals4"),
        ("stride-ignored", "conv_i7_k2_s3_valid_reals2"),
        ("padding-repeats-edge", "separable_i2_k3_same_relu_reals1"),
    ],
)
def test_sums_of_reals_are_held_to_the_bound_of_the_fault_itself(name: str, word: str) -> None:
    def in_another_order(case: Case) -> Array:
        """The fault's answer, an element of it off by what the order of its own sums may make."""
        wrong = fault_named(name)(case)
        return np.nextafter(wrong, np.inf) if case.fill == "reals" else wrong

    assert name in names(diagnosis(word, in_another_order))


def only_on(word: str, fault: str) -> Subject:
    """Wrong on one word alone, as a fault is wrong."""
    return lambda case: fault_named(fault)(case) if str(case) == word else convolutions.right(case)


def test_a_fault_that_confirming_cases_refute_is_not_named() -> None:
    assert names(diagnosis("conv_i2_k2_same_ones", only_on("conv_i2_k2_same_ones", "odd-cell-before"))) == []


def test_what_is_wrong_in_another_way_each_time_is_flaky() -> None:
    calls: list[Case] = []

    def wavers(case: Case) -> Array:
        calls.append(case)
        return reference(case).astype(case.dtype) + len(calls)

    result = diagnosed(examined("conv_i1_k1_same_ones", wavers))
    assert (names(result), result.probes) == ([], "")
    assert len(calls) == TRIES + 4  # of which the last say that it does not add onto its memory
    said = "flaky    FLAKY 5/5: the same case disagrees every time, with other values"
    assert lines(result, "flaky") == [said]


def test_diagnosing_makes_another_examination_and_leaves_the_first_as_it_is() -> None:
    first = examined("conv_i4x4_k2x2_valid_ints3", with_changed(doubled_tap))
    before = dict(vars(first))
    second = diagnosed(first)
    assert vars(first) == before
    assert (first.faults, first.probes, second.faults) == (None, "", ())
    assert second.probes.startswith("wrong terms come from kernel tap (1, 1)")


def test_a_subject_is_asked_no_more_than_it_takes() -> None:
    asked: list[Case] = []

    def counting(case: Case) -> Array:
        asked.append(case)
        return convolutions.odd_cell_before(case)

    diagnosis("conv_i2_k2_same_ones", counting)
    assert len(asked) <= TRIES + ASKED


def with_changed(change: Subject) -> Subject:
    """A convolution of other operands, which `change` makes of a case."""

    def subject(case: Case) -> Array:
        x, w = change(case)
        return convolutions.answer(case, x=x, w=w)

    return subject


def doubled_tap(case: Case) -> tuple[Array, Array]:
    w = case.filters.copy()
    w[(-1,) * case.rank] *= 2
    return case.input, w


def spoilt_corner(case: Case) -> tuple[Array, Array]:
    x = case.input.copy()
    x[(0,) + (0,) * case.rank] *= 3
    return x, case.filters


def spoilt_channel(case: Case) -> tuple[Array, Array]:
    x = case.input.copy()
    x[..., 1] *= 3
    return x, case.filters


@pytest.mark.parametrize(
    ("subject", "word", "part"),
    [
        (with_changed(doubled_tap), "conv_i4x4_k2x2_valid_ints3", "kernel tap (1, 1)"),
        (with_changed(spoilt_corner), "conv_i4x4_k2x2_valid_ints3", "cells at the border of the input"),
        (with_changed(spoilt_channel), "conv_i4_c3_k2_f2_valid_ints3", "input channel 1 of 3"),
        (with_changed(spoilt_channel), "conv_i4_c3_k2_f2_valid_ints3", "every answer channel"),
    ],
)
def test_probes_say_where_wrong_terms_come_from(subject: Subject, word: str, part: str) -> None:
    result = diagnosis(word, subject)
    assert names(result) == []
    assert part in result.probes
    assert lines(result, "probes") == [f"probes   {result.probes}"]


def test_probes_tell_a_wrong_sum_from_a_wrong_term() -> None:
    def adds_up_wrongly(case: Case) -> Array:
        right = convolutions.right(case)
        return right + (np.count_nonzero(case.input) > 1) * right.dtype.type(1)

    result = diagnosis("conv_i4x4_k2x2_valid_ints3", adds_up_wrongly)
    assert result.probes.startswith("single products are right: it is their sum")


def test_nothing_is_probed_where_a_fault_explains_all() -> None:
    assert diagnosis("conv_i2_k2_same_ones", convolutions.odd_cell_before).probes == ""
