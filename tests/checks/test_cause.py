"""Whether two disagreements have one cause, found by asking a subject again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.planted import convolutions, several_causes
from verify import Case
from verify.cases.operands import Array
from verify.checks.cause import further_words, has_same_cause, needs
from verify.checks.diagnosis import diagnosed
from verify.checks.examination import Examination
from verify.checks.path import Examiner
from verify.checks.subject import Description, Subject, describe
from verify.faults import fault_named


def by(way: Description) -> Examiner:
    return Examiner(subject=way)


def unnamed(word: str, subject: Subject) -> Examination:
    """The disagreement of a subject on a word, which looks like no fault."""
    examination = Examiner(subject=describe(subject)).examine(Case.parse(word))
    assert examination.fails
    return replace(examination, faults=())


def have_one_cause(subject: Subject, first: str, second: str) -> bool:
    one, other = unnamed(first, subject), unnamed(second, subject)
    answers = {has_same_cause(one, other, by), has_same_cause(other, one, by)}
    assert len(answers) == 1  # whichever was found first
    return answers.pop()


def wrong_where(condition: Callable[[Case], bool]) -> Subject:
    """One too much in every value of the cases for which a condition holds."""

    def subject(case: Case) -> Array:
        return convolutions.right(case) + convolutions.right(case).dtype.type(condition(case))

    subject.operations = ("conv", "depthwise", "transpose")  # type: ignore[attr-defined]
    subject.views = True  # type: ignore[attr-defined]
    return subject


STRIDE_3 = wrong_where(lambda case: 3 in case.strides)
IN_CONV_OR_DEPTHWISE = wrong_where(
    lambda case: 3 in case.strides if case.operation == "conv" else case.batch > 1
)
INPUT_OR_FILTERS_SLICED = wrong_where(lambda case: bool({("x", "sliced"), ("w", "sliced")} & {*case.memory}))
STRIDE_OR_DILATION = wrong_where(lambda case: 3 in case.strides or 2 in case.dilations)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("conv_i1_k1_s3_same_ones", "conv_i1_k1_s3_same_reals"),
        ("conv_i1_k1_s3_same_ones", "depthwise_i1_k1_s3_same_ones"),
        ("conv_i1_k1_s3_same_ones", "conv_i1x1_k1x1_s3x1_same_ones"),
        ("conv_i1_k1_s3_same_ones", "conv_i4_k2_f2_s3_valid_float64_dyadic1"),
        ("conv_i1_k1_s3_same_ones", "transpose_i1_k1_s3_same_bfloat16_ones"),
        ("conv_i1_k1_s3_same_ones", "conv_i4_k1_s3_same_unread"),
    ],
)
def test_what_takes_the_same_in_both_places_has_one_cause(first: str, second: str) -> None:
    assert have_one_cause(STRIDE_3, first, second)


@pytest.mark.parametrize("second", ["conv_i1_k1_p1.0_ones", "depthwise_i2x2_k1x1_p0.0x1.0_reals"])
def test_the_kernel_that_same_pads_for_is_no_part_of_what_a_padding_takes(second: str) -> None:
    is_padded = wrong_where(lambda case: any(axis.before or axis.after for axis in case.axes))
    assert have_one_cause(is_padded, "conv_i1_k3_same_ones", second)
    same_alone = wrong_where(lambda case: case.padding == "SAME" and case.kernel != (1,) * case.rank)
    assert needs(unnamed("conv_i1_k3_same_ones", same_alone), by, lambda: False) == {"kernel", "padding"}


LECTURE = "conv_i7x7_c3_k3x3_f2_s2x2_valid_bias_cs231n"


@pytest.mark.parametrize("second", ["conv_i3_k2_s2_same_ones", "depthwise_i3x3_k2x2_s2x2_valid_reals"])
def test_a_case_of_the_lecture_is_compared_in_another_fill(second: str) -> None:
    assert have_one_cause(wrong_where(lambda case: 2 in case.strides), LECTURE, second)
    has_bias_too = wrong_where(lambda case: 2 in case.strides if len(case.epilogue) == 0 else True)
    assert not have_one_cause(has_bias_too, LECTURE, second)


@pytest.mark.parametrize(
    ("subject", "first", "second"),
    [
        (IN_CONV_OR_DEPTHWISE, "conv_i1_k1_s3_same_ones", "depthwise_n2_i1_k1_same_ones"),
        (STRIDE_OR_DILATION, "conv_i1_k1_s3_same_ones", "conv_i1_k1_d2_same_ones"),
        (STRIDE_OR_DILATION, "conv_i1_k1_s3_same_ones", "depthwise_i3_k2_d2_same_reals"),
        (INPUT_OR_FILTERS_SLICED, "conv_i1_k1_same_ones_memxsliced", "conv_i1_k1_same_ones_memwsliced"),
    ],
)
def test_what_takes_other_numbers_has_another_cause(subject: Subject, first: str, second: str) -> None:
    assert not have_one_cause(subject, first, second)


def test_wrong_values_and_a_wrong_shape_may_have_one_cause() -> None:
    wrong = wrong_where(lambda case: 2 in case.strides)

    def subject(case: Case) -> Array:
        answer = wrong(case)
        return answer[:, :-1] if 2 in case.strides and answer.shape[1] > 1 else answer

    assert have_one_cause(subject, "conv_i1_k1_s2_same_ones", "conv_i4_k1_s2_same_ones")


def test_what_the_numbers_of_a_plain_fill_hide_has_the_cause_that_unread_cells_show() -> None:
    first, second = "conv_i1x2_k1x2_d1x2_same_ones", "conv_i1x3_k1x2_s1x2_d1x2_same_unread"
    assert have_one_cause(several_causes.dilates_by_one_more, first, second)


def test_a_fault_explains_an_answer_that_it_would_have_given() -> None:
    subject = fault_named("odd-cell-before")
    named = diagnosed(Examiner(subject=describe(subject)).examine(Case.parse("conv_i2_k2_same_ones")))
    assert named.fault == "odd-cell-before"
    assert has_same_cause(named, unnamed("conv_i4_k4_same_unread", subject), by)


def test_faults_of_one_change_have_one_cause() -> None:
    def subject(case: Case) -> Array:
        name = "odd-cell-before" if case.padding == "SAME" else "gradient-padded-at-other-end"
        return fault_named(f"{name}-along-0")(case)

    examiner = Examiner(subject=describe(subject))
    words = ("transpose_i1x1_k2x1_same_iota", "transpose_i1x1_k1x1_p1.0x0.0_iota")
    first, second = (diagnosed(examiner.examine(Case.parse(word))) for word in words)
    assert first.fault != second.fault
    assert has_same_cause(first, second, by)


def test_a_fault_does_not_explain_another_wrong_answer() -> None:
    subject = fault_named("odd-cell-before")
    named = diagnosed(Examiner(subject=describe(subject)).examine(Case.parse("conv_i2_k2_same_ones")))
    assert not has_same_cause(named, unnamed("conv_i3_k2_same_ones", convolutions.off_by_one), by)


def test_errors_have_one_cause_if_their_words_are_the_same_but_for_numbers() -> None:
    def refuses(case: Case) -> Array:
        raise ValueError(f"no {case.operation} of {case.input.shape}, sorry")

    first, other = "conv_i1_k1_same_ones", "conv_i9x9_k1x1_same_ones"
    assert have_one_cause(refuses, first, other)
    assert not have_one_cause(refuses, first, "depthwise_i1_k1_same_ones")


def test_what_a_disagreement_takes_is_what_larger_cases_take() -> None:
    """A kernel and a dilation that only make the cells of padding are not needed."""
    twice = fault_named("padding-twice")
    failure = unnamed("conv_i1_k2_d2_same_ones", twice)
    assert needs(failure, by, lambda: False) == {"padding"}


def test_further_words_are_in_another_operation_rank_and_dtype() -> None:
    subject = fault_named("odd-cell-before")
    failure = diagnosed(Examiner(subject=describe(subject)).examine(Case.parse("conv_i2_k2_same_ones")))
    assert further_words(failure, by) == (
        "depthwise_i2_k2_same_ones",
        "conv_i1x2_k1x2_same_ones",
        "conv_i2_k2_same_float16_ones",
    )


def test_further_words_lie_in_the_domain_of_the_way() -> None:
    subject = describe(fault_named("odd-cell-before"))
    narrow = replace(subject, domain=subject.domain.narrowed({"ranks": (1,), "dtypes": ("float32",)}))
    failure = diagnosed(Examiner(subject=narrow).examine(Case.parse("conv_i2_k2_same_ones")))
    assert further_words(failure, by) == ("depthwise_i2_k2_same_ones",)
