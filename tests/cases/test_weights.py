"""Filters that are kept in another dtype: the token, the numbers, and what no case has."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import strategies
from tests.strategies.test_plans import drawn_inside
from verify import Case, InvalidCase, reference
from verify.cases.domain import EVERY_CASE, Condition, Domain, Space
from verify.cases.fills import FILLS
from verify.cases.predicates import Predicate
from verify.cases.quantised import PLAIN
from verify.cases.weights import OPERATIONS, OWN, WEIGHTS, as_kept, integers_of
from verify.faults import FAULTS
from verify.faults.visibility import is_visible

KEPT = "conv_i5_c2_k3_f2_same_float16weights_bias_reals3"


def test_a_word_says_how_filters_are_kept():
    case = Case.parse(KEPT)
    assert (case.weights, str(case)) == ("float16", KEPT)
    assert Case.parse(KEPT.replace("_float16weights", "")).weights == OWN


@pytest.mark.parametrize(
    "fill", [fill.name for fill in FILLS.values() if fill.chance and not fill.needs_quantised]
)
def test_filters_are_float32_numbers_that_float16_holds(fill):
    case = Case.parse(KEPT.replace("reals3", fill))
    assert case.filters.dtype == np.float32
    assert np.array_equal(case.filters.astype(np.float16).astype(np.float32), case.filters)
    assert np.isfinite(case.filters).all()


def test_filters_alone_are_rounded():
    kept, own = Case.parse(KEPT), Case.parse(KEPT.replace("_float16weights", ""))
    assert np.array_equal(kept.filters, own.filters.astype(np.float16).astype(np.float32))
    assert not np.array_equal(kept.filters, own.filters)
    assert np.array_equal(kept.input, own.input)
    assert np.array_equal(kept.bias, own.bias)


def test_what_float16_does_not_reach_is_at_its_end():
    case = Case.parse("conv_i1_k1_same_float16weights_dyadic1")
    assert abs(Case.parse("conv_i1_k1_same_dyadic1").filters).max() > 65504
    assert abs(case.filters).max() == 65504
    assert as_kept(case.filters, case).dtype == np.float16


def test_the_answer_is_that_of_the_rounded_filters():
    case = Case.parse("conv_i1_k1_same_float16weights_reals")
    assert reference(case).item() == float(case.input.item()) * float(case.filters.item())


@pytest.mark.parametrize(
    ("word", "sentence"),
    [
        (
            "conv_i1_k1_same_float64_float16weights_ones",
            "is for float32, in which the filters are used, not float64",
        ),
        (
            "conv_i1_k1_same_int8_float16weights_ones",
            "is for float32, in which the filters are used, not int8",
        ),
        ("filtergrad_i1_k1_same_float16weights_ones", "is for conv, depthwise, transpose, not filtergrad"),
        ("conv_i1_k1_z1.1_same_float16weights_ones", "a case with 'float16weights' has no border"),
        ("conv_i1_k1_same_float16weights_elu_ones", "'elu' does not follow filters that are kept in float16"),
        ("conv_i1_k1_s0_same_float16weights_ones_illegal", "an illegal case has no 'float16weights'"),
        ("conv_i1_k1_same_float16weight_ones", "did you mean 'float16weights'"),
        ("conv_i99999x9999_k1x1_same_float16weights_ones", "its filters are kept in float16"),
    ],
)
def test_what_no_case_has_is_refused(word, sentence):
    with pytest.raises(InvalidCase, match=sentence):
        Case.parse(word)


def test_another_dtype_is_refused():
    with pytest.raises(InvalidCase, match="'int4' is no dtype in which filters are kept: own, float16, int8"):
        Case(size=(1,), kernel=(1,), padding="SAME", weights="int4")


def test_only_a_domain_that_says_so_has_them():
    case = Case.parse(KEPT)
    assert Domain().why_not(case) == "it answers weight dtypes own, not float16"
    assert EVERY_CASE.holds(case)


def test_they_are_drawn_only_where_they_are_named():
    assert {case.weights for _, case in drawn_inside({"": EVERY_CASE}, 300, weight_dtypes=(OWN,)).asked} == {
        OWN
    }
    named = drawn_inside(
        {"": EVERY_CASE}, 300, weight_dtypes=WEIGHTS[1:], operations=OPERATIONS, dtypes=("float32",)
    )
    assert {case.weights for _, case in named.asked} == {"float16", "int8"}
    assert named.thrown == 0


def test_a_way_of_them_alone_is_drawn_in_regions():
    space = Space(dtypes=("float32",), weight_dtypes=("float16",), around=("bias", "relu"))
    domain = Domain(spaces=dict.fromkeys(OPERATIONS, space))
    drawn = drawn_inside({"": domain}, 300)
    assert {case.weights for _, case in drawn.asked} == {"float16"}
    assert drawn.thrown == 0
    assert len(strategies.region_cases({"": domain}, "ints", {})) > 40


@pytest.mark.parametrize(
    "fault", [fault for fault in FAULTS if "weights" in fault.word], ids=lambda fault: fault.name
)
def test_no_fault_of_them_is_seen_without_them(fault):
    assert is_visible(fault, Case.parse(fault.word))
    own = replace(Case.parse(fault.word), weights=OWN, quantised=PLAIN)
    assert not is_visible(fault, own)


KEPT_IN_INT8 = "conv_i5_c2_k3_f2_same_int8weights_qw0.02x0.01_bias_reals3"


def test_filters_of_int8_are_integers_times_the_scale_of_their_channel():
    case = Case.parse(KEPT_IN_INT8)
    integers = as_kept(case.filters, case)
    assert (integers.dtype, case.filters.dtype) == (np.int8, np.float32)
    assert np.array_equal(integers.astype(np.float32) * np.float32([0.02, 0.01]), case.filters)
    assert np.abs(integers.astype(int)).max() == 127


def test_filters_of_a_depthwise_convolution_have_scales_in_the_order_of_its_answer():
    filters = np.ones((1, 2, 3), np.float32)
    quantised = PLAIN._replace(w_scale=(1.0, 0.5, 0.25))
    assert integers_of(filters, "depthwise", quantised).tolist() == [[[1, 2, 4], [1, 2, 4]]]


@pytest.mark.parametrize("scale", ["0.007874016", "1", "0.3", "1e-5"])
def test_the_integers_of_filters_are_found_again(scale):
    case = Case.parse(f"conv_i3_c17_k3_f16_same_int8weights_qw{scale}_reals7")
    again = integers_of(case.filters, "conv", case.quantised)
    assert np.array_equal(again.astype(np.float32) * np.float32(float(scale)), case.filters)


@pytest.mark.parametrize(
    ("word", "sentence"),
    [
        ("transpose_i1_k1_same_int8weights_ones", "'int8weights' is for conv, depthwise, not transpose"),
        ("conv_i1_k1_same_int8weights_qx0.5_ones", "has scales of filters alone, such as qw0.5x0.25"),
        ("conv_i1_k1_same_int8weights_qw1z1_ones", "has scales of filters alone, such as qw0.5x0.25"),
        (
            "conv_i1_k1_same_int8weights_qw0_ones",
            "w_scale is 0.0, and must be a normal float32 number above 0",
        ),
        (
            "conv_i1_k1_same_int8weights_qwnan_ones",
            "w_scale is nan, and must be a normal float32 number above 0",
        ),
        ("conv_i1_k1_same_int8weights_qw1x1_ones", "w_scale has 2 scales for 1 channels of the answer"),
        ("conv_i1_k1_same_int8weights_nonfinite", "the fill 'nonfinite' has no range"),
        ("conv_i2_k1_s2_same_int8weights_unread", "the fill 'unread' has no range"),
        ("conv_i1_k1_same_float16weights_qw0.5_ones", "'qw0.5' is for a quantised dtype"),
    ],
)
def test_what_no_case_of_int8_has_is_refused(word, sentence):
    with pytest.raises(InvalidCase, match=sentence):
        Case.parse(word)


def test_a_domain_of_int8_alone_is_drawn_with_finite_fills_and_scales():
    space = Space(dtypes=("float32",), weight_dtypes=("int8",), around=("bias", "relu"))
    drawn = drawn_inside({"": Domain(spaces={"conv": space, "depthwise": space})}, 400)
    assert {case.weights for _, case in drawn.asked} == {"int8"}
    assert drawn.thrown == 0
    assert {"reals", "dyadic", "coded"} <= {case.fill for _, case in drawn.asked}
    kinds = {len(set(case.quantised.w_scale)) > 1 for _, case in drawn.asked}
    assert kinds == {True, False}
    assert any(case.quantised == PLAIN for _, case in drawn.asked)


@pytest.mark.parametrize("conditions", [(), (Condition(Predicate("batch > 9"), "it has more images"),)])
def test_a_dtype_that_has_no_such_filters_is_drawn_where_they_are_its_own_alone(conditions):
    kept = Domain(
        spaces={"conv": Space(weight_dtypes=("int8",)), "transpose": Space(weight_dtypes=("float16",))},
        conditions=conditions,
    )
    drawn = drawn_inside({"": kept}, 200)
    assert [str(case) for _, case in drawn.asked if not kept.holds(case)] == []
    own = Domain(spaces={"conv": Space(), "transpose": Space()}, conditions=conditions)
    assert len({case.format.token for _, case in drawn_inside({"": own}, 200).asked}) > 3
