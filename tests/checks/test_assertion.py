"""The assertion on plain arrays: what passes, what fails and with what words, what is refused."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import ml_dtypes
import numpy as np
import pytest

from tests.checks.disagreements import Shown
from tests.models import summation
from tests.planted import convolutions
from verify import Case, assert_conv, conv
from verify.cases.dtypes import FORMATS
from verify.cases.operands import Array

EMPTY = Case.parse("conv_n0_i2_k1_f2_same_ones")
GEOMETRIES = {
    "plain": "conv_n2_i5_c3_k3_f2_valid",
    "two axes": "conv_n2_i6x5_c2_k3x2_f3_same",
    "three axes": "conv_i3x4x3_c2_k2x3x1_f2_s1x2x2_same",
    "strides and dilations": "conv_i9x8_c2_k3x2_f2_s2x3_d2x3_same",
    "groups": "conv_i5_c6_k2_f4_s2_g2_same",
    "explicit padding": "conv_i4x5_c2_k2x3_f2_p3.0x1.4",
}
EXACT = [
    Case.parse(f"{geometry}_{dtype}{form}{bias}_ints5")
    for geometry, dtype, form, bias in product(GEOMETRIES.values(), FORMATS, ("", "_cf"), ("", "_bias"))
]
REAL = [
    Case.parse(f"{geometry}_{dtype}{form}{bias}_reals{seed}")
    for geometry, dtype, form, bias, seed in product(
        GEOMETRIES.values(), ("float32", "float64", "float16", "bfloat16"), ("_cf",), ("", "_bias"), (1, 2)
    )
]
ONE = Case.parse("conv_i4_c2_k3_f2_valid_ints1")

exact = pytest.mark.parametrize("case", EXACT, ids=str)
real = pytest.mark.parametrize("case", REAL, ids=str)


def arguments(case: Case) -> dict[str, object]:
    """What `assert_conv` and `conv` are given for a case, its operands locked against writing."""
    operands = case.make_operands()
    for part in operands:
        if part is not None:
            part.flags.writeable = False
    return {
        "x": operands.input,
        "w": operands.factor,
        "strides": case.strides,
        "padding": case.padding,
        "dilations": case.dilations,
        "groups": case.groups,
        "bias": operands.bias,
        "data_format": case.data_format,
    }


def assert_answer(case: Case, actual: object, **changed: object) -> None:
    assert_conv(actual, **{**arguments(case), **changed})


def complaint(case: Case, actual: object, **changed: object) -> str:
    """What `assert_conv` says of a wrong answer."""
    with pytest.raises(AssertionError) as raised:
        assert_answer(case, actual, **changed)
    return str(raised.value)


def refusal(case: Case, actual: object, **changed: object) -> str:
    """What `assert_conv` says of arguments that it cannot judge."""
    with pytest.raises(ValueError) as raised:  # noqa: PT011 - the whole text is compared
        assert_answer(case, actual, **changed)
    return str(raised.value)


def one_bit_off(y: Array) -> Array:
    """An answer whose last element is a neighbour of the right one."""
    changed = y.copy()
    changed.reshape(-1).view(f"i{y.dtype.itemsize}")[-1] += 1
    return changed


def truncated(values: Array, bits: int) -> Array:
    """Float32 values with so many bits of their significand, as TF32 keeps 11."""
    return (values.view(np.uint32) & np.uint32(2**32 - 2 ** (24 - bits))).view(np.float32)


class TestAssertConv:
    @exact
    def test_integer_valued_answer_passes(self, case):
        assert_answer(case, convolutions.right(case))

    @exact
    def test_integer_valued_answer_fails_by_one_bit(self, case):
        assert "1 of " in complaint(case, one_bit_off(convolutions.right(case)))

    @real
    def test_real_answer_passes_in_every_order_of_summation(self, case):
        assert {assert_answer(case, actual) for _, actual in summation.answers(case)} == {None}

    @real
    def test_real_answer_fails_beyond_the_bound(self, case):
        assert "1 of " in complaint(case, convolutions.off_by_one(case))

    def test_defaults_are_those_of_conv(self):
        operands = ONE.make_operands()
        assert_conv(conv(operands.input, operands.factor).astype(np.float32), operands.input, operands.factor)

    def test_int_strides_and_pairs_of_padding_are_taken(self):
        case = replace(ONE, strides=(2,), padding=((1, 2),))
        assert_answer(case, convolutions.right(case), strides=2, padding=[[0, 0], [1, 2], [0, 0]])

    def test_integers_wrap(self):
        x, w = np.full((1, 1, 1), 2**31 - 1, np.int32), np.full((1, 1, 1), 2, np.int32)
        assert_conv(np.full((1, 1, 1), -2, np.int32), x, w)

    def test_array_like_answer_is_taken(self):
        assert_answer(ONE, Shown(convolutions.right(ONE)))

    def test_empty_answer_passes(self):
        assert_answer(EMPTY, convolutions.right(EMPTY))

    def test_nan_passes_where_the_input_has_one(self):
        x = np.array([1.0, np.nan, 2.0], np.float32).reshape(1, 3, 1)
        assert_conv(x, x, np.ones((1, 1, 1), np.float32))

    def test_nan_that_was_lost_fails(self):
        x = np.array([1.0, np.nan, 2.0], np.float32).reshape(1, 3, 1)
        with pytest.raises(AssertionError, match="1 of 3 values should be NaN or infinite and differ"):
            assert_conv(np.nan_to_num(x), x, np.ones((1, 1, 1), np.float32))

    def test_operands_cut_to_tf32_fail_on_exact_data(self):
        case = Case.parse("conv_i6x5_c3_k3x2_f2_same_dyadic4")
        actual = convolutions.answer(case, x=truncated(case.input, 11), w=truncated(case.filters, 11))
        assert "60 of 60 values differ" in complaint(case, actual)

    def test_operands_cut_to_tf32_fail_on_integers_beyond_its_precision(self):
        x = np.array([2049, 4099, 6151], np.float32).reshape(1, 3, 1)
        w = np.ones((1, 1, 1), np.float32)
        with pytest.raises(AssertionError, match="3 of 3 values differ"):
            assert_conv(truncated(x, 11), x, w)

    def test_wrong_value_is_said_literally(self):
        assert complaint(ONE, convolutions.off_by_one(ONE)).splitlines() == [
            "not the convolution of x and w: 1 of 4 values differ",
            "  x        shape (1, 4, 2), NWC, float32",
            "  w        shape (3, 2, 2), WIO, float32",
            "  answer   shape (1, 2, 2), NWC, float32",
            "  axis W   size 4, kernel 3, stride 1, dilation 1 -> out 2, padding 0 before, 0 after",
            "  worst    at (0, 0, 0): got 61.0, want 60.0, allowed 0 (the sums are exact)",
        ]

    def test_wrong_dtype_is_said_literally(self):
        assert complaint(ONE, convolutions.widened(ONE)).splitlines() == [
            "not the convolution of x and w: the answer is float64, not float32",
            "  x        shape (1, 4, 2), NWC, float32",
            "  w        shape (3, 2, 2), WIO, float32",
            "  answer   shape (1, 2, 2), float64; due is (1, 2, 2), NWC, float32",
            "  axis W   size 4, kernel 3, stride 1, dilation 1 -> out 2, padding 0 before, 0 after",
        ]

    def test_wrong_shape_is_said_literally(self):
        assert complaint(ONE, convolutions.flattened(ONE)).splitlines() == [
            "not the convolution of x and w: the answer has shape (4,), not (1, 2, 2)",
            "  x        shape (1, 4, 2), NWC, float32",
            "  w        shape (3, 2, 2), WIO, float32",
            "  answer   shape (4,), float32; due is (1, 2, 2), NWC, float32",
            "  axis W   size 4, kernel 3, stride 1, dilation 1 -> out 2, padding 0 before, 0 after",
        ]

    @pytest.mark.parametrize(("actual", "what"), [(None, "None"), ([1.0], "a list")])
    def test_no_array_is_said_literally(self, actual, what):
        assert complaint(ONE, actual).endswith(f"it returned {what} where an array is expected")

    def test_masked_values_are_judged(self):
        masked = np.ma.masked_array(convolutions.off_by_one(ONE), [[[True, False], [False, False]]])
        assert "1 of 4 values differ" in complaint(ONE, masked)

    def test_filters_of_another_dtype_are_refused(self):
        assert refusal(ONE, convolutions.right(ONE), w=ONE.filters.astype(np.float64)) == (
            "x is float32 and w is float64; give both one dtype"
        )

    def test_bias_of_another_dtype_is_refused(self):
        assert refusal(ONE, convolutions.right(ONE), bias=np.ones(2)) == (
            "x is float32 and bias is float64; give both one dtype"
        )

    @pytest.mark.parametrize(
        ("shape", "hint"),
        [
            ((1,), ""),
            ((3,), "; w looks like OIW or OWI: pass filter_format='OIW'"),
            ((), ""),
            ((1, 2), ""),
        ],
    )
    def test_bias_of_another_shape_is_refused(self, shape, hint):
        assert refusal(ONE, convolutions.right(ONE), bias=np.ones(shape, np.float32)) == (
            f"bias has shape {shape}, not one number for each of 2 filters{hint}"
        )

    @pytest.mark.parametrize("name", ["int64", "uint32", "bool"])
    def test_operands_of_an_unknown_dtype_are_refused(self, name):
        operands = {"x": ONE.input.astype(name), "w": ONE.filters.astype(name)}
        assert refusal(ONE, convolutions.right(ONE), **operands) == (
            f"x is {name}; assert_conv judges float16, bfloat16, float32, float64 and int32"
        )

    def test_complex_operands_are_refused(self):
        operands = {"x": ONE.input.astype("complex64"), "w": ONE.filters.astype("complex64")}
        assert (
            refusal(ONE, convolutions.right(ONE), **operands)
            == "x is complex64, not an array of real numbers"
        )

    def test_arguments_that_no_convolution_has_are_refused(self):
        assert refusal(ONE, convolutions.right(ONE), groups=3) == (
            "x has 2 channels and w has shape (3, 2, 2), which does not fit 3 groups"
        )

    def test_bfloat16_answer_of_another_library_is_taken(self):
        case = replace(ONE, dtype=np.dtype(ml_dtypes.bfloat16))
        assert_answer(case, Shown(convolutions.right(case)))

    @exact
    def test_operands_are_never_changed(self, case):
        operands = arguments(case)
        assert_conv(convolutions.right(case), **operands)
        assert (
            operands["x"].tobytes() + operands["w"].tobytes() == case.input.tobytes() + case.filters.tobytes()
        )

    @exact
    def test_conv_never_changes_its_operands(self, case):
        operands = arguments(case)
        conv(**operands)
        assert (
            operands["x"].tobytes() + operands["w"].tobytes() == case.input.tobytes() + case.filters.tobytes()
        )
