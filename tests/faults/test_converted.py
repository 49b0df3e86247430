"""Faults of compilers and of TensorFlow Lite: each against a model of what makes it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from verify import Case
from verify.cases.operands import Array
from verify.faults import fault_named
from verify.faults.catalogue.converted import CONVERTED
from verify.faults.fault import Fault, answer_to, right_answer
from verify.oracle.problem import problem_of


def answer(name: str, word: str) -> Array:
    return fault_named(name)(Case.parse(word))


def differs(fault: Fault, case: Case) -> bool:
    return not np.array_equal(fault(case), right_answer(case), equal_nan=True)


def with_operands(case: Case, **arrays: Array) -> Case:
    changed = replace(case)
    vars(changed)["operands"] = case.operands._replace(**arrays)
    return changed


@pytest.mark.parametrize("fault", CONVERTED, ids=[fault.name for fault in CONVERTED])
def test_the_word_of_a_fault_shows_it(fault: Fault):
    assert differs(fault, Case.parse(fault.word))


def test_total_below_zero_leaves_the_bias_alone():
    assert np.array_equal(
        answer("same-wraps-below-zero", "conv_i3x3_c2_k2x1_f2_s1x3_same_bias_ints"),
        np.broadcast_to(Case.parse("conv_i3x3_c2_k2x1_f2_s1x3_same_bias_ints").bias, (1, 3, 1, 2)),
    )


@pytest.mark.parametrize("word", ["conv_i3_k3_s2_same_ints", "conv_i3x3_k1x1_s3x3_same_ints"])
def test_total_of_zero_and_a_kernel_of_one_are_right(word: str):
    assert not differs(fault_named("same-wraps-below-zero"), Case.parse(word))


@pytest.mark.parametrize("data_format", ["", "_cf"])
@pytest.mark.parametrize("seed", range(5))
def test_groups_are_one_convolution_with_zeros_in_the_other_filters(data_format: str, seed: int):
    case = Case.parse(f"conv_i4_c4_k2_f6_g2_same_float64{data_format}_nonfinite{seed}")
    dense = np.zeros((2, 4, 6))
    dense[:, :2, :3], dense[:, 2:, 3:] = case.filters[..., :3], case.filters[..., 3:]
    wanted = answer_to(problem_of(replace(case, groups=1)), case.operands._replace(factor=dense))
    assert np.array_equal(fault_named("groups-times-zero")(case), wanted, equal_nan=True)


def test_channels_of_a_depthwise_are_mixed_in_all_but_the_one_that_is_not_finite():
    case = Case.parse("depthwise_i3_c3_k1_m2_same_ones")
    x = case.input.copy()
    x[0, 1, 2] = np.inf
    mixed = fault_named("groups-times-zero")(with_operands(case, input=x))
    assert np.isnan(mixed[0, 1]).tolist() == [True, True, True, True, False, False]
    assert np.isfinite(mixed[0, [0, 2]]).all()


@pytest.mark.parametrize("epilogue", ["bias", "bias_relu", "bias_residual"])
def test_bias_is_added_along_the_width(epilogue: str):
    case = Case.parse(f"conv_n2_i3x3_c2_k2x2_f3_same_cf_{epilogue}_ints")
    plain = replace(case, epilogue=("residual",) if "residual" in epilogue else ())
    values = answer_to(problem_of(plain), case.operands._replace(bias=None)) + case.bias
    wanted = np.maximum(values, 0) if "relu" in epilogue else values
    assert np.array_equal(fault_named("bias-along-last-axis")(case), wanted)


def test_gradient_of_a_bias_along_the_width_adds_up_the_other_axes():
    case = Case.parse("filtergrad_n2_i3x2_c2_k1x1_f2_same_cf_bias_ints")
    assert np.array_equal(fault_named("bias-along-last-axis")(case), case.cotangent.sum(axis=(0, 1, 2)))


@pytest.mark.parametrize(
    ("word", "cell", "answers"),
    [
        ("depthwise_i5_k1_same_ones", 3, [1, 2]),
        ("depthwise_i6_k1_s2_same_ones", 2, [0]),
        ("depthwise_i6_k3_same_ones", 3, []),
        ("depthwise_i5x1_k1x1_same_ones", 3, [1, 2]),
    ],
)
def test_taps_up_to_three_are_read(word: str, cell: int, answers: list[int]):
    case = Case.parse(word)
    x = case.input.copy()
    x[0, cell] = np.inf
    tiled = fault_named("taps-of-a-tile")(with_operands(case, input=x))
    assert np.flatnonzero(np.isnan(tiled)).tolist() == answers


@pytest.mark.parametrize(
    ("word", "cell", "answers"),
    [
        ("separable_i5_k1_same_ones", 3, [0, 1, 2]),  # the first step's are NaN in 1 and 2
        ("separable_i5_k1_same_ones", 4, [0, 1, 2, 3, 4]),
        ("separable_i5_k3_same_ones", 4, [1, 2, 3, 4]),  # not finite in 3 and 4 before
        ("separable_i2x2_k1x1_same_ones", 2, [0, 1]),
    ],
)
def test_a_second_step_of_one_number_reads_two_places_more(word: str, cell: int, answers: list[int]):
    case = Case.parse(word)
    x = case.input.copy()
    x.flat[cell] = np.inf
    second = fault_named("taps-of-a-tile-of-one")(with_operands(case, input=x))
    assert np.flatnonzero(np.isnan(second)).tolist() == answers


def test_windows_of_the_first_axis_that_do_not_fit_are_left_out():
    word = "transpose_i5x1x1_k4x1x1_s3x1x1_same_iota"
    assert answer("depth-padded-by-the-height", word).ravel().tolist() == [2, 3, 4, 0, 0]


@pytest.mark.parametrize(
    ("word", "shape"),
    [
        ("transpose_i1_k2_s3_valid_bias_ones", (1, 3, 1)),
        ("transpose_i2x3_c2_k3x2_s2x2_valid_cf_bias_ones", (1, 2, 3, 3)),
        ("transpose_i0_k1_s3_same_bias_ones", (1, 2, 1)),
    ],
)
def test_an_axis_without_windows_is_longer_by_a_stride_less_one(word: str, shape: tuple[int, ...]):
    transposed = answer("nothing-transposed-by-its-stride", word)
    bias = Case.parse(word).bias
    assert transposed.shape == shape
    assert np.array_equal(np.unique(transposed), np.unique(bias))
