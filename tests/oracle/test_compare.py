"""The verdict on wanted and actual arrays, which knows nothing of convolution."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from verify import Case, Verdict, compare
from verify.oracle.compare import Judgement, any_differs, compare_form, compare_values, where_differs

NAN, INF = float("nan"), float("inf")

CASE = Case.parse("conv_i4_k1_f2_valid_iota")
ANSWER = np.array([[[1, 2], [2, 4], [3, 6], [4, 8]]], np.float32)


class Exchanged:
    """An answer of another library, which NumPy can take over."""

    def __init__(self, values: np.ndarray) -> None:
        self.values = values

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:  # noqa: FBT001 - NumPy calls it so
        return self.values


def because(index: tuple[int, ...]) -> str:
    return f"because of {index}"


def judge(wanted: Any, actual: Any, allowed: Any = 0.0) -> Verdict:
    limit = allowed if isinstance(allowed, float) else np.array(allowed)
    return compare_values(Judgement(np.array(wanted, float), limit, because), np.array(actual))


def test_equal_values_agree():
    assert judge([1.0, -2.0], [1.0, -2.0]) == Verdict(outcome="agrees")


def test_agreement_holds():
    assert judge([1.0], [1.0]).holds


def test_disagreement_does_not_hold():
    assert not judge([1.0], [2.0]).holds


def test_vacuous_verdict_holds():
    assert judge([0.0], [0.0]).holds


@pytest.mark.parametrize("actual", [[1.5], [0.5]])
def test_distance_of_exactly_what_is_allowed_agrees(actual):
    assert judge([1.0], actual, 0.5) == Verdict(outcome="agrees", error=1.0)


@pytest.mark.parametrize("actual", [1.5 + 2.0**-52, 0.5 - 2.0**-52])
def test_distance_of_a_last_bit_beyond_what_is_allowed_disagrees(actual):
    assert judge([1.0], [actual], 0.5).kind == "value"


def test_last_bit_disagrees_where_nothing_is_allowed():
    assert judge([1.0], [np.nextafter(1.0, 2.0)]).kind == "value"


def test_error_is_the_largest_in_units_of_what_was_allowed():
    assert judge([9.0, 9.0, 9.0], [9.25, 9.5, 9.0], [1.0, 1.0, 4.0]).error == 0.5


def test_values_that_zeros_would_have_matched_within_the_bound_are_vacuous():
    verdict = judge([1.0, -1.0], [1.25, -1.5], [1.0, 1.0])
    assert (verdict.outcome, verdict.sentence) == ("vacuous", "zeros lie within the bound everywhere")


def test_error_of_a_disagreement_is_that_of_its_worst_value():
    assert judge([1.0, 1.0], [2.0, 4.0], [0.5, 2.0]).error == 2.0


def test_error_is_infinite_where_nothing_was_allowed():
    assert judge([1.0], [2.0]).error == INF


def test_error_is_infinite_wherever_a_value_differs_and_nothing_was_allowed():
    assert judge([1.0, 1.0], [2.0, 11.0], [0.0, 1.0]).error == INF


def test_error_does_not_count_infinities_that_agree():
    assert judge([INF, 1.0], [INF, 1.5], 1.0).error == 0.5


def test_worst_value_is_the_farthest_in_units_of_what_was_allowed():
    worst = judge([[1.0, 1.0], [1.0, 1.0]], [[9.0, 1.0], [3.0, 1.0]], [[8.0, 1.0], [1.0, 1.0]]).worst
    assert (worst.index, worst.got, worst.want, worst.allowed, worst.why) == (
        (1, 0),
        3.0,
        1.0,
        1.0,
        "because of (1, 0)",
    )


def test_worst_value_is_the_farthest_where_nothing_was_allowed():
    assert judge([1.0, 1.0, 1.0], [1.0, 3.0, 2.0]).worst.index == (1,)


def test_first_of_equally_wrong_values_is_the_worst():
    assert judge([1.0, 1.0, 1.0], [1.0, 2.0, 2.0]).worst.index == (1,)


def test_sentence_counts_the_values_that_differ():
    assert judge([1.0, 1.0, 1.0], [1.0, 3.0, 2.0]).sentence == "2 of 3 values differ"


def test_values_are_compared_in_the_precision_of_float64():
    assert judge([16777217.0], np.array([16777216.0], np.float32)).kind == "value"


def test_integers_are_compared():
    assert judge([1.0, 2.0], np.array([1, 3], np.int32)).worst.index == (1,)


def test_signs_of_zeros_are_not_compared():
    assert judge([0.0, 1.0], [-0.0, 1.0]).outcome == "agrees"


def test_nan_agrees_with_nan_at_the_same_place():
    assert judge([NAN, 1.0], [NAN, 1.0]).outcome == "agrees"


def test_nan_at_another_place_disagrees():
    verdict = judge([NAN, 1.0], [1.0, NAN])
    assert (verdict.kind, verdict.worst.index) == ("non-finite", (0,))


def test_nan_disagrees_however_much_is_allowed():
    assert judge([1.0], [NAN], 1e300).kind == "non-finite"


def test_infinity_agrees_with_itself():
    assert judge([INF, -INF], [INF, -INF]).outcome == "agrees"


@pytest.mark.parametrize(
    ("wanted", "actual"), [(INF, -INF), (-INF, INF), (INF, NAN), (NAN, INF), (INF, 1e300), (NAN, 0.0)]
)
def test_non_finite_value_disagrees_with_any_other(wanted, actual):
    verdict = judge([1.0, wanted], [1.0, actual])
    assert (verdict.kind, verdict.sentence, verdict.worst.index) == (
        "non-finite",
        "1 of 2 values should be NaN or infinite and differ",
        (1,),
    )


@pytest.mark.parametrize("actual", [INF, -INF, NAN])
def test_finite_value_disagrees_with_a_non_finite_one(actual):
    verdict = judge([1.0, 1.0], [1.0, actual], 5.0)
    assert (verdict.kind, verdict.sentence, verdict.error) == (
        "non-finite",
        "1 of 2 values are not finite where they should be",
        INF,
    )


def test_non_finite_values_come_before_any_distance():
    verdict = judge([1.0, 1.0], [1e9, NAN])
    assert (verdict.kind, verdict.worst.index) == ("non-finite", (1,))


def test_worst_non_finite_value_says_why_nothing_is_allowed():
    worst = judge([1.0], [INF], 5.0).worst
    assert (worst.allowed, worst.why) == (0.0, "a NaN or an infinity has no distance")


@pytest.mark.parametrize("actual", [7.0, INF, -INF, NAN])
def test_any_value_agrees_where_the_allowance_is_infinite(actual):
    assert judge([1.0, 1.0], [actual, 1.0], [INF, 0.0]).holds


def test_infinite_allowance_excuses_its_own_place_alone():
    assert judge([1.0, 1.0], [9.0, 2.0], [INF, 0.5]).worst.index == (1,)


def test_infinite_allowance_does_not_count_as_an_error():
    assert judge([1.0, 1.0], [9.0, 1.25], [INF, 0.5]).error == 0.5


@pytest.mark.parametrize("shape", [(0,), (0, 3), (2, 0, 1)])
def test_empty_answer_is_vacuous(shape):
    assert judge(np.ones(shape), np.ones(shape)) == Verdict(outcome="vacuous", sentence="the answer is empty")


def test_answer_of_zeros_is_vacuous():
    assert judge([0.0, 0.0], [0.0, 0.0]) == Verdict(outcome="vacuous", sentence="the answer is all zeros")


def test_wrong_value_disagrees_where_zeros_are_wanted():
    assert judge([0.0, 0.0], [0.0, 1.0]).kind == "value"


def test_answer_of_zeros_disagrees_where_a_number_is_wanted():
    assert judge([0.0, 1.0], [0.0, 0.0]).kind == "value"


def test_answer_of_nan_alone_is_not_vacuous():
    assert judge([NAN], [NAN]).outcome == "agrees"


def test_form_that_fits_has_no_verdict():
    assert compare_form(np.zeros((2, 3), np.float32), shape=(2, 3), dtype=np.dtype(np.float32)) is None


def test_shape_is_judged_before_the_dtype():
    verdict = compare_form(np.zeros((3, 2), np.float64), shape=(2, 3), dtype=np.dtype(np.float32))
    assert (verdict.kind, verdict.sentence) == ("shape", "the answer has shape (3, 2), not (2, 3)")


def test_dtype_is_named():
    verdict = compare_form(np.zeros((2, 3)), shape=(2, 3), dtype=np.dtype(np.float32))
    assert (verdict.kind, verdict.sentence) == ("dtype", "the answer is float64, not float32")


def test_right_answer_to_a_case_agrees():
    assert compare(CASE, ANSWER) == Verdict(outcome="agrees")


def test_wrong_value_of_a_case_is_a_value():
    verdict = compare(CASE, ANSWER + np.float32([0, 1]))
    assert (verdict.kind, verdict.sentence) == ("value", "4 of 8 values differ")


def test_shape_of_a_case_is_judged_before_its_values():
    assert compare(CASE, 2 * ANSWER[..., :1]).kind == "shape"


def test_answer_that_would_broadcast_has_the_wrong_shape():
    assert compare(Case.parse("conv_i4_k1_valid"), np.float32(1)[np.newaxis]).kind == "shape"


def test_dtype_of_a_case_is_judged_before_its_values():
    assert compare(CASE, 2 * ANSWER.astype(np.float64)).kind == "dtype"


@pytest.mark.parametrize("shape", [(0, 2, 1), (1, 0, 1)])
def test_empty_answer_of_the_wrong_shape_disagrees(shape):
    assert compare(Case.parse("conv_n0_i3_k2_valid"), np.zeros(shape, np.float32)).holds == (
        shape == (0, 2, 1)
    )


def test_empty_answer_of_the_wrong_dtype_disagrees():
    assert compare(Case.parse("conv_n0_i3_k2_valid"), np.zeros((0, 2, 1))).kind == "dtype"


def test_empty_answer_of_a_case_is_vacuous():
    assert compare(Case.parse("conv_n0_i3_k2_valid"), np.zeros((0, 2, 1), np.float32)).outcome == "vacuous"


@pytest.mark.parametrize(
    ("actual", "article"), [(None, "None"), ([1.0], "a list"), (3.0, "a float"), ("y", "a str")]
)
def test_answer_that_is_no_array_is_refused(actual, article):
    verdict = compare(CASE, actual)
    assert (verdict.kind, verdict.sentence) == (
        "refused",
        f"it returned {article} where an array is expected",
    )


def test_answer_that_can_be_an_array_is_taken_as_one():
    assert compare(CASE, Exchanged(ANSWER)).outcome == "agrees"


@pytest.mark.parametrize(
    ("wanted", "actual", "allowed", "differs"),
    [
        (1.0, 1.5, 0.5, False),
        (1.0, 1.75, 0.5, True),
        (1.0, 1.0, 0.0, False),
        (1.0, 0.5, 0.0, True),
        (1.0, 9.0, INF, False),
        (0.0, -0.0, 0.0, False),
        (NAN, NAN, 0.0, False),
        (NAN, 1.0, 0.5, True),
        (INF, INF, 0.0, False),
        (INF, -INF, 0.5, True),
        (INF, -INF, 0.0, True),
        (NAN, 1.0, 0.0, True),
    ],
)
@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_element_differs_where_a_verdict_says_so(wanted, actual, allowed, differs, dtype):
    rule, answer = Judgement(np.array([wanted, 2.0]), allowed, because), np.array([actual, 2.0], dtype)
    assert where_differs(rule, answer).tolist() == [differs, False]
    assert any_differs(rule, answer) is differs
    assert any_differs(rule._replace(allowed=np.array([allowed, 0.0])), answer) is differs
    assert compare_values(rule, answer).holds is not differs


def test_value_that_is_wrong_beyond_measure_is_judged_without_a_warning():
    assert judge([1e300], [-1e300], np.array([1e-300])).worst == judge([1e300], [-1e300], [1e-300]).worst
    assert judge([1e300], [-1e300], np.array([1e-300])).error == np.inf
