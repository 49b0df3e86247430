"""Names of what public bug reports show: right after shrinking, at several settings, and none is wrong."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from tests.planted import reports, several_causes
from tests.planted.convolutions import answer
from verify import Case
from verify.cases.operands import Array
from verify.checks.diagnosis import diagnosed
from verify.checks.examination import Examination
from verify.checks.path import Examiner
from verify.checks.subject import Subject, describe
from verify.faults import fault_named


def found(subject: Subject, word: str) -> Examination:
    """The disagreement of a subject on a word, shrunk and diagnosed."""
    examiner = Examiner(subject=describe(subject), repeats=2)
    wrong = examiner.examine(Case.parse(word))
    assert wrong.fails
    return diagnosed(examiner.simplified(wrong, limit_s=20))


def names(subject: Subject, word: str) -> list[str]:
    return [fault.name for fault in found(subject, word).looks_like]


@pytest.mark.parametrize(("axis", "name"), [(0, "last-tap-row-short"), (1, "last-tap-column-short")])
@pytest.mark.parametrize(
    ("groups", "kernel", "stride", "cells"),
    [(24, 3, 2, 1), (8, 3, 2, 1), (24, 4, 3, 0), (3, 5, 1, 0), (1, 2, 2, 0)],
)
def test_a_depthwise_filter_gradient_with_a_short_end_is_named(
    *, axis: int, name: str, groups: int, kernel: int, stride: int, cells: int
) -> None:
    subject = reports.filter_gradient_short(groups=groups, stride=stride, cells=cells, axis=axis)
    word = (
        f"filtergrad_n2_i12x14_c{groups}_k{kernel}x{kernel}_f{groups}_s{stride}x{stride}_g{groups}"
        f"_p{cells}.{cells}x{cells}.{cells}_ints1"
    )
    assert names(subject, word) == [name]


@pytest.mark.parametrize(
    ("every", "name"), [(False, "odd-rows-repeat-last-four"), (True, "odd-rows-repeat-fours")]
)
@pytest.mark.parametrize(("filters", "stride"), [(32, 2), (16, 2), (24, 1), (48, 3), (64, 2)])
def test_odd_rows_that_repeat_channels_are_named(
    *, every: bool, name: str, filters: int, stride: int
) -> None:
    subject = reports.odd_rows_repeat(filters=filters, stride=stride, every=every)
    assert names(subject, f"conv_i9x9_c2_k3x3_f{filters}_s{stride}x{stride}_same_ints1") == [name]


@pytest.mark.parametrize(
    ("is_shorter", "name"), [(False, "causal-padding-not-dilated"), (True, "causal-answer-too-short")]
)
@pytest.mark.parametrize(("kernel", "dilation"), [(2, 2), (3, 2), (2, 4), (4, 3), (7, 2)])
def test_causal_padding_that_is_not_dilated_is_named(
    *, is_shorter: bool, name: str, kernel: int, dilation: int
) -> None:
    before = (kernel - 1) * dilation
    subject = reports.causal_not_dilated(kernel=kernel, is_shorter=is_shorter)
    word = f"conv_i{20 + before}_c2_k{kernel}_f2_d{dilation}_p{before}.0_ints1"
    assert names(subject, word) == [name]


@pytest.mark.parametrize(
    ("channels", "garbage", "word"),
    [
        (1, 0, "conv_n8_i28x3_k3x3_f4_s1x2_valid_ints1"),
        (1, 99, "conv_n8_i28x3_k3x3_f4_s1x2_valid_ints1"),
        (1, 99, "conv_n2_i9x2_k2x2_f3_s1x3_valid_cf_ints1"),
        (3, 7, "conv_i20x4_c3_k1x4_f2_s1x4_valid_ints1"),
        (2, 7, "conv_n2_i12x1_c2_k3x1_f2_s1x2_valid_ints1"),
    ],
)
def test_rows_at_the_columns_stride_are_named_whatever_memory_holds(
    channels: int, garbage: int, word: str
) -> None:
    assert names(reports.one_column(channels=channels, garbage=garbage), word) == ["rows-by-columns-stride"]


@pytest.mark.parametrize(
    ("block", "least", "word"),
    [
        (4, 4, "conv_i6x6_c3_k3x3_f2_same_ints1"),
        (8, 8, "conv_i6x6_c3_k3x3_f2_same_ints1"),
        (16, 40, "conv_i5x5_c5_k3x3_f2_valid_ints1"),
        (32, 32, "conv_i5x5_c4_k3x3_f2_valid_ints1"),
        (8, 64, "conv_i7x7_c11_k3x3_f4_s2x2_same_ints1"),
        (8, 32, "conv_i1_c33_k1_same_ones"),  # blocks of 16 and 32 leave as much over
        (16, 64, "conv_i1_c65_k1_same_ones"),
        (4, 32, "conv_i1x1_c129_k1x1_same_ones"),
    ],
)
def test_a_matrix_product_without_its_rest_is_named(block: int, least: int, word: str) -> None:
    assert names(reports.reduction_tail_lost(block=block, least=least), word) == [
        f"products-after-{block}s-lost"
    ]


@pytest.mark.parametrize("name", ["products-after-8s-lost", "products-after-16s-lost"])
@pytest.mark.parametrize(
    ("word", "length"),
    [
        ("filtergrad_i33_k1_same_ones", lambda case: case.products),
        ("filtergrad_n33_i1_k1_same_ones", lambda case: case.products),
        ("transpose_i1_k1_f33_same_ones", lambda case: math.prod(case.kernel) * case.filter_count),
        ("depthwise_i33_k33_valid_ones", lambda case: case.products),
    ],
)
def test_a_block_that_is_lost_from_long_sums_alone_is_named(
    name: str, word: str, length: Callable[[Case], int]
) -> None:
    assert names(reports.where(lambda case: length(case) >= 32, fault_named(name)), word) == [name]


CALLS = {
    "dilation-of-first-axis": (
        lambda case: {"dilations": reports.first_of(case.dilations)},
        "conv_i9x9_c2_k2x3_f2_d2x1_valid_ints1",
    ),
    "stride-of-first-axis": (
        lambda case: {"strides": reports.first_of(case.strides)},
        "conv_i9x9_c2_k2x3_f2_s2x1_valid_ints1",
    ),
    "stride-for-dilation": (
        lambda case: {"strides": case.dilations, "dilations": case.strides},
        "conv_i9x9_c2_k2x3_f2_s2x3_valid_ints1",
    ),
    "first-stride-ignored": (
        lambda case: {"strides": (1, *case.strides[1:])},
        "conv_i9x9_c2_k2x3_f2_s2x3_valid_ints1",
    ),
    "groups-taken-for-dilation": (
        lambda case: {"dilations": (case.groups,) * case.rank},
        "conv_i9x9_c4_k2x3_f4_g2_valid_ints1",
    ),
    "called-padded-as-first": (
        lambda case: {"padding": [*case.padding[:1]] * case.rank},
        "conv_i9x9_c2_k2x3_f2_p1.2x0.1_ints1",
    ),
    "called-unpadded": (lambda case: {"padding": "VALID"}, "conv_i9x9_c2_k2x3_f2_p1.2x0.1_ints1"),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_call_with_other_arguments_is_named(name: str) -> None:
    change, word = CALLS[name]
    is_explicit = "_p" in word

    def subject(case: Case) -> Array:
        if case.operation != "conv" or case.rank != 2 or (case.padding_kind == "explicit") != is_explicit:
            return reports.right(case)
        try:
            return answer(case, **change(case))
        except ValueError:
            return reports.right(case)

    assert names(subject, word) == [name]


SIZES = {
    "same-size-rounded-down": (
        lambda case: [a.size // a.stride if case.padding == "SAME" else a.out for a in case.axes],
        "conv_i7x8_k3x3_s2x3_same_ints1",
    ),
    "valid-rounded-up": (
        lambda case: [
            a.out if case.padding == "SAME" or not a.out else -(-(a.padded - a.span) // a.stride) + 1
            for a in case.axes
        ],
        "conv_i7x8_k3x3_s2x2_valid_ints1",
    ),
    "size-without-dilation": (
        lambda case: [
            a.out if case.padding == "SAME" else max((a.padded - a.kernel) // a.stride + 1, 0)
            for a in case.axes
        ],
        "conv_i9x9_k3x3_d2x2_valid_ints1",
    ),
    "size-padded-before-alone": (
        lambda case: [
            a.out if case.padding == "VALID" else max((a.before + a.size - a.span) // a.stride + 1, 0)
            for a in case.axes
        ],
        "conv_i9x9_k3x3_p1.1x1.1_ints1",
    ),
    "size-without-stride": (
        lambda case: [a.size if case.padding == "SAME" else max(a.padded - a.span + 1, 0) for a in case.axes],
        "conv_i9x9_k3x3_s2x2_valid_ints1",
    ),
}


@pytest.mark.parametrize("name", SIZES)
def test_an_answer_of_another_shape_is_named_by_its_rule(name: str) -> None:
    size, word = SIZES[name]
    assert names(reports.sized(lambda case: tuple(size(case))), word) == [name]


@pytest.mark.parametrize(
    ("order", "name"),
    [
        (lambda members: list(range(members))[::-1], "channels-reversed-in-group"),
        (lambda members: [members - 1, *range(members - 1)], "channels-rotated-in-group"),
    ],
)
@pytest.mark.parametrize("word", ["conv_i5_c3_k2_f2_same_ints1", "conv_i5_c8_k2_f4_g2_same_ints1"])
def test_channels_in_another_order_within_a_group_are_named(
    order: Callable[[int], list[int]], name: str, word: str
) -> None:
    assert names(reports.channels_in_group(order), word) == [name]


def added_onto_a_buffer() -> Subject:
    """Right in the first call of each shape; every later answer is added onto the one before."""
    kept: dict[tuple[int, ...], Array] = {}

    def adds(case: Case) -> Array:
        buffer = kept.setdefault(
            (*case.output_shape, case.dtype.num), np.zeros(case.output_shape, case.dtype)
        )
        buffer += reports.right(case)
        return buffer.copy()

    return adds


@pytest.mark.parametrize(
    "word",
    [
        "conv_i5_c3_k2_f2_same_ints1",
        "filtergrad_n3_i5_k3_same_reals1",
        "conv_i7x7_c3_k3x3_f2_s2x2_valid_bias_cs231n",
    ],
)
def test_answers_added_onto_what_stood_in_memory_are_named(word: str) -> None:
    assert names(added_onto_a_buffer(), word) == ["adds-onto-memory"]


def near(fault: str, spoil: Subject) -> Subject:
    """A subject that has a fault on small inputs, and is wrong in another way on larger ones."""
    return lambda case: fault_named(fault)(case) if max(case.size) < 3 else spoil(case)


def one_more(case: Case) -> Array:
    return reports.right(case) + case.dtype.type(1)


def doubled_end(case: Case) -> Array:
    """The last tap counts twice, where the last one left out is a fault."""
    w = case.filters.copy()
    w[(-1,) * case.rank] *= 2
    return answer(case, w=w)


def only_at(size: int, wrong: Subject) -> Subject:
    """Wrong for one size alone, whatever the data: no other numbers confirm what it looks like."""
    return reports.where(lambda case: case.size == (size,) and case.kernel == (1,), wrong)


@pytest.mark.parametrize(
    ("subject", "word"),
    [
        (near("odd-cell-before", one_more), "conv_i2_k2_same_ones"),
        (near("stride-ignored", one_more), "conv_i2_k1_s2_same_ones"),
        (reports.where(lambda case: case.operation == "conv", doubled_end), "conv_i6_k3_valid_ints1"),
        (only_at(1, lambda case: np.zeros(case.output_shape, case.dtype)), "conv_i1_k1_same_ones"),
        (reports.sized(lambda case: tuple(axis.out + 5 for axis in case.axes)), "conv_i4_k2_valid_ints1"),
        (reports.channels_in_group(lambda members: [0] * members), "conv_i5_c4_k2_f2_same_ints1"),
    ],
)
def test_what_no_fault_explains_on_other_cases_has_no_name(subject: Subject, word: str) -> None:
    assert names(subject, word) == []


def test_what_holds_for_two_images_alone_is_no_name() -> None:
    assert names(several_causes.answers_the_last_image_as_the_first, "conv_n3_i3x3_c2_k2x2_same_ints1") == []


def test_a_case_on_which_the_subject_is_right_limits_a_fault_and_does_not_refute_it() -> None:
    flipped = fault_named("kernel-flipped")
    subject = reports.where(lambda case: case.channels % 3 == 2, flipped)
    assert names(subject, "conv_i5_c2_k3_same_ints1") == ["kernel-flipped"]


def test_the_fault_that_the_subject_has_on_more_cases_is_preferred() -> None:
    assert names(fault_named("stride-and-dilation"), "conv_i5_k2_s2_d2_same_ints1") == ["stride-and-dilation"]


def test_a_name_takes_five_other_cases() -> None:
    asked: set[Case] = set()

    def subject(case: Case) -> Array:
        asked.add(replace(case))
        return fault_named("odd-cell-before")(case) if len(asked) < 4 else reports.right(case)

    examiner = Examiner(subject=describe(subject))
    wrong = examiner.examine(Case.parse("conv_i2_k2_same_ones"))
    assert [fault.name for fault in diagnosed(wrong).looks_like] == []
