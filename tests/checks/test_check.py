"""The judgment of one answer: which disagreement is raised, with what words, and what is let pass."""

from __future__ import annotations

import functools
from dataclasses import replace
from itertools import product

import ml_dtypes
import numpy as np
import pytest

from tests.models import summation
from tests.planted import convolutions
from verify import Case, Declined, Mismatch, Verdict, assert_conv, check, compare, conv, reference
from verify.cases.dtypes import FORMATS
from verify.cases.operands import Array
from verify.checks.check import (
    MISMATCHES,
    DTypeMismatch,
    InputModified,
    NonFiniteMismatch,
    NotRepeatable,
    Refused,
    ShapeMismatch,
    Subject,
    ValueMismatch,
    subject_name,
)
from verify.oracle.compare import KINDS, LOST, Kind

CASE = Case.parse("conv_n2_i5x4_c2_k3x2_f2_same_bias_ints3")
EMPTY = Case.parse("conv_n0_i2_k1_f2_same_ones")
ZEROS = Case.parse("conv_i0_k1_f2_p1.1_ones")
CANCELLING = Case.parse("conv_i1_c16_k1_same_f64_reals2")

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
    "raises": (convolutions.raises, Refused, "it raised RuntimeError: no kernel for this shape"),
    "raises with a traceback": (
        convolutions.raises_with_a_traceback,
        Refused,
        "it raised RuntimeError: at node Conv no kernel",
    ),
    "raises at length": (convolutions.raises_at_length, Refused, f"it raised RuntimeError: {'x' * 300}…"),
    "takes no case": (
        eval("lambda: 1"),
        Refused,
        "it raised TypeError: <lambda>() takes 0 positional arguments but 1 was given",
    ),
    "returns None": (convolutions.returning(None), Refused, "it returned None where an array is due"),
    "returns a list": (convolutions.returning([1.0]), Refused, "it returned a list where an array is due"),
    "returns an int": (convolutions.returning(1), Refused, "it returned an int where an array is due"),
    "wavers": (
        convolutions.wavering(),
        NotRepeatable,
        "answered twice, 1 of 80 values have different bits; at (0, 0, 0, 0) first 105.0, then 106.0",
    ),
}

wrong = pytest.mark.parametrize(("subject", "kind", "sentence"), WRONG.values(), ids=WRONG)


class Shown:
    """What a framework hands back: no array, but it can be shown as one."""

    def __init__(self, values: Array) -> None:
        self.values = values

    def __array__(self, dtype: object = None, copy: object = None) -> Array:
        return self.values


class Kernel:
    """A callable object without a name of its own."""

    def __call__(self, case: Case) -> Array:
        return convolutions.off_by_one(case)

    def method(self, case: Case) -> Array:
        return convolutions.off_by_one(case)


def mismatch(case: Case, subject: Subject, **options: object) -> Mismatch:
    with pytest.raises(Mismatch) as raised:
        check(case, subject, **options)
    return raised.value


def named(subject: Subject, name: str, **switches: str) -> Subject:
    """A subject with a name and switches, as a built-in one has them."""
    shown = functools.partial(subject)
    shown.name, shown.switches = name, switches
    return shown


def replay_line(subject: Subject) -> str:
    return str(mismatch(CASE, subject)).splitlines()[-1].removeprefix("  replay   ")


def kinds_but(kind: Kind) -> tuple[Kind, ...]:
    return tuple(each for each in KINDS if each != kind)


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
        answered = {each for kind, each in MISMATCHES.items() if kind not in (*LOST, "answered")}
        assert {kind for _, kind, _ in WRONG.values()} == answered

    def test_every_kind_has_a_class(self):
        assert tuple(MISMATCHES) == KINDS

    def test_right_subject_agrees(self):
        assert check(CASE, convolutions.right, repeats=3) == Verdict(outcome="agrees")

    def test_mismatch_is_an_assertion_error(self):
        assert issubclass(Mismatch, AssertionError)

    def test_mismatch_carries_its_case(self):
        assert mismatch(CASE, convolutions.zeros).case == CASE

    def test_mismatch_carries_the_name_of_its_subject(self):
        assert mismatch(CASE, convolutions.zeros).subject == "tests.planted.convolutions:zeros"

    def test_mismatch_carries_the_switches_of_its_subject(self):
        assert mismatch(CASE, named(convolutions.zeros, "mine", A="1")).switches == {"A": "1"}

    def test_mismatch_carries_its_verdict(self):
        verdict = mismatch(CASE, convolutions.off_by_one).verdict
        assert (verdict.outcome, verdict.kind, verdict.worst.index) == ("disagrees", "value", (0, 0, 0, 0))

    def test_error_of_a_subject_is_the_cause_of_the_mismatch(self):
        assert isinstance(mismatch(CASE, convolutions.raises).__cause__, RuntimeError)

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

    def test_subject_is_asked_once_unless_told(self):
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


class TestMessage:
    def test_message_on_exact_sums_is_literally(self):
        subject = named(convolutions.odd_cell_before, "tensorflow", TF_ENABLE_ONEDNN_OPTS="0")
        assert str(mismatch(Case.parse("conv_i1x2_k1x2_same_ones"), subject)) == (
            "tensorflow disagrees with the reference: 2 of 2 values differ\n"
            "  case     conv_i1x2_k1x2_same_ones\n"
            "  axis 1   size 2, kernel 2, stride 1, dilation 1 -> out 2, padding 0 before, 1 after\n"
            "  worst    at (0, 0, 0, 0): got 1.0, want 2.0, allowed 0 (the sums are exact)\n"
            "  looks like  SAME's odd cell placed before instead of after\n"
            "  replay   TF_ENABLE_ONEDNN_OPTS=0 conv-verify replay tensorflow conv_i1x2_"
            "k1x2_same_ones"
        )

    def test_message_within_a_bound_is_literally(self):
        case = Case.parse("conv_i2_c3_k1_s2_same_bf16_bias_reals1")
        assert str(mismatch(case, convolutions.off_by_one)) == (
            "tests.planted.convolutions:off_by_one disagrees with the reference: 1 of 1 values differ\n"
            "  case     conv_i2_c3_k1_s2_same_bf16_bias_reals1\n"
            "  axis 0   size 2, kernel 1, stride 2, dilation 1 -> out 1, padding 0 before, 0 after\n"
            "  worst    at (0, 0, 0): got 0.94140625, want -0.05812084674835205, allowed 0.000624"
            " (gamma_4 2.38e-07 of sum |x||w| + |b| = 0.0840379, summed in float32, rounded to bfloat16)\n"
            "  replay   conv-verify replay tests.planted.convolutions:off_by_one conv_i2"
            "_c3_k1_s2_same_bf16_bias_reals1"
        )

    def test_message_of_a_refusal_has_no_worst_value(self):
        place = f"{convolutions.__file__}:{convolutions.raises.__code__.co_firstlineno + 1}"
        assert str(mismatch(Case.parse("conv_i3_k1_same_ones"), convolutions.raises)) == "\n".join(
            [
                (
                    "tests.planted.convolutions:raises disagrees with the reference: "
                    "it raised RuntimeError: no kernel for this shape"
                ),
                "  case     conv_i3_k1_same_ones",
                f"  raised   at {place} in raises",
                "  replay   conv-verify replay tests.planted.convolutions:raises conv_i3_k1_same_ones",
            ]
        )

    def test_message_of_a_stray_nan_says_that_it_has_no_distance(self):
        assert str(mismatch(Case.parse("conv_i1_k1_same_ones"), convolutions.poisoned)).splitlines()[2] == (
            "  worst    at (0, 0, 0): got nan, want 1.0, allowed 0 (a NaN or an infinity has no distance)"
        )

    @pytest.mark.parametrize(
        ("subject", "name"),
        [
            (convolutions.right, "tests.planted.convolutions:right"),
            (Case, "verify.cases.case:Case"),
            (named(convolutions.right, "mylib.conv:fast"), "mylib.conv:fast"),
        ],
    )
    def test_name_of_a_subject_is(self, subject, name):
        assert subject_name(subject) == name

    def test_function_is_replayed_by_its_name(self):
        assert (
            replay_line(convolutions.off_by_one)
            == f"conv-verify replay tests.planted.convolutions:off_by_one {CASE}"
        )

    @pytest.mark.parametrize(
        "subject",
        [
            lambda case: convolutions.off_by_one(case),
            convolutions.writing_to("input"),
            Kernel(),
            Kernel().method,
            functools.partial(convolutions.off_by_one),
        ],
        ids=["lambda", "local function", "object", "bound method", "partial"],
    )
    def test_subject_that_no_name_reaches_is_replayed_in_python(self, subject):
        assert replay_line(subject) == f"verify.check(verify.Case.parse({str(CASE)!r}), subject)"


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
        GEOMETRIES.values(), ("f32", "f64", "f16", "bf16"), ("_cf",), ("", "_bias"), (1, 2)
    )
]
ONE = Case.parse("conv_i4_c2_k3_f2_valid_ints1")

exact = pytest.mark.parametrize("case", EXACT, ids=str)
real = pytest.mark.parametrize("case", REAL, ids=str)


def arguments(case: Case) -> dict[str, object]:
    """What `assert_conv` and `conv` are given for a case, its operands locked against writing."""
    given = case.make_operands()
    for part in given:
        if part is not None:
            part.flags.writeable = False
    return {
        "x": given.input,
        "w": given.factor,
        "strides": case.strides,
        "padding": case.padding,
        "dilations": case.dilations,
        "groups": case.groups,
        "bias": given.bias,
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
        given = ONE.make_operands()
        assert_conv(conv(given.input, given.factor).astype(np.float32), given.input, given.factor)

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
        assert complaint(ONE, convolutions.off_by_one(ONE)) == (
            "not the convolution of x and w: 1 of 4 values differ; "
            "the worst at (0, 0, 0): got 61.0, want 60.0, allowed 0 (the sums are exact)"
        )

    def test_wrong_dtype_is_said_literally(self):
        assert complaint(ONE, convolutions.widened(ONE)) == (
            "not the convolution of x and w: the answer is float64, not float32"
        )

    def test_wrong_shape_is_said_literally(self):
        assert complaint(ONE, convolutions.flattened(ONE)) == (
            "not the convolution of x and w: the answer has shape (4,), not (1, 2, 2)"
        )

    @pytest.mark.parametrize(("actual", "what"), [(None, "None"), ([1.0], "a list")])
    def test_no_array_is_said_literally(self, actual, what):
        assert complaint(ONE, actual).endswith(f"it returned {what} where an array is due")

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

    @pytest.mark.parametrize("shape", [(1,), (3,), (), (1, 2)])
    def test_bias_of_another_shape_is_refused(self, shape):
        assert refusal(ONE, convolutions.right(ONE), bias=np.ones(shape, np.float32)) == (
            f"bias has shape {shape}, not one number for each of 2 filters"
        )

    @pytest.mark.parametrize("name", ["int64", "uint8", "bool"])
    def test_operands_of_an_unknown_dtype_are_refused(self, name):
        given = {"x": ONE.input.astype(name), "w": ONE.filters.astype(name)}
        assert refusal(ONE, convolutions.right(ONE), **given) == (
            f"x is {name}; assert_conv judges float16, bfloat16, float32, float64 and int32"
        )

    def test_complex_operands_are_refused(self):
        given = {"x": ONE.input.astype("complex64"), "w": ONE.filters.astype("complex64")}
        assert (
            refusal(ONE, convolutions.right(ONE), **given) == "x is complex64, not an array of real numbers"
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
        given = arguments(case)
        assert_conv(convolutions.right(case), **given)
        assert given["x"].tobytes() + given["w"].tobytes() == case.input.tobytes() + case.filters.tobytes()

    @exact
    def test_conv_never_changes_its_operands(self, case):
        given = arguments(case)
        conv(**given)
        assert given["x"].tobytes() + given["w"].tobytes() == case.input.tobytes() + case.filters.tobytes()


def test_unread_case_in_which_every_cell_is_read_is_vacuous():
    verdict = check(Case.parse("conv_i4_k2_valid_unread"), convolutions.right)
    assert (verdict.outcome, verdict.sentence) == ("vacuous", "every cell of the input is read")


def test_unread_case_with_a_remainder_is_graded():
    assert check(Case.parse("conv_i4_k1_s2_valid_unread"), convolutions.right).outcome == "agrees"


def test_values_in_a_wider_dtype_are_judged_as_the_right_one_holds_them():
    case = Case.parse("conv_i1_c3_k1_same_f16_dyadic15")
    assert check(case, reference, kinds=("value", "non-finite")).outcome == "agrees"
