"""A case: its fields, how it is printed, the shapes and counts that follow, and its arrays."""

from __future__ import annotations

import re
from dataclasses import FrozenInstanceError, replace
from itertools import product
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings

from strategies import cases
from tests.models import rational
from verify import Case, InvalidCase
from verify.cases.dtypes import FORMATS

quick = settings(max_examples=60, deadline=None, database=None)

SIMPLEST = Case(size=(3,), kernel=(2,), padding="SAME")


def pretty(case: Case) -> str:
    """What a pretty printer of the IPython kind prints."""
    printed: list[str] = []
    case._repr_pretty_(SimpleNamespace(text=printed.append), cycle=False)
    return "".join(printed)


def falsifying_note() -> str:
    """What Hypothesis prints for a drawn case that fails."""

    @settings(max_examples=1, database=None, deadline=None)
    @given(cases(ranks=(2,)))
    def fail(case: Case) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError) as failure:
        fail()
    return "\n".join(failure.value.__notes__)


def test_case_is_frozen():
    with pytest.raises(FrozenInstanceError):
        SIMPLEST.batch = 2


def test_equal_cases_have_equal_hashes():
    assert hash(Case.parse("conv_i3_k2_same")) == hash(SIMPLEST)


@given(case=cases())
@quick
def test_repr_can_be_pasted(case):
    assert eval(repr(case), {"Case": Case}) == case


@given(case=cases())
@quick
def test_repr_is_one_line_however_it_is_printed(case):
    assert pretty(case) == repr(case) == f"Case.parse('{case}')"


def test_hypothesis_prints_a_case_in_one_line():
    assert re.search(r"\n    case=Case\.parse\('[a-z0-9_.]+'\),", falsifying_note())


@pytest.mark.parametrize(
    ("word", "data_format", "input_shape", "output_shape"),
    [
        ("conv_n2_i7_c3_k3_f5_valid", "NWC", (2, 7, 3), (2, 5, 5)),
        ("conv_n2_i7_c3_k3_f5_valid_cf", "NCW", (2, 3, 7), (2, 5, 5)),
        ("conv_n2_i7x9_c3_k3x2_f5_s2x1_same", "NHWC", (2, 7, 9, 3), (2, 4, 9, 5)),
        ("conv_n2_i7x9_c3_k3x2_f5_s2x1_same_cf", "NCHW", (2, 3, 7, 9), (2, 5, 4, 9)),
        ("conv_n2_i4x5x6_c3_k1x2x3_f5_p0.0x1.0x2.2", "NDHWC", (2, 4, 5, 6, 3), (2, 4, 5, 8, 5)),
        ("conv_n2_i4x5x6_c3_k1x2x3_f5_p0.0x1.0x2.2_cf", "NCDHW", (2, 3, 4, 5, 6), (2, 5, 4, 5, 8)),
    ],
)
def test_shapes_follow_the_data_format(word, data_format, input_shape, output_shape):
    case = Case.parse(word)
    assert (case.data_format, case.input_shape, case.output_shape) == (
        data_format,
        input_shape,
        output_shape,
    )


@pytest.mark.parametrize(
    ("word", "input_shape", "factor_shape", "output_shape"),
    [
        ("depthwise_n2_i7_c3_k3_m2_valid", (2, 7, 3), (3, 3, 2), (2, 5, 6)),
        ("depthwise_n2_i7x9_c3_k3x2_m2_same_cf", (2, 3, 7, 9), (3, 2, 3, 2), (2, 6, 7, 9)),
        ("separable_n2_i7_c3_k3_f5_m2_valid", (2, 7, 3), (3, 3, 2), (2, 5, 5)),
        ("transpose_n2_i7_c4_k3_f6_s2_g2_valid", (2, 3, 6), (3, 2, 6), (2, 7, 4)),
        ("transpose_n2_i7_c4_k3_f6_s2_g2_valid_cf", (2, 6, 3), (3, 2, 6), (2, 4, 7)),
        ("filtergrad_n2_i7_c4_k3_f6_s2_g2_valid", (2, 7, 4), (2, 3, 6), (3, 2, 6)),
        ("filtergrad_n2_i7_c4_k3_f6_s2_g2_valid_cf", (2, 4, 7), (2, 6, 3), (3, 2, 6)),
        ("filtergrad_n2_i7_c4_k3_f6_s2_g2_valid_bias", (2, 7, 4), (2, 3, 6), (6,)),
        ("conv_n2_i7_c4_k3_f6_z1.2_valid", (2, 7, 4), (3, 4, 6), (2, 8, 6)),
        ("conv_n2_i7_c4_k3_f6_s2_z1.2_same", (2, 7, 4), (3, 4, 6), (2, 5, 6)),
    ],
)
def test_shapes_of_every_operation(word, input_shape, factor_shape, output_shape):
    case = Case.parse(word)
    assert (case.input_shape, case.factor_shape, case.output_shape) == (
        input_shape,
        factor_shape,
        output_shape,
    )


@pytest.mark.parametrize(
    ("word", "products"),
    [
        ("depthwise_i7x7_c6_k3x2_m4_same", 6),
        ("separable_i7x7_c6_k3x2_f2_m4_same", 144),
        ("transpose_i7_c4_k3_f6_g2_same", 9),
        ("transpose_i7_k5_s2_same", 3),
        ("transpose_i7_k5_s2_d2_same", 5),
        ("transpose_i7_k5_s4_d2_same", 3),
        ("transpose_i7_k3_s4_same", 1),
        ("filtergrad_n3_i7_c4_k3_f6_valid", 15),
        ("filtergrad_n3_i7x4_k3x1_s2x1_valid", 36),
    ],
)
def test_products_of_every_operation(word, products):
    assert Case.parse(word).products == products


@given(case=cases(operations=("transpose",), max_side=6, max_channels=3, max_batch=1))
@quick
def test_products_of_a_transpose_are_the_most_that_meet_or_more(case):
    met = max(map(len, rational.pairs(case).values()), default=0)
    assert met <= case.products


def test_filtergrad_has_a_cotangent_and_no_filters():
    case = Case.parse("filtergrad_i7_c4_k3_f6_valid")
    assert case.cotangent.shape == (1, 5, 6)
    with pytest.raises(AttributeError, match=r"^a filtergrad has an input and a cotangent, and no filters$"):
        _ = case.filters


def test_transpose_has_its_input_as_cotangent():
    case = Case.parse("transpose_i7_c4_k3_f6_valid")
    assert case.cotangent is case.input


def test_convolution_has_no_cotangent():
    with pytest.raises(AttributeError, match=r"^a conv has no cotangent$"):
        _ = SIMPLEST.cotangent


def test_norm_has_four_parts_for_each_channel_of_the_answer():
    norm = Case.parse("depthwise_i5_c3_k2_m2_same_norm").norm
    assert [part.shape for part in norm] == [(6,)] * 4
    assert SIMPLEST.norm is None


@pytest.mark.parametrize("suffix", ["", "_cf"])
def test_filters_have_the_channels_of_one_group_in_either_data_format(suffix):
    assert Case.parse(f"conv_i7x7_c6_k3x2_f4_g2_same{suffix}").filter_shape == (3, 2, 3, 4)


def test_products_are_the_taps_times_the_channels_of_one_group():
    assert Case.parse("conv_i7x7_c6_k3x2_f4_g2_same").products == 18


@pytest.mark.parametrize(
    ("word", "output_shape"),
    [
        ("conv_n0_i3_k2_same", (0, 3, 1)),
        ("conv_i0_k2_same", (1, 0, 1)),
        ("conv_i2x5_k3x3_valid", (1, 0, 3, 1)),
        ("conv_i1_k4_s3_valid", (1, 0, 1)),
    ],
)
def test_empty_extents_are_legal(word, output_shape):
    assert Case.parse(word).output_shape == output_shape


def test_case_has_new_operands_each_time_it_makes_them():
    first, second = SIMPLEST.make_operands(), SIMPLEST.make_operands()
    assert not np.shares_memory(first.input, second.input)


def test_case_hands_out_one_set_of_its_own():
    case = replace(SIMPLEST, epilogue=("bias",))
    assert case.input is case.input
    assert case.filters is case.filters
    assert case.bias is case.bias


def test_case_without_a_bias_has_none():
    assert SIMPLEST.bias is None


@pytest.mark.parametrize(("form", "count"), list(product(FORMATS.values(), [1, 5])))
def test_bias_has_one_number_for_each_filter_in_the_dtype(form, count):
    bias = replace(SIMPLEST, epilogue=("bias",), filter_count=count, dtype=form.dtype).bias
    assert (bias.shape, bias.dtype) == ((count,), form.dtype)


def test_fields_are_taken_as_whole_numbers_whatever_holds_them():
    case = Case(size=[np.int64(3)], kernel=[2], strides=[np.int32(1)], padding=[[1, 2]], dtype="float16")
    assert case == Case.parse("conv_i3_k2_p1.2_float16_ones")


def test_a_copy_of_a_case_is_equal_and_makes_its_own_arrays():
    case = replace(SIMPLEST, fill="iota")
    case.input[...] = 0
    copy = case.copied()
    assert copy == case
    assert copy.input.all()


def test_dtype_of_another_byte_order_is_that_of_this_machine():
    assert Case(size=(3,), kernel=(2,), padding="SAME", dtype=np.dtype(">f8")).dtype == np.dtype("=f8")


@pytest.mark.parametrize("wrong", [{"size": (3.0,)}, {"seed": 1.5}, {"padding": ((1,),)}, {"dtype": "no"}])
def test_field_of_the_wrong_type_is_refused(wrong):
    with pytest.raises(InvalidCase, match=r"^a field is of the wrong type: "):
        Case(**{"size": (3,), "kernel": (2,), "padding": "SAME", "fill": "ints", **wrong})
