"""The judgment of one answer: which disagreement is raised, with what words, and what is let pass."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.checks.disagreements import CASE, Shown, mismatch, named
from tests.planted import convolutions, memories
from verify import Case, Declined, Mismatch, Verdict, check, compare, reference
from verify.cases.dtypes import FORMATS
from verify.cases.operands import Array
from verify.checks.examination import (
    MISMATCHES,
    DTypeMismatch,
    InputModified,
    NonFiniteMismatch,
    NotRepeatable,
    Refused,
    ShapeMismatch,
    ValueMismatch,
    WrittenBeside,
)
from verify.checks.subject import Subject
from verify.oracle.compare import KINDS, LOST, Kind

EMPTY = Case.parse("conv_n0_i2_k1_f2_same_ones")
ZEROS = Case.parse("conv_i0_k1_f2_p1.1_ones")
CANCELLING = Case.parse("conv_i1_c16_k1_same_float64_reals2")

WRONG: dict[str, tuple[Subject, type[Mismatch], str]] = {
    "cropped": (convolutions.cropped, ShapeMismatch, "the answer has shape (2, 5, 4, 1), not (2, 5, 4, 2)"),
    "flattened": (convolutions.flattened, ShapeMismatch, "the answer has shape (80,), not (2, 5, 4, 2)"),
    "scalar": (
        convolutions.returning(np.float32(1)),
        ShapeMismatch,
        "the answer has shape (), not (2, 5, 4, 2)",
    ),
    "widened": (convolutions.widened, DTypeMismatch, "the answer is float64, not float32"),
    "off by one": (convolutions.off_by_one, ValueMismatch, "1 of 80 values differ"),
    "zeros": (convolutions.zeros, ValueMismatch, "80 of 80 values differ"),
    "poisoned": (
        convolutions.poisoned,
        NonFiniteMismatch,
        "1 of 80 values are not finite where they should be",
    ),
    "writes to its input": (
        convolutions.writing_to("input"),
        InputModified,
        "it wrote to the input that it was given",
    ),
    "writes to its filters": (
        convolutions.writing_to("filters"),
        InputModified,
        "it wrote to the filters that it was given",
    ),
    "writes to its bias": (
        convolutions.writing_to("bias"),
        InputModified,
        "it wrote to the bias that it was given",
    ),
    "writes behind the array that it was given to answer in": (
        memories.writes_behind_out,
        WrittenBeside,
        "it wrote to 1 cell around or between the elements of the `out` that it was given",
    ),
    "raises": (convolutions.raises, Refused, "it raised RuntimeError: no kernel for this shape"),
    "raises with a traceback": (
        convolutions.raises_with_a_traceback,
        Refused,
        "it raised RuntimeError: at node Conv no kernel",
    ),
    "raises at length": (convolutions.raises_at_length, Refused, f"it raised RuntimeError: {'x' * 300}…"),
    "calls what takes no case": (
        eval("lambda *case: (lambda: 1)(*case)"),
        Refused,
        "it raised TypeError: <lambda>.<locals>.<lambda>() takes 0 positional arguments but 1 was given",
    ),
    "returns None": (convolutions.returning(None), Refused, "it returned None where an array is expected"),
    "returns a list": (
        convolutions.returning([1.0]),
        Refused,
        "it returned a list where an array is expected",
    ),
    "returns an int": (convolutions.returning(1), Refused, "it returned an int where an array is expected"),
    "wavers": (
        convolutions.wavering(),
        NotRepeatable,
        "answered twice, 1 of 80 values have different bits; at (0, 0, 0, 0) first 105.0, then 106.0",
    ),
}

wrong = pytest.mark.parametrize(("subject", "kind", "sentence"), WRONG.values(), ids=WRONG)


def kinds_but(kind: Kind) -> tuple[Kind, ...]:
    return tuple(other for other in KINDS if other != kind)


def within_bound(case: Case, times: float) -> Array:
    """The reference to a float64 case, moved by so many times what is allowed."""
    allowed = compare(case, reference(case) + 1).worst.allowed
    return reference(case) + times * allowed


class TestCheck:
    @wrong
    def test_each_planted_subject_raises_the_class_of_its_kind(self, subject, kind, sentence):
        assert type(mismatch(CASE, subject, repeats=2)) is kind

    @wrong
    def test_each_planted_subject_has_its_own_sentence(self, subject, kind, sentence):
        assert mismatch(CASE, subject, repeats=2).verdict.sentence == sentence

    @wrong
    def test_each_message_begins_with_its_sentence(self, subject, kind, sentence):
        first = str(mismatch(CASE, named(subject, "mine"), repeats=2)).splitlines()[0]
        assert first == f"mine disagrees with the reference: {sentence}"

    def test_every_class_of_mismatch_has_a_planted_subject(self):
        answered = {
            mismatch_class for kind, mismatch_class in MISMATCHES.items() if kind not in (*LOST, "answered")
        }
        assert {kind for _, kind, _ in WRONG.values()} == answered

    def test_every_kind_has_a_class(self):
        assert tuple(MISMATCHES) == KINDS

    def test_right_subject_agrees(self):
        assert check(CASE, convolutions.right, repeats=3) == Verdict(outcome="agrees")

    def test_subject_that_exits_is_refused(self):
        assert mismatch(CASE, convolutions.exits).verdict.sentence == "it raised SystemExit: 0"

    @pytest.mark.parametrize("subject", [3, None, "tensorflow"])
    def test_subject_that_cannot_be_called_is_a_type_error(self, subject):
        with pytest.raises(TypeError) as refused:
            check(CASE, subject)
        assert str(refused.value) == f"{subject!r} is no subject: a subject is a callable that takes a case"

    def test_subject_that_declines_has_a_verdict(self):
        declined = Verdict(outcome="declined", sentence="no kernel for this shape")
        assert check(CASE, convolutions.declines) == declined

    def test_declined_is_no_disagreement(self):
        assert not issubclass(Declined, AssertionError)

    def test_declined_verdict_holds(self):
        assert check(CASE, convolutions.declines).holds

    def test_empty_answer_is_vacuous(self):
        assert check(EMPTY, convolutions.right) == Verdict(outcome="vacuous", sentence="the answer is empty")

    def test_answer_of_zeros_is_vacuous(self):
        assert check(ZEROS, convolutions.right) == Verdict(
            outcome="vacuous", sentence="the answer is all zeros"
        )

    @pytest.mark.parametrize("case", [EMPTY, ZEROS], ids=str)
    def test_shape_is_judged_where_values_are_vacuous(self, case):
        assert type(mismatch(case, convolutions.cropped)) is ShapeMismatch

    @pytest.mark.parametrize("case", [EMPTY, ZEROS], ids=str)
    def test_dtype_is_judged_where_values_are_vacuous(self, case):
        assert type(mismatch(case, convolutions.widened)) is DTypeMismatch

    def test_value_that_should_be_zero_is_judged(self):
        assert type(mismatch(ZEROS, convolutions.off_by_one)) is ValueMismatch

    def test_shape_is_judged_before_dtype(self):
        assert type(mismatch(CASE, lambda case: convolutions.widened(case)[:1])) is ShapeMismatch

    def test_dtype_is_judged_before_values(self):
        assert type(mismatch(CASE, lambda case: convolutions.widened(case) + 1)) is DTypeMismatch

    def test_subject_is_asked_once_by_default(self):
        assert check(CASE, convolutions.wavering()).outcome == "agrees"

    def test_third_answer_is_compared_with_the_first(self):
        subject = iter([convolutions.right(CASE), convolutions.right(CASE), convolutions.off_by_one(CASE)])
        assert type(mismatch(CASE, lambda case: next(subject), repeats=3)) is NotRepeatable

    def test_negative_zero_has_different_bits(self):
        signs = iter([1, -1])
        negates = mismatch(ZEROS, lambda case: convolutions.zeros(case) * np.float32(next(signs)), repeats=2)
        assert negates.verdict.sentence == (
            "answered twice, 4 of 4 values have different bits; at (0, 0, 0) first 0.0, then -0.0"
        )

    def test_second_answer_of_another_shape_is_not_repeatable(self):
        answers = iter([convolutions.right(CASE), convolutions.flattened(CASE)])
        assert mismatch(CASE, lambda case: next(answers), repeats=2).verdict.sentence == (
            "answered twice, it gave float32 (2, 5, 4, 2) and float32 (80,)"
        )

    def test_subject_that_raises_the_second_time_is_refused(self):
        answers = iter([convolutions.right(CASE)])
        assert type(mismatch(CASE, lambda case: next(answers), repeats=2)) is Refused

    def test_subject_that_declines_the_second_time_is_not_repeatable(self):
        asked = iter([convolutions.right, convolutions.declines])
        wavers = mismatch(CASE, lambda case: next(asked)(case), repeats=2)
        assert type(wavers) is NotRepeatable
        assert wavers.verdict.sentence == "answered once, then declined: no kernel for this shape"

    def test_answers_in_one_buffer_are_told_apart(self):
        assert type(mismatch(CASE, convolutions.in_one_buffer(), repeats=2)) is NotRepeatable

    def test_masked_values_are_judged(self):
        mask = np.arange(80).reshape(CASE.output_shape) == 0
        masks = mismatch(CASE, lambda case: np.ma.masked_array(convolutions.off_by_one(case), mask))
        assert type(masks) is ValueMismatch

    @pytest.mark.parametrize("like", [Shown, np.ma.masked_array], ids=["array-like", "masked"])
    def test_right_answer_may_be_anything_like_an_array(self, like):
        assert check(CASE, lambda case: like(convolutions.right(case))).outcome == "agrees"

    @pytest.mark.parametrize("dtype", FORMATS)
    def test_right_answer_agrees_in_every_dtype(self, dtype):
        assert check(replace(CASE, dtype=FORMATS[dtype].dtype), convolutions.right).outcome == "agrees"

    @pytest.mark.parametrize("dtype", FORMATS)
    def test_wrong_answer_is_seen_in_every_dtype(self, dtype):
        case = replace(CASE, dtype=FORMATS[dtype].dtype)
        assert type(mismatch(case, convolutions.off_by_one)) is ValueMismatch

    def test_subject_that_writes_to_its_input_spoils_no_later_check(self):
        mismatch(CASE, convolutions.writing_to("input"))
        assert check(CASE, convolutions.right).outcome == "agrees"

    @pytest.mark.parametrize("part", ["input", "filters", "bias"])
    def test_subject_that_writes_spoils_no_array_of_the_case(self, part):
        case = replace(CASE)
        before = getattr(case, part).copy()
        mismatch(case, convolutions.writing_to(part))
        assert np.array_equal(getattr(case, part), before)

    def test_case_that_its_owner_spoiled_is_checked_afresh(self):
        case = replace(CASE)
        case.input[...] = 7
        assert check(case, convolutions.right).outcome == "agrees"


class TestKinds:
    @wrong
    def test_kind_alone_is_enough_to_be_raised(self, subject, kind, sentence):
        alone = [name for name, class_ in MISMATCHES.items() if class_ is kind]
        assert type(mismatch(CASE, subject, kinds=alone, repeats=2)) is kind

    @wrong
    def test_kind_left_out_is_not_raised(self, subject, kind, sentence):
        alone = [name for name, class_ in MISMATCHES.items() if class_ is kind]
        assert check(CASE, subject, kinds=kinds_but(*alone), repeats=2).holds

    def test_what_is_not_judged_is_said(self):
        assert check(CASE, convolutions.raises, kinds=("shape",)) == Verdict(
            outcome="vacuous",
            sentence="it raised RuntimeError: no kernel for this shape, which is not judged here",
        )

    def test_values_of_another_dtype_are_judged_where_dtype_is_not(self):
        twice = lambda case: 2 * convolutions.widened(case)  # noqa: E731
        assert type(mismatch(CASE, twice, kinds=("value",))) is ValueMismatch

    @pytest.mark.parametrize("kind", ["<U1", "O", "complex128"])
    def test_values_that_are_no_real_numbers_are_vacuous_where_dtype_is_not_judged(self, kind):
        verdict = check(CASE, lambda case: np.zeros(case.output_shape, kind), kinds=("value", "non-finite"))
        assert (verdict.outcome, verdict.sentence) == (
            "vacuous",
            f"the answer is {np.dtype(kind).name}, not float32, which is not judged here",
        )

    @pytest.mark.parametrize("kind", ["<U1", "O", "complex128"])
    def test_values_that_are_no_real_numbers_have_the_wrong_dtype(self, kind):
        assert type(mismatch(CASE, lambda case: np.zeros(case.output_shape, kind))) is DTypeMismatch


class TestCompare:
    def test_right_answer_agrees(self):
        assert compare(CASE, convolutions.right(CASE)) == Verdict(outcome="agrees")

    @pytest.mark.parametrize(
        ("actual", "kind"),
        [
            (convolutions.cropped(CASE), "shape"),
            (convolutions.widened(CASE), "dtype"),
            (convolutions.off_by_one(CASE), "value"),
            (convolutions.poisoned(CASE), "non-finite"),
            (None, "refused"),
            ([1.0], "refused"),
            (np.full(CASE.output_shape, "a"), "dtype"),
        ],
    )
    def test_disagreement_is_not_raised(self, actual, kind):
        assert compare(CASE, actual).kind == kind

    def test_disagreement_does_not_hold(self):
        assert not compare(CASE, convolutions.zeros(CASE)).holds

    def test_what_can_be_shown_as_an_array_is_compared(self):
        assert compare(CASE, Shown(convolutions.right(CASE))).outcome == "agrees"

    def test_what_is_shown_as_a_wrong_array_disagrees(self):
        assert compare(CASE, Shown(convolutions.zeros(CASE))).kind == "value"

    def test_answer_is_left_alone(self):
        actual = convolutions.off_by_one(CASE)
        before = actual.copy()
        compare(CASE, actual)
        assert np.array_equal(actual, before)

    def test_missing_nan_is_non_finite(self):
        case = Case.parse("conv_i4_k1_s2_valid_unread")
        actual = np.where(np.arange(2).reshape(1, 2, 1), np.nan, convolutions.right(case)).astype(np.float32)
        assert compare(case, actual).kind == "non-finite"

    @pytest.mark.parametrize(("times", "outcome"), [(0.99, "agrees"), (1.01, "disagrees")])
    def test_bound_divides_right_from_wrong(self, times, outcome):
        assert compare(CANCELLING, within_bound(CANCELLING, times)).outcome == outcome

    def test_error_is_in_units_of_what_is_allowed(self):
        assert compare(CANCELLING, within_bound(CANCELLING, 0.5)).error == pytest.approx(0.5, rel=0.05)

    def test_exact_answer_has_no_error(self):
        assert compare(CASE, convolutions.right(CASE)).error == 0.0

    def test_worst_element_is_the_furthest_in_units_of_what_is_allowed(self):
        actual = convolutions.right(CASE).copy()
        actual[1, 2, 3, 1] += 5
        actual[0, 1, 1, 0] -= 4
        assert compare(CASE, actual).worst.index == (1, 2, 3, 1)


def test_unread_case_in_which_every_cell_is_read_is_vacuous():
    verdict = check(Case.parse("conv_i4_k2_valid_unread"), convolutions.right)
    assert (verdict.outcome, verdict.sentence) == ("vacuous", "every cell of the input is read")


def test_unread_case_with_a_remainder_is_graded():
    assert check(Case.parse("conv_i4_k1_s2_valid_unread"), convolutions.right).outcome == "agrees"


def test_values_in_a_wider_dtype_are_judged_as_the_right_one_holds_them():
    case = Case.parse("conv_i1_c3_k1_same_float16_dyadic15")
    assert check(case, reference, kinds=("value", "non-finite")).outcome == "agrees"
