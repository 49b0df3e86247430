"""What a deviation predicts: an answer, an error or a signal, and that nothing else is excused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from tests.planted import convolutions
from verify import Case
from verify.cases.operands import Array
from verify.checks.deviations import Deviation, condition, deviation_of, from_text, to_text
from verify.checks.examination import Examination, disagreement
from verify.checks.path import Examiner, excused
from verify.checks.predictions import explains, predicted
from verify.checks.subject import Subject, describe, elsewhere
from verify.faults import fault_named
from verify.faults.fault import right_answer
from verify.oracle.compare import disagrees
from verify.subjects.tensorflow.tables import deviations

ANY = {
    "name": "planted",
    "subjects": ["*"],
    "kinds": ["value", "non-finite", "shape"],
    "when": "True",
    "word": "conv_i1_k1_same_ones",
    "sentence": "It is planted.",
}


def recorded(**fields: object) -> Deviation:
    return deviation_of({**ANY, **fields})


def answers(subject: Subject, word: str) -> Examination:
    return Examiner(subject=describe(subject)).examine(Case.parse(word))


def computes(**fields: object) -> Callable[[Case], Array]:
    """A subject that answers another case right, from the operands that it is given."""

    def subject(case: Case) -> Array:
        other = replace(case, **fields)
        vars(other)["operands"] = case.operands
        values = reference_of(other)
        return values.astype(case.dtype)

    return subject


def reference_of(case: Case) -> Array:
    from verify.oracle.epilogue import follow
    from verify.oracle.problem import problem_of
    from verify.oracle.reference import linear

    return follow(problem_of(case), case.operands, linear(problem_of(case), case.operands))[0]


def one_more(subject: Callable[[Case], Array]) -> Callable[[Case], Array]:
    """A subject whose last value is off by a tenth of its largest besides."""

    def wrong(case: Case) -> Array:
        answer = np.array(subject(case))
        answer.flat[-1] += answer.dtype.type(1 + np.abs(answer.astype(np.float64)).max())
        return answer

    return wrong


INSTEAD = [
    ("conv_n2_i5x4_c2_k3x2_f2_s2x1_same", {"strides": "1"}, {"strides": (1, 1)}),
    ("conv_i5x4_k3x2_d2x1_valid", {"dilations": "dilations[::-1]"}, {"dilations": (1, 2)}),
    ("conv_i5x4_k3x2_p1.0x0.2_bias", {"padding": "'same'"}, {"padding": "SAME"}),
    ("conv_i5x4_k3x2_p1.0x0.2_cf", {"padding": "pads[::-1]"}, {"padding": ((0, 2), (1, 0))}),
    ("conv_i5_k3_z1.0_valid", {"border": "()"}, {"border": ()}),
    ("conv_i5_k3_same_residual_leaky0.5", {"slope": "0.25"}, {"epilogue": ("residual", "leaky0.25")}),
    ("conv_i5_k3_same_bias_relu", {"epilogue": "('bias',)"}, {"epilogue": ("bias",)}),
    ("separable_i6x6_c2_k2x2_m2_f3_d2x2_same", {"dilations": "(1, 1)"}, {"dilations": (1, 1)}),
    ("depthwise_i6x6_c2_k2x2_m2_s2x2_valid", {"strides": "(4, 4)"}, {"strides": (4, 4)}),
]


@pytest.mark.parametrize("fill", ["ints3", "reals3"])
@pytest.mark.parametrize(("word", "instead", "fields"), INSTEAD)
def test_answer_to_the_case_that_is_computed_instead_is_predicted(
    word: str, instead: dict[str, str], fields: dict[str, object], fill: str
):
    assert explains(recorded(instead=instead), wrong := answers(computes(**fields), f"{word}_{fill}")), wrong


@pytest.mark.parametrize("fill", ["ints3", "reals3"])
@pytest.mark.parametrize(("word", "instead", "fields"), INSTEAD)
def test_any_other_answer_is_not_predicted(
    word: str, instead: dict[str, str], fields: dict[str, object], fill: str
):
    wrong = answers(one_more(computes(**fields)), f"{word}_{fill}")
    assert wrong.fails
    assert excused(wrong, [recorded(instead=instead)]).fails


@pytest.mark.parametrize(
    "word", [f"{operation}_i7x6_k2x1_s4x3_same_reals" for operation in ("conv", "depthwise")]
)
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_fault_that_moves_windows_is_predicted_within_a_bound(word: str, dtype: str):
    fault, entry = fault_named("same-not-clamped"), recorded(fault="same-not-clamped")
    word = word.replace("_reals", f"_{dtype}_reals")
    assert explains(entry, answers(fault, word))
    assert not explains(entry, answers(one_more(fault), word))


@pytest.mark.parametrize("operation", ["transpose", "filtergrad"])
@pytest.mark.parametrize("fill", ["ints3", "reals3"])
def test_fault_of_a_gradient_is_predicted(operation: str, fill: str):
    word = f"{operation}_i7x6_c2_k2x3_f2_d2x1_same_{fill}"
    assert explains(recorded(fault="dilation-ignored"), answers(fault_named("dilation-ignored"), word))


def test_faults_and_an_accumulator_are_predicted_together():
    entry = recorded(fault=["padding-lost", "bias-twice"], accumulator="float16")
    padding, bias = fault_named("padding-lost"), fault_named("bias-twice")

    def both(case: Case) -> Array:
        from verify.faults.composed import Computed, judged, with_fault

        rule = judged(with_fault(with_fault(Computed(case), padding), bias), case)
        assert rule is not None
        return rule.wanted.astype(np.float16).astype(case.dtype)

    word = "conv_i7_c2_k3_f2_same_bias_reals3"
    assert explains(entry, answers(both, word))
    assert not explains(entry._replace(accumulator=""), answers(both, word))
    assert not explains(entry, answers(padding, word))


def test_first_image_repeated_is_predicted():
    def repeats(case: Case) -> Array:
        answer = right_answer(case)
        return np.repeat(answer[:1], case.batch, axis=0)

    entry = recorded(instead={"images": "0"})
    assert explains(entry, answers(repeats, "conv_n3_i4_k2_same_ints"))
    assert not explains(entry, answers(fault_named("answer-shifted"), "conv_n3_i4_k2_same_ints"))


def test_windows_that_begin_after_the_first_cell_are_predicted():
    entry = recorded(instead={"padding": "((-1, -1),)"})

    def inside(case: Case) -> Array:
        other = replace(case, size=(3,), padding="VALID")
        vars(other)["operands"] = case.operands._replace(input=case.input[:, 1:-1])
        return reference_of(other).astype(case.dtype)

    assert explains(entry, answers(inside, "conv_i5_k2_same_ints"))


def test_shape_of_zeros_is_predicted():
    entry = recorded(instead={"shape": "(batch,) + size + (filters,)"})
    assert explains(
        entry, answers(lambda case: np.zeros((2, 3, 4), np.float32), "conv_n2_i3_k2_f4_valid_ones")
    )
    assert not explains(
        entry, answers(lambda case: np.zeros((2, 3, 5), np.float32), "conv_n2_i3_k2_f4_valid_ones")
    )
    assert not explains(
        entry, answers(lambda case: np.ones((2, 3, 4), np.float32), "conv_n2_i3_k2_f4_valid_ones")
    )


def raises(case: Case) -> Array:
    raise KeyError("Biases must be 1D: [0,1]")


def test_shape_of_memory_that_was_never_written_is_predicted():
    entry = recorded(instead={"shape": "(batch, 2, 1)", "unwritten": "True"})
    assert explains(entry, answers(lambda case: np.full((1, 2, 1), 7e30, np.float32), "conv_i1_k1_same_ones"))
    assert not explains(entry, answers(lambda case: np.ones((1, 3, 1), np.float32), "conv_i1_k1_same_ones"))


def with_second(number: float) -> Subject:
    def planted(case: Case) -> Array:
        answer = right_answer(case)
        answer[0, 1] = number
        return answer

    return planted


def test_number_that_any_element_is_perhaps_is_predicted():
    entry = recorded(instead={"perhaps": "'nan'"})
    assert explains(entry, answers(with_second(np.nan), "conv_i3_k2_same_iota"))
    assert not explains(entry, answers(with_second(np.inf), "conv_i3_k2_same_iota"))
    assert not explains(entry, answers(with_second(0.0), "conv_i3_k2_same_iota"))


def test_error_is_predicted_by_its_class_and_words():
    wrong = answers(raises, "conv_i1_k1_same_ones")
    entry = recorded(kinds=["refused"], error=r"^KeyError: .*Biases must be 1D")
    assert explains(entry, wrong)
    assert not explains(entry._replace(error="^ValueError"), wrong)


def ends_by(signal: str) -> Callable[[Case], Array]:
    sentence = f"it was killed by {signal}"

    def subject(case: Case) -> Array:
        raise elsewhere(sentence)(disagrees("crashed", sentence))

    return subject


def test_signal_is_predicted():
    entry = recorded(kinds=["crashed"], signal=["SIGFPE", "SIGSEGV"])
    assert explains(entry, answers(ends_by("SIGSEGV"), "conv_i1_k1_same_ones"))
    assert not explains(entry, answers(ends_by("SIGABRT"), "conv_i1_k1_same_ones"))


def test_shape_of_the_answer_to_an_illegal_call_is_predicted():
    word = "transpose_i1_k1_s0_same_ones_illegal"
    entry = recorded(kinds=["answered"], answered="(batch,) + size + (channels,)")
    wrong = answers(lambda case: np.zeros((1, 1, 1), np.float32), word)
    assert explains(entry, wrong)
    assert not explains(entry._replace(answered="(batch, 2, 1)"), wrong)
    assert explains(entry._replace(answered=True), wrong)


@pytest.mark.parametrize(
    ("subject", "word", "fields", "said"),
    [
        (
            convolutions.off_by_one,
            "conv_i4_k1_s4_same_iota",
            {"fault": "same-not-clamped"},
            "  recorded as planted, which predicts 3.0 at (0, 0, 0); got ",
        ),
        (
            raises,
            "conv_i1_k1_same_ones",
            {"kinds": ["refused"], "error": "ValueError"},
            "  recorded as planted, which predicts an error like 'ValueError'; got KeyError: ",
        ),
        (
            ends_by("SIGABRT"),
            "conv_i1_k1_same_ones",
            {"kinds": ["crashed"], "signal": "SIGFPE"},
            "  recorded as planted, which predicts an end by SIGFPE; got: it was killed by SIGABRT",
        ),
    ],
)
def test_message_says_what_was_predicted(subject: Subject, word: str, fields: dict[str, object], said: str):
    assert said in disagreement(excused(answers(subject, word), [recorded(**fields)]))


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"instead": {"colour": "1"}}, "`instead` has 'colour'; it may have strides, dilations, padding, "),
        ({"instead": {"strides": "strids"}}, "name 'strids' is not defined; did you mean 'strides'?"),
        ({"instead": {"strides": 1}}, "instead is {'strides': 1}, not a table of strings"),
        ({"fault": "gremlins"}, "no fault is named 'gremlins'; `list` names them"),
        ({"fault": "wavers"}, "the fault 'wavers' predicts no answer"),
        (
            {"fault": ["padding-lost", "same-not-clamped"]},
            "the faults padding-lost and same-not-clamped both say which cells are read",
        ),
        ({"error": "x"}, "its error is of kinds that it does not have: out of memory, refused"),
        ({"kinds": ["crashed"], "signal": "SIGNAL"}, "no signal is named 'SIGNAL'"),
        ({"unjudged": True, "accumulator": "own"}, "what is unjudged predicts nothing, and it has fault, "),
        ({"unjudged": "yes"}, "unjudged is 'yes', not true or false"),
    ],
)
def test_prediction_that_cannot_be_made_is_refused(fields: dict[str, object], reason: str):
    with pytest.raises(ValueError, match="the deviation 'planted' cannot be read: ") as refused:
        recorded(**fields)
    assert reason in str(refused.value)


@pytest.mark.parametrize(
    ("instead", "reason"),
    [
        ({"strides": "(1, 2)"}, "`instead` has 2 numbers of strides, not 1"),
        ({"padding": "()"}, "`instead` has 0 numbers of padding, not 1"),
        ({"images": "(0, 0, 0)"}, "`instead` has 3 numbers of images, not 2"),
        ({"images": "(0, 2)"}, "`instead` has the image 2, of 2"),
        ({"border": "((1, 0), (0, 1))"}, "`instead` has 2 numbers of border, not 1"),
        ({"border": "((1, 2, 3),)"}, "it has ((1, 2, 3),) as border"),
        ({"padding": "'sama'"}, "it has 'sama' as padding"),
        ({"padding": "dtype"}, "it has 'float32' as padding"),
        ({"padding": "((0, 2**30),)"}, "it takes 2,147,483,654 cells, and at most 134,217,728 are computed"),
        ({"dilations": "2**40"}, "it has 1099511627776 as dilations"),
        ({"dilations": "('x',)"}, "it has ('x',) as dilations"),
        ({"strides": "0"}, "it has 0 as strides"),
        ({"epilogue": "('bias',)"}, "`instead` has the step bias, of which the case has no operand"),
        ({"epilogue": "('rely',)"}, "it has ('rely',) as epilogue"),
        ({"slope": "'x'"}, "it has 'x' as slope"),
        ({"shape": "(batch, 2**30)"}, "its answer has the shape (2, 1073741824)"),
        ({"shape": "batch"}, "it has 2 as shape"),
    ],
)
def test_count_of_numbers_that_belong_to_no_case_is_one_sentence(instead: dict[str, str], reason: str):
    case = Case.parse("conv_n2_i3_k1_same_ones")
    with pytest.raises(ValueError, match=r"^the deviation 'planted' cannot be computed ") as no:
        predicted(recorded(instead=instead), case, {})
    assert str(no.value).endswith(reason)


@pytest.mark.parametrize("perhaps", ["'x'", "size"])
def test_what_is_perhaps_no_number_is_one_sentence(perhaps: str):
    failure = answers(one_more(convolutions.answer), "conv_i3_k1_same_ones")
    with pytest.raises(
        ValueError, match=r"^the deviation 'planted' cannot be computed instead of .* as perhaps$"
    ):
        explains(recorded(instead={"perhaps": perhaps}), failure)


@pytest.mark.parametrize(
    ("fields", "broad"),
    [
        ({}, ("value", "non-finite", "shape")),
        ({"fault": "padding-lost"}, ()),
        ({"unjudged": True}, ()),
        ({"kinds": ["value", "refused"], "instead": {"slope": "0.2"}}, ("refused",)),
        ({"kinds": ["refused", "not repeatable"], "error": "x"}, ("not repeatable",)),
    ],
)
def test_kinds_that_are_not_predicted_are_broad(fields: dict[str, object], broad: tuple[str, ...]):
    assert recorded(**fields).broad == broad


def test_prediction_survives_json():
    entry = recorded(fault=["padding-lost"], accumulator="own", instead={"slope": "0.2"})
    assert from_text(to_text([entry]))[0]._replace(when=entry.when) == entry


def test_way_that_a_condition_names_has_a_prediction_of_its_own():
    entry = recorded(instead={"strides": "(2,) if way == 'fast' else (1,)"})
    wrong = answers(computes(strides=(1,)), "conv_i5_k1_s3_same_iota")
    fast = replace(describe(wrong.subject), condition_names={"way": "fast"})
    assert explains(entry._replace(when=condition("True")), wrong)
    assert not explains(entry, replace(wrong, subject=fast))


PHASES = "strides-within-phases"


def test_strides_within_phases_are_those_of_cells_that_were_moved_to_the_batch():
    case = Case.parse("depthwise_i9_c2_k2_m2_s2_d3_valid_ints")

    def moved(case: Case) -> Array:
        phases = [case.input[:, phase::3] for phase in range(3)]
        parts = []
        for phase in phases:
            other = replace(case, size=(3,), dilations=(1,))
            vars(other)["operands"] = case.operands._replace(input=phase)
            parts.append(reference_of(other))
        together = np.stack(parts, axis=2)
        return together.reshape(1, -1, 4).astype(case.dtype)

    assert explains(recorded(fault=PHASES), answers(moved, str(case)))


@pytest.mark.parametrize("residual", ["", "_residual"])
def test_answer_of_one_cell_is_repeated_for_a_residual(residual: str):
    case = Case.parse(f"depthwise_i3_k1_s2_d2_valid{residual}_iota")

    def one(case: Case) -> Array:
        first = case.input[:, :1] * case.filters[0]
        return first if case.residual is None else first + case.residual

    assert explains(recorded(fault=PHASES), answers(one, str(case)))


def test_unwritten_part_of_a_transpose_may_be_anything_and_what_is_written_may_not():
    case = Case.parse("transpose_i2_c4_k1_f4_g2_same_bias_ints")
    dense = case.cotangent.reshape(2, 4) @ case.filters[0].T
    entry = recorded(fault="groups-of-a-transpose-packed", kinds=["value", "non-finite"])

    def packed(last: float, first: float = 0) -> Examination:
        values = np.full(8, last)
        values[:4] = dense.ravel()
        values[0] += first
        answered = (values.reshape(1, 2, 4) + case.bias).astype(np.float32)
        return answers(lambda case: answered, str(case))

    assert explains(entry, packed(7e20))
    assert explains(entry, packed(np.nan))
    assert not explains(entry, packed(7e20, first=1))


@pytest.mark.parametrize(("factor", "fits"), [(2, True), (3, False)])
def test_answer_that_wavers_is_explained_where_it_fits_the_prediction(factor: int, fits: object):
    entry = recorded(fault="bias-twice", kinds=["value", "not repeatable"])
    wrong = answers(lambda case: right_answer(case) + (factor - 1) * case.bias, "conv_i3_k1_same_bias_ints")
    wavers = replace(wrong, verdict=disagrees("not repeatable", "2 of 3 values differ"))
    assert explains(entry, wavers) is fits


@pytest.mark.parametrize(
    ("fault", "word", "wanted"),
    [
        ("every-cell-meets-every-tap", "filtergrad_i3x1x1_k2x1x1_valid_float64_nonfinite1", ["nan", "nan"]),
        ("every-cell-meets-every-tap", "filtergrad_i3x1x1_k2x1x1_valid_float64_nonfinite2", ["-inf", "inf"]),
        ("padded-phases-read", "filtergrad_i3_k2_d2_same_float64_nonfinite1", ["nan", "nan"]),
        ("padded-phases-read", "filtergrad_i3_k2_d2_same_float64_nonfinite2", ["inf", "inf"]),
        ("zeros-between-read", "filtergrad_i4_k1_s4_valid_float64_unread2", ["nan"]),
        ("zeros-between-read", "filtergrad_i3_k3_s2_d2_same_float64_unread", ["nan", "nan", "72.0"]),
        (
            "zeros-between-read",
            "filtergrad_i17_k5_s3_d2_valid_float64_unread",
            ["nan", "124.0", "nan", "nan", "nan"],
        ),
        (
            "depthwise-step-times-zero",
            "transpose_i2_c2_k1_same_float64_nonfinite",
            ["-56.0", "-63.0", "nan", "nan"],
        ),
        ("depthwise-step-times-zero", "filtergrad_i2_c2_k1_f2_same_float64_nonfinite1", ["nan"] * 4),
        ("depthwise-step-times-zero", "filtergrad_i3_c2_k1_f2_s2_same_float64_nonfinite3", ["nan"] * 4),
    ],
)
def test_zeros_that_meet_what_no_window_reads_are_nan(fault: str, word: str, wanted: list[str]):
    answer = fault_named(fault)(Case.parse(word))
    assert [str(value) for value in answer.reshape(-1).tolist()] == wanted


def test_a_shape_below_zero_is_no_prediction() -> None:
    (entry,) = (each for each in deviations() if each.name == "raw-conv-pads-the-wrong-axes")
    case = Case.parse("conv_i2x2x1_k1x1x4_s1x1x2_p0.0x0.0x2.2_ones")
    rule = predicted(entry, case, {"way": "Conv"})
    assert rule is not None
    assert rule.wanted.shape == (1, 2, 6, 0, 1)
    assert predicted(entry._replace(instead={"shape": "(batch, -1)"}), case, {"way": "Conv"}) is None
