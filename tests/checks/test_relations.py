"""Relations: the cases that are asked otherwise, what of an answer is theirs, and how bits differ."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from verify import Case, reference
from verify.cases.operands import Array
from verify.checks.relations import RELATIONS, demanded, made_from, part_of, unlike, varied
from verify.faults.fault import answer_to
from verify.faults.summation import summed_forward
from verify.oracle.problem import problem_of

WORDS = (
    "conv_n3_i5x4_c4_k2x3_f6_g2_s2x1_same_bias_residual_relu_ints3",
    "conv_n2_i5_c2_k3_f4_same_cf_norm_ints1",
    "separable_n2_i4x4_c2_k3x3_f3_m2_same_bias_ints2",
    "depthwise_n2_i5_c3_k2_m2_same_bias_ints",
    "transpose_n2_i4x3_c2_k2x2_f3_s2x2_same_bias_cf_ints",
)


@pytest.mark.parametrize("relation", ["batch-invariance", "filter-invariance"])
@pytest.mark.parametrize("word", WORDS)
def test_the_answer_asked_otherwise_is_a_part_of_the_answer(word: str, relation: str) -> None:
    case = Case.parse(word)
    other = varied(case, relation)
    has_none = relation == "filter-invariance" and case.operation in ("depthwise", "transpose")
    assert (other is None) == has_none
    if other is not None:
        answer = answer_to(problem_of(other), other.operands)
        whole = reference(case).astype(case.dtype)
        assert unlike(np.asarray(part_of(case, whole, relation)), answer) == ""
        assert made_from(other) == (str(case), relation)
        assert other.output_shape == answer.shape


@pytest.mark.parametrize("relation", ["batch-invariance", "filter-invariance"])
@pytest.mark.parametrize("answers", [lambda case: reference(case).astype(case.dtype), summed_forward])
def test_what_is_computed_or_kept_of_a_case_is_not_that_of_one_asked_otherwise(
    relation: str, answers: Callable[[Case], Array]
) -> None:
    case = Case.parse("conv_n2_i5x4_c2_k2x3_f3_same_bias_ints3")
    whole, other = answers(case), varied(case, relation)
    assert other is not None
    assert unlike(np.asarray(part_of(case, whole, relation)), answers(other)) == ""


def test_a_copy_of_what_is_asked_otherwise_is_a_plain_case() -> None:
    other = varied(Case.parse("conv_n2_i3_k1_same_ints"), "batch-invariance")
    assert other is not None
    assert made_from(other.copied()) is None


@pytest.mark.parametrize(
    "word",
    ["conv_i3_k1_f1_same_ints", "filtergrad_n2_i3_k1_f2_same_ints", "conv_n2_i3_k0_f2_same_ones_illegal"],
)
def test_a_case_of_one_image_and_filter_has_no_such_relation(word: str) -> None:
    case = Case.parse(word)
    assert varied(case, "batch-invariance") is None
    assert varied(case, "filter-invariance") is None


def test_bits_that_differ_are_counted_and_shown() -> None:
    first = np.array([[1.0, 0.0]], np.float32)
    assert unlike(first, first.copy()) == ""
    assert (
        unlike(first, np.array([[1.0, -0.0]], np.float32)) == "1 of 2 values differ, 0.0 and -0.0 at (0, 1)"
    )
    assert unlike(first, first[0]) == "float32 (1, 2) and float32 (2,)"


def test_an_unknown_demand_is_told_the_nearest() -> None:
    assert demanded(("batch-invariance",)) == ("batch-invariance",)
    with pytest.raises(ValueError, match="; did you mean 'batch-invariance'"):
        demanded(("batch-invarance",))
    with pytest.raises(ValueError, match="write demand="):
        demanded("batch-invariance")


def test_every_relation_has_a_sentence() -> None:
    assert len({*RELATIONS.values()}) == len(RELATIONS) == 5
