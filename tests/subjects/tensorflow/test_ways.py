"""TensorFlow is gated, and what is written down about it is still true."""

from __future__ import annotations

import re
from functools import partial
from importlib import import_module
from itertools import product

import numpy as np
import pytest
from hypothesis import example, given, settings

from strategies import cases, illegal_cases
from verify import Case, Declined, Mismatch, check
from verify.cases.enumeration import Enumeration, enumeration_upto
from verify.cases.operations import OPERATIONS
from verify.cases.predicates import names_of
from verify.checks.bulk import examine_in_bulk
from verify.checks.deviations import Deviation, applying, routes_of
from verify.checks.limits import Limit
from verify.checks.path import Examiner
from verify.checks.predictions import explains
from verify.checks.subject import describe
from verify.gate import conformance
from verify.gate.survey import TRIES
from verify.subjects.built_in import NoCall
from verify.subjects.isolated import usual
from verify.subjects.processor import condition_names, onednn_dtypes
from verify.subjects.registry import load
from verify.subjects.tensorflow.imported import tf
from verify.subjects.tensorflow.switches import switches
from verify.subjects.tensorflow.tables import Documented
from verify.subjects.tensorflow.tables import limits as every_limit
from verify.subjects.tensorflow.unsaid import cannot_say
from verify.subjects.tensorflow.ways import WAYS, Way, known_deviations

LECTURE = Case.parse("conv_i7x7_c3_k3x3_f2_s2x2_valid_bias_cs231n")


NAMES = condition_names(switches())


def agrees_or_is_known(case: Case) -> bool:
    """Whether TensorFlow holds on a case, or a recorded deviation explains that it does not.

    It is asked in a worker, as some of the recorded end the process.
    """
    return (
        not Examiner(subject=describe(usual("tensorflow")), known=known_deviations("tensorflow"))
        .examine(case)
        .fails
    )


TestTensorflow = conformance("tensorflow")
TestConvolution = conformance("tensorflow:convolution")
TestGradient = conformance("tensorflow:gradient")
TestRaw = conformance("tensorflow:raw")
TestGraph = conformance("tensorflow:graph")
TestXla = conformance("tensorflow:xla")
TestKeras = conformance("tensorflow:keras")
TestLite = conformance("tensorflow:lite")


@example(case=LECTURE)
@given(case=cases())
@settings(deadline=None, max_examples=50)
def test_the_lecture_and_what_is_drawn_agrees_or_is_known(case: Case) -> None:
    assert agrees_or_is_known(case)


EVERY_WAY = list(dict.fromkeys(way for ways in WAYS.values() for way in ways if isinstance(way, Way)))

through = partial(pytest.mark.parametrize, "way", ids=lambda way: f"{way.mode}-{way.entry}-{way.name}")


@through([way for way in EVERY_WAY if way.operation == "conv" and 2 in way.ranks])
def test_tensorflow_gives_the_lecture_its_numbers(way: Way) -> None:
    first, second = np.moveaxis(way.answer(LECTURE)[0], -1, 0)
    assert first.tolist() == [[6, 4, 3], [13, 7, 4], [10, 9, 5]]
    assert second.tolist() == [[-1, -3, 1], [0, 6, 2], [1, -3, 12]]


# Two channels (1, 3, 5) and (2, 4, 6); each filter of two taps is 1 2 and 3 4 on them.
SMALL = {
    "depthwise": ("depthwise_i3_c2_k2_valid_iota", [[10, 20], [18, 32]]),
    "separable": ("separable_i3_c2_k2_f2_valid_iota", [[70, 100], [114, 164]]),
    "transpose": ("transpose_i3_k2_valid_iota", [[1], [4], [4]]),
    "filtergrad": ("filtergrad_i3_k2_valid_iota", [[[5]], [[8]]]),
}


def takes_small(way: Way) -> bool:
    """Whether it takes one axis, or a raw operation one of a row."""
    return (2 if way.entry.startswith("raw") else 1) in way.ranks and is_converted(way)


def is_converted(way: Way) -> bool:
    """Whether it answers with filters: BiasAddGrad, and Lite where it has a gradient, answer with a bias."""
    is_lite = way.mode == "lite" and way.entry.endswith("filter_gradient")
    return not is_lite and way.entry != "raw_bias_gradient"


@through([way for way in EVERY_WAY if way.operation in SMALL and takes_small(way)])
def test_every_entry_point_gives_what_is_worked_by_hand(way: Way) -> None:
    word, numbers = SMALL[way.operation]
    answer = way.answer(as_image(word) if way.entry.startswith("raw") else Case.parse(word))
    assert answer.reshape(np.shape(numbers)).tolist() == numbers


@through(
    [
        way
        for way in EVERY_WAY
        if way.operation == "filtergrad"
        and 1 in way.ranks
        and (way.entry == "raw_bias_gradient" or not way.entry.startswith("raw"))
    ]
)
def test_every_bias_has_the_gradient_that_is_worked_by_hand(way: Way) -> None:
    assert way.answer(Case.parse("filtergrad_i3_k2_valid_bias_iota")).tolist() == [3]


# Two cells of a channel; the filters 1 2 of one tap add to both answers.
POINTWISE = {
    "transpose": ("transpose_i2_c2_k1_f2_valid_iota", [[5, 11], [11, 25]]),
    "filtergrad": ("filtergrad_i2_c2_k1_f2_valid_iota", [[10, 14], [14, 20]]),
}


@through(
    [way for way in EVERY_WAY if "separable" in way.entry and "gradient" in way.entry and 1 in way.ranks]
)
def test_separable_gradients_take_their_second_step_for_a_convolution(way: Way) -> None:
    word, numbers = POINTWISE[way.operation]
    answer = way.answer(Case.parse(word))
    assert answer.reshape(np.shape(numbers)).tolist() == numbers


def test_onednn_computes_the_dtypes_that_tensorflow_says() -> None:
    supports = import_module("tensorflow.python.util._pywrap_utils").IsDataTypeSupportedByOneDNNOnThisCPU
    dtypes = {"float32": tf.float32, "bfloat16": tf.bfloat16, "float16": tf.float16}
    assert onednn_dtypes() == tuple(token for token, dtype in dtypes.items() if supports(dtype))


def as_image(word: str) -> Case:
    """The case of one axis as one of a row, which raw operations need."""
    return Case.parse(re.sub(r"_([ik])(\d)", r"_\g<1>1x\2", word))


def limits() -> list[Documented]:
    """Those of functions of tensors; tests/subjects/litert has those of operators."""
    return [documented for documented in every_limit() if "operator" not in documented.modes]


# Every limit with each way that has it and each of its words that can be asked by it.
PROVOCATIONS = [
    pytest.param(documented.limit, way, case, id=f"{way.mode}-{way.entry}-{case}")
    for documented in limits()
    for way in EVERY_WAY
    if documented.is_of(way.mode, way.entry) and way.unknown == "none"
    for case in map(Case.parse, documented.limit.words)
    if case.operation == way.operation and case.rank in way.ranks
    if documented.limit.when.holds(names_of(case, {**NAMES, "way": way.name}))
]


@pytest.mark.parametrize(("limit", "way", "case"), PROVOCATIONS)
def test_every_documented_limit_is_still_real(limit: Limit, way: Way, case: Case) -> None:
    with pytest.raises(Exception) as refusal:  # noqa: PT011 - TensorFlow's own errors, of several classes
        way.answer(case)
    assert any(words in str(refusal.value) for words in limit.says)
    assert isinstance(refusal.value, NoCall) == limit.ours


@pytest.mark.parametrize("documented", limits(), ids=lambda documented: documented.limit.words[0])
def test_every_limit_holds_of_each_of_its_words_with_onednn_on_or_off(documented: Documented) -> None:
    for case in map(Case.parse, documented.limit.words):
        names_by_way = [
            {**condition_names({"TF_ENABLE_ONEDNN_OPTS": setting}), "way": way.name}
            for setting in "01"
            for way in EVERY_WAY
            if documented.is_of(way.mode, way.entry)
        ]
        assert any(documented.limit.when.holds(names_of(case, names)) for names in names_by_way)


def test_every_limit_is_of_a_way_that_a_subject_takes() -> None:
    def is_used(documented: Documented) -> bool:
        return any(documented.is_of(way.mode, way.entry) for way in EVERY_WAY)

    assert [documented for documented in limits() if not is_used(documented)] == []


@through(EVERY_WAY)
def test_limits_are_the_ends_of_the_domain_of_a_way(way: Way) -> None:
    reasons = [each.reason for each in describe(way).domain.conditions]
    own = [reason for reason in reasons if reason.startswith("tf.pad has no cells")]
    assert len(own) == way.entry.startswith("padded")
    assert reasons == [*own, *(limit.says[0] for limit in way.limits)]


@pytest.mark.parametrize(
    ("subject", "word", "words"),
    [
        (
            "tensorflow",
            "conv_i3x3_k1x1_same_float64_cf_ones",
            "only supports the NHWC tensor format on the CPU",
        ),
        ("tensorflow/tf.nn.conv1d", "conv_i3_k2_p1.0_ones", "Expected string for argument 'padding' not"),
        ("tensorflow:convolution", "conv_i5_k2_s2_d2_same_ones", "in conjunction with `dilation_rate > 1`"),
        # Illegal calls that are refused whatever their numbers.
        (
            "tensorflow/tf.nn.conv1d",
            "conv_i3_k1_p0.-1_ones_illegal",
            "Expected string for argument 'padding' not",
        ),
        ("tensorflow:xla", "depthwise_i3_k1_s0_same_int32_ones_illegal", "Value for attr 'T' of int32"),
        (
            "tensorflow:raw",
            "conv_i3_k1_s0_same_ones_illegal",
            "The input must have 2 or 3 spatial dimensions but got 1",
        ),
        ("tensorflow:keras", "conv_i3_k1_p0.-1_ones_illegal", "Keras has no explicit padding"),
    ],
)
def test_what_is_documented_is_declined_in_the_words_of_the_error(
    subject: str, word: str, words: str
) -> None:
    with pytest.raises(Declined, match=words.replace("`", ".")):
        load(subject)(Case.parse(word))


def test_three_dilated_axes_go_through_convolution() -> None:
    verdict = check(Case.parse("conv_i5x5x5_k2x2x2_d2x1x3_valid_ints"), load("tensorflow"))
    assert verdict.outcome == "agrees"


@pytest.mark.parametrize("subject", ["tensorflow", "tensorflow:convolution"])
@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64", "int32"])
@pytest.mark.parametrize("geometry", ["i6_c2_k3_f2_s2", "i6x5_c4_k3x2_f2_g2", "i4x3x5_c2_k2x1x2_f3"])
def test_every_dtype_is_graded_in_every_rank_that_has_it(subject: str, dtype: str, geometry: str) -> None:
    if (dtype, geometry[:6]) == ("int32", "i4x3x5"):
        pytest.skip("tf.nn.conv3d has no int32")
    verdict = check(Case.parse(f"conv_{geometry}_same_{dtype}_bias_relu_ints3"), load(subject))
    assert verdict.outcome == "agrees"


def test_the_deviation_of_empty_answers_explains_that_their_memory_changes() -> None:
    named = {deviation.name: deviation for deviation in known_deviations("tensorflow")}
    deviation = named["onednn-empty-answer-is-not-written"]
    empty, onednn = Case.parse("conv_i1_k2_valid_ones"), condition_names({"TF_ENABLE_ONEDNN_OPTS": "1"})
    assert deviation.explains(empty, "not repeatable", onednn)
    assert not deviation.explains(LECTURE, "not repeatable", onednn)


APPLYING = [
    pytest.param(name, deviation, id=f"{name}-{deviation.name}")
    for name in WAYS
    for deviation in applying(known_deviations(name), load(name))
    if not deviation.sporadic
]


@pytest.mark.parametrize(("name", "deviation"), APPLYING)
def test_every_deviation_is_shown_by_its_word(name: str, deviation: Deviation) -> None:
    case = Case.parse(deviation.word)
    ways = [way for way in routes_of(deviation, usual(name)) if way.domain.holds(case)]

    def ask() -> None:
        # Memory that was never written may hold what is due, now and then.
        for way in ways * (TRIES if "not repeatable" in deviation.kinds else 1):
            check(case, way, repeats=2)

    with pytest.raises(Mismatch) as raised:
        ask()
    assert explains(deviation, raised.value.examination)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_graph_traces_every_entry_point_with_known_and_with_unknown_sizes(operation: str) -> None:
    ways = [way for way in WAYS["tensorflow:graph"] if way.operation == operation]
    entries = {(way.entry, way.ranks) for way in ways}
    traced = {((way.entry, way.ranks), way.unknown) for way in ways}
    assert traced == set(product(entries, ("none", "sizes", "all")))
    assert len(traced) == len(ways)


@pytest.mark.parametrize("name", WAYS)
def test_ways_of_a_subject_have_names_of_their_own(name: str) -> None:
    assert len({way.name for way in WAYS[name]}) == len(WAYS[name])


ENUMERATIONS = {
    "rank 1": enumeration_upto(6, ranks=(1,)),
    "rank 1, counts": enumeration_upto(2, ranks=(1,), channels=2, filters=2, groups=2, paddings=("same",)),
    "rank 2": enumeration_upto(2, paddings=("same", "valid", "explicit")),
    "depthwise": enumeration_upto(2, operations=("depthwise", "separable"), dilation=1, paddings=("same",)),
    "rank 3": enumeration_upto(2, ranks=(3,), dtypes=("float64",), dilation=1, paddings=("same",)),
}


@pytest.mark.parametrize("enumeration", ENUMERATIONS.values(), ids=ENUMERATIONS)
def test_tensorflow_has_no_counterexample_in_a_small_domain(enumeration: Enumeration) -> None:
    subject = load("tensorflow")
    swept = examine_in_bulk(
        subject,
        enumeration,
        places=range(enumeration.count),
        known=applying(known_deviations("tensorflow"), subject),
    )
    assert (swept.cases, swept.first) == (enumeration.count, {})
    assert swept.graded > enumeration.count / 4


@pytest.mark.parametrize(
    ("entry", "word", "why"),
    [
        (
            "layer_transpose",
            "transpose_i3_c5_k1_f2_g2_same_ones_illegal",
            "Keras has no groups in a transposed convolution",
        ),
        (
            "layer_transpose",
            "transpose_i3_k1_same_ones_o4_illegal",
            "a transposed convolution of Keras has no argument for the sizes of its answer",
        ),
        ("layer_transpose", "transpose_i3_k1_s0_same_ones_illegal", ""),
        ("layer_transpose", "transpose_i3_k1_same_ones_y1x3_illegal", ""),
        (
            "layer_transpose",
            "transpose_i3_k1_same_ones_x1x4x1_illegal",
            "a transposed convolution of Keras has no argument for the sizes of its answer",
        ),
        (
            "layer_conv",
            "conv_i3_k1_same_ones_wfloat16_illegal",
            "a layer has filters of its own shape and dtype, and casts its input to it",
        ),
        ("layer_conv", "conv_i3_k1_g0_same_ones_illegal", ""),
        (
            "conv_nd",
            "conv_i3_k1_g0_same_ones_illegal",
            "it takes no number of groups, which follow from the filters",
        ),
        (
            "conv_nd",
            "conv_i3_k1_same_ones_x1x1x3x1_illegal",
            "it takes an input with more than one axis of the batch, as documented",
        ),
        (
            "depthwise",
            "depthwise_i3_k1_same_ones_xscalar_illegal",
            "one axis is an image of one row, of which a scalar has none",
        ),
        (
            "conv_nd_input_gradient",
            "transpose_i3_k1_same_ones_x1x-1x1_illegal",
            "GradientTape takes the sizes of its answer from a tensor, which cannot have these",
        ),
        ("raw_input_gradient", "transpose_i3x3_k1x1_same_ones_x1x-1x3x1_illegal", ""),
        ("layer_conv_input_gradient", "transpose_i3_k1_same_ones_o4_illegal", ""),
    ],
)
def test_what_a_layer_cannot_say_of_an_illegal_call(entry: str, word: str, why: str) -> None:
    assert cannot_say(entry, Case.parse(word)) == why


@pytest.mark.parametrize("subject", WAYS)
@given(case=illegal_cases())
def test_every_illegal_call_has_a_way_or_is_declined(subject: str, case: Case) -> None:
    way, declined = load(subject).route(case)
    assert declined or case.operation in way.domain.operations


def test_illegal_call_is_in_the_domain_of_every_entry_point_that_can_be_asked() -> None:
    case = Case.parse("conv_i3x3_k1x1_s0x1_same_ones_illegal")
    entries = {
        WAYS["tensorflow:raw"][number].entry
        for number, way in enumerate(load("tensorflow:raw").routes)
        if way.domain.holds(case)
    }
    assert entries == {"raw_conv", "raw_general_conv", "raw_padded_conv"}


@pytest.mark.parametrize("word", ["transpose_i3_k1_s0_same_ones_illegal", "conv_i3_k1x1_same_ones_illegal"])
def test_illegal_call_that_a_layer_can_be_asked_is_refused_by_keras(word: str) -> None:
    with pytest.raises(ValueError, match="argument must be a tuple of"):
        load("tensorflow:keras")(Case.parse(word))


def test_conv3d_windows_of_same_start_at_a_cell_that_conv2d_does_not_read() -> None:
    image = Case.parse("conv_i1x3_k1x1_s1x3_same_float64_iota")
    volume = Case.parse("conv_i1x1x3_k1x1x1_s1x1x3_same_float64_iota")
    assert Way("eager", "conv_nd").answer(image).item() == 1.0
    assert Way("eager", "conv_nd").answer(volume).item() == 2.0
