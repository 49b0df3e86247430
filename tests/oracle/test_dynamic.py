"""Dynamic range: the input that a kernel quantises, the schemes, and the bound of all of them."""

from __future__ import annotations

import struct
from fractions import Fraction
from math import floor

import numpy as np
import pytest

from strategies import sample
from strategies.cases import cases_by_way
from verify import Case, compare, reference
from verify.cases.domain import Domain, Space
from verify.oracle.bounds import judgement
from verify.oracle.dynamic import DYNAMIC_SCHEMES, STEPS_LOST, asymmetric, quantised_input, symmetric
from verify.oracle.problem import problem_of

SPACE = Space(dtypes=("float32",), weight_dtypes=("int8",), around=("bias", "relu", "relu6"))
DOMAIN = Domain(spaces={"conv": SPACE, "depthwise": SPACE})
CASES = [case for _, case in sample(150, 3, cases_by_way({"": DOMAIN}))]
IMAGES = [image for case in CASES for image in case.input if image.any()]

every_scheme = pytest.mark.parametrize("scheme", DYNAMIC_SCHEMES)


def in_float32(number: float) -> float:
    return float(struct.unpack("f", struct.pack("f", number))[0])


def rounded(number: float) -> int:
    """To the nearest, halves away from 0."""
    whole = floor(abs(Fraction(number)) + Fraction(1, 2))
    return whole if number >= 0 else -whole


def by_hand(image: np.ndarray) -> tuple[list[int], float]:
    """An image quantised number by number, as the source of TensorFlow Lite has it."""
    numbers = [float(number) for number in image.reshape(-1)]
    least, largest = min(0.0, *numbers, 0.0), max(0.0, *numbers, 0.0)
    if least == largest:
        return [0] * len(numbers), 0.0
    scale = in_float32(largest - least) / 255
    below, above = -128 - least / scale, 127 - largest / scale
    zero = below if 128 + abs(least / scale) < 127 + abs(largest / scale) else above
    nudged = rounded(min(max(zero, -128.0), 127.0))
    kept = in_float32(scale)
    inverse = in_float32(1 / kept)
    steps = [nudged + rounded(in_float32(number * inverse)) for number in numbers]
    return [min(max(step, -128), 127) - nudged for step in steps], kept


def test_an_image_is_quantised_as_by_hand():
    for image in IMAGES:
        made = asymmetric(image)
        assert (made.distances.reshape(-1).tolist(), float(made.scale)) == by_hand(image)


@pytest.mark.parametrize("quantise", [asymmetric, symmetric])
def test_every_number_lies_within_half_a_step_and_0_is_kept(quantise):
    for image in IMAGES:
        made = quantise(image)
        step, numbers = Fraction(float(made.scale)), image.reshape(-1).tolist()
        lost = [
            abs(Fraction(x) - d * step)
            for x, d in zip(numbers, made.distances.reshape(-1).tolist(), strict=True)
        ]
        assert max(lost) <= step * (Fraction(1, 2) + Fraction(STEPS_LOST))
        assert step <= Fraction(float(np.abs(image).max())) / 127 * (1 + Fraction(1, 2**20))
        assert not made.distances[image == 0].any()


def test_an_image_of_zeros_has_none():
    zeros = np.zeros((2, 2), np.float32)
    assert not asymmetric(zeros).distances.any()
    assert not symmetric(zeros).distances.any()


def test_each_image_has_a_range_of_its_own():
    case = Case.parse("conv_n2_i1_k1_same_int8weights_iota")
    made = quantised_input(problem_of(case), case.operands)
    assert made.distances.reshape(-1).tolist() == [255, 255]
    assert made.scales.tolist() == [np.float32(1 / 255), np.float32(2 / 255)]


def test_one_scale_of_all_filters_takes_a_zero_point_of_0_where_the_scheme_says_so():
    alike, apart = (Case.parse(f"conv_i2_k1_f2_same_int8weights_{scale}iota") for scale in ("", "qw1x0.5_"))
    taken = [
        quantised_input(problem_of(case.held_to("dynamic-product-or-symmetric")), case.operands).zero_points
        for case in (alike, apart)
    ]
    assert taken == [(0,), (-128,)]


@every_scheme
def test_the_answer_of_a_scheme_lies_within_the_bound_of_none(scheme):
    assert {compare(case, reference(case.held_to(scheme)).astype(np.float32)).outcome for case in CASES} <= {
        "agrees",
        "vacuous",
    }


@every_scheme
def test_a_scheme_is_held_to_by_equality(scheme):
    case = Case.parse("conv_n2_i5x4_c3_k3x2_f8_same_int8weights_qw0.02x0.01_bias_reals3")
    answer = reference(case.held_to(scheme)).astype(np.float32)
    assert compare(case, answer, scheme=scheme).holds
    beside = answer.copy()
    beside[0, 0, 0, 0] = np.nextafter(answer[0, 0, 0, 0], np.float32(np.inf))
    assert not compare(case, beside, scheme=scheme).holds
    assert compare(case, beside).holds


@pytest.mark.parametrize("scheme", ["dynamic-product", "dynamic-filters-or-symmetric"])
def test_schemes_differ(scheme):
    case = Case.parse("conv_n2_i5x4_c3_k3x2_f9_same_int8weights_qw0.02x0.01_bias_reals3")
    other = reference(case.held_to("dynamic-blocks"))
    assert (reference(case.held_to(scheme)) != other).any()


def test_a_convolution_that_quantises_nothing_is_right_where_no_scheme_is_declared():
    for case in CASES:
        assert compare(case, reference(case).astype(np.float32)).outcome in ("agrees", "vacuous")


@pytest.mark.parametrize("word", ["conv_i1_k1_same_int8_ones", "conv_i1_k1_same_int8weights_ones"])
def test_an_unknown_scheme_is_refused(word):
    case = Case.parse(word)
    with pytest.raises(ValueError, match=r"^one of fixed-twice, .*did you mean 'fixed-twice'"):
        compare(case, reference(case).astype(case.dtype), scheme="fixed-twise")


def test_a_scheme_of_dynamic_range_says_nothing_of_integers():
    case = Case.parse("conv_i1_k1_same_int8_ones")
    assert compare(case, reference(case).astype(np.int8), scheme="dynamic-product").holds


def test_what_lies_beyond_the_bound_is_wrong():
    case = Case.parse("conv_i5x4_c3_k3x2_f2_same_int8weights_qw0.02_reals3")
    rule = judgement(case)
    beside = {
        share: compare(case, (rule.wanted + share * np.asarray(rule.allowed)).astype(np.float32)).holds
        for share in (0.99, 1.01)
    }
    assert beside == {0.99: True, 1.01: False}
    assert rule.why((0, 0, 0, 0)).startswith(
        "half a step of max|x|/127 of an input that is quantised, 0.147, and"
    )


def test_channels_first_have_the_answers_of_channels_last():
    last, first = (
        Case.parse(f"conv_n2_i5x4_c3_k3x2_f9_same_int8weights_qw0.02x0.01_{cf}bias_reals3")
        for cf in ("", "cf_")
    )
    answers = [reference(case.held_to("dynamic-blocks")) for case in (last, first)]
    assert np.array_equal(answers[0], np.moveaxis(answers[1], 1, -1))
