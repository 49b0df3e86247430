"""The quantised operators of TensorFlow Lite, in both packages: models, schemes, limits and deviations."""

from __future__ import annotations

import numpy as np
import pytest

from tests.subjects.asked import drawn
from verify import Case
from verify.cases.predicates import names_of
from verify.checks.deviations import CONDITION_NAMES
from verify.checks.path import Examiner
from verify.checks.subject import Description
from verify.oracle.bounds import judgement
from verify.subjects.described import data_of
from verify.subjects.documented import deviations_in, limits_in
from verify.subjects.litert.kernels import KERNELS
from verify.subjects.litert.models import OPERATORS
from verify.subjects.registry import is_installed, load

PACKAGES = {"tensorflow": "tensorflow:lite", "litert": "litert"}
SUBJECTS = tuple(filter(is_installed, PACKAGES.values()))
"""Those of the packages that are installed."""

WAYS = [
    f"{operator.name}+{dtype}{kernels}"
    for dtype in ("int8", "uint8", "int16")
    for operator in OPERATORS.values()
    for kernels in KERNELS
]
AROUND = ("bias", "relu", "relu6")

every_way = pytest.mark.parametrize("name", WAYS)
every_subject = pytest.mark.parametrize("subject", SUBJECTS)


def plain(way: Description, tokens: str) -> str:
    """A word of a way's operation and dtype."""
    operation, dtype = way.domain.operations[0], way.name.partition("+")[2].partition("+")[0]
    return f"{operation}_{tokens.replace('DTYPE', dtype)}"


def outcomes(subject: Description, way: Description, some: list[Case]) -> dict[str, list[str]]:
    """Each outcome with its words."""
    examiner = Examiner(subject=way, known=subject.known)
    made: dict[str, list[str]] = {}
    for case in some:
        made.setdefault(examiner.examine(case).outcome, []).append(str(case))
    return made


@every_subject
@every_way
class TestEachWay:
    def test_answer_is_what_is_worked_by_hand(self, subject, name):
        way = load(subject).ways[name]
        # 1·1 + 2·2, or 1·1 and 1·2, by 0.5 · 0.25 / 0.125 = 1
        case = Case.parse(plain(way, "i1x2_k1x2_valid_DTYPE_qx0.5_qw0.25_qy0.125_iota"))
        assert way(case).reshape(-1).tolist() == ([1, 2] if case.operation == "transpose" else [5])

    def test_every_answer_is_that_of_its_scheme(self, subject, name):
        described = load(subject)
        made = outcomes(described, described.ways[name], drawn(described.ways[name], 12, around=AROUND))
        assert "disagrees" not in made
        assert len(made["agrees"]) >= 6

    @pytest.mark.long
    def test_every_answer_of_many_is_that_of_its_scheme(self, subject, name):
        described = load(subject)
        made = outcomes(
            described, described.ways[name], drawn(described.ways[name], 3000, seed=1, around=AROUND)
        )
        assert "disagrees" not in made

    def test_ties_are_rounded_as_declared(self, subject, name):
        way = load(subject).ways[name]
        case = Case.parse(plain(way, "i9x9_k2x2_valid_DTYPE_qy16_levels3"))
        assert (np.asarray(judgement(case).allowed) > 0).sum() >= 3
        assert np.array_equal(way(case), judgement(case, scheme=way.scheme).wanted)

    def test_what_it_does_not_support_is_declined(self, subject, name):
        way = load(subject).ways[name]
        reasons = {
            "qx1e-10_ones": "its default kernels are others where a multiplier is below 2**-32",
            "qx1e-9_qy2e-9_relu6_ones": "the end of relu6 is a step of 32 bits",
            "cf_ones": "it answers data formats channels_last, not channels_first",
        }
        words = {plain(way, f"i3x3_k1x1_valid_DTYPE_{tokens}"): why for tokens, why in reasons.items()}
        assert {word: way.domain.why_not(Case.parse(word)) for word in words} == words


@every_subject
class TestDtypes:
    @pytest.mark.parametrize(
        ("way", "word", "answer"),
        [
            # (−4 + 3)·2 and (5 + 3)·2, by 0.5 · 0.25 / 0.125 = 1 and the zero point 7
            ("CONV_2D+int8", "conv_i1x1_k1x1_valid_int8_qx0.5z-3_qw0.25_qy0.125z7_ones", 8),
            ("DEPTHWISE_CONV_2D+int8", "depthwise_i1x1_k1x1_valid_int8_qx0.5z-3_qw0.25_qy0.125z7_ones", 8),
            ("TRANSPOSE_CONV+int8", "transpose_i1x1_k1x1_valid_int8_qx0.5z-3_qw0.25_qy0.125z7_ones", 8),
            ("CONV_2D+uint8", "conv_i1x1_k1x1_valid_uint8_qx0.5z3_qw0.25z9_qy0.125z7_ones", 8),
            ("DEPTHWISE_CONV_2D+uint8", "depthwise_i1x1_k1x1_valid_uint8_qx0.5z3_qw0.25z9_qy0.125z7_ones", 8),
            ("TRANSPOSE_CONV+uint8", "transpose_i1x1_k1x1_valid_uint8_qx0.5z3_qw0.25z9_qy0.125z7_ones", 8),
        ],
    )
    def test_zero_points_are_subtracted_and_added(self, subject, way, word, answer):
        assert load(subject).ways[way](Case.parse(word)).item() == answer

    def test_multiplier_of_wide_sums_has_15_bits(self, subject):
        case = Case.parse("conv_i1x1_c2_k1x1_valid_int16_qx0.1_qw0.3_levels2")
        ways = load(subject).ways
        answers = {ways[f"CONV_2D+int16{kernels}"](case).item() for kernels in KERNELS}
        assert answers == {judgement(case, scheme="short-once").wanted.item()}

    def test_filters_of_int8_have_no_zero_point(self, subject):
        case = Case.parse("conv_i3x3_k1x1_valid_int8_qw1z1_ones")
        reason = "int8 filters have the zero point 0, by the quantization specification"
        assert load(subject).ways["CONV_2D+int8"].domain.why_not(case) == reason

    @pytest.mark.parametrize("word", ["conv_i3x3_k1x1_valid_int8_qx2_qy1_ones"])
    def test_multiplier_of_1_or_more_may_overflow(self, subject, word):
        reason = "its product with a multiplier of 1 or more may overflow"
        assert load(subject).ways["CONV_2D+int8"].domain.why_not(Case.parse(word)) == reason

    @pytest.mark.parametrize(
        "word",
        [
            "transpose_i4_c8_k1_s2_same_int8_qw0.3_bias_ints",
            "transpose_i1_k1_s2_same_int8_qy2.4038696_ones",
        ],
    )
    def test_transposed_cells_between_the_windows_of_same_are_not_by_xnnpack(self, subject, word):
        case = Case.parse(word)
        ways = load(subject).ways
        reason = "its default kernels are the built-in ones where cells lie between the windows of SAME"
        assert ways["TRANSPOSE_CONV+int8"].domain.why_not(case) == reason
        by = ways["TRANSPOSE_CONV+int8+builtin"]
        assert np.array_equal(by(case), judgement(case, scheme=by.scheme).wanted)
        assert np.array_equal(ways["TRANSPOSE_CONV+int8"].call(case), by(case))

    @pytest.mark.parametrize("sizes", ["i3_k1_s2", "i7_k2_s3"])
    def test_cells_between_the_windows_of_valid_are(self, subject, sizes):
        case = Case.parse(f"transpose_{sizes}_valid_int8_qy2.4038696_bias_ints")
        way = load(subject).ways["TRANSPOSE_CONV+int8"]
        assert np.array_equal(way(case), judgement(case, scheme="float32").wanted)

    def test_a_worker_says_that_they_refuse_illegal_calls(self, subject):
        said = data_of(load(subject))["ways"]
        assert {name: said[name]["refuses"] for name in WAYS} == {
            name: load(subject).ways[name].operations for name in WAYS
        }


def provoked(subject: str) -> list[tuple[str, str, str, str]]:
    """The words of each limit with each way that has it: subject, way, word, and what is said."""
    framework = next(name for name, of in PACKAGES.items() if of == subject)
    every = [each for each in limits_in(framework) if "operator" in each.modes]
    return [
        (subject, way.name.rpartition("/")[2], word, each.limit.says)
        for each in every
        for word in each.limit.words
        for way in load(subject).ways.values()
        if each.is_of("operator", way.name.rpartition("/")[2])
        and way.domain.spaces.get(Case.parse(word).operation) is not None
        and Case.parse(word).format.token in way.domain.spaces[Case.parse(word).operation].dtypes
    ]


@every_subject
def test_every_limit_is_refused_in_its_words(subject):
    asked = provoked(subject)
    assert len(asked) >= 30
    for _, name, word, says in asked:
        way, case = load(subject).ways[name], Case.parse(word)
        assert not way.domain.holds(case)
        with pytest.raises(RuntimeError) as refusal:
            way.call(case)
        assert any(words in str(refusal.value) for words in says)


DEFECT = "depthwise_i4_k2_s4_same_int8_iota"


@every_subject
@pytest.mark.parametrize(
    "word",
    [
        DEFECT,
        "conv_i5x4_c3_k2x2_f2_s4x4_same_int8_qx0.5z-3_qw0.25x0.1_qy2z5_bias_levels0",
        "conv_i5x4_c3_k2x2_f2_s4x4_same_uint8_qx0.5z3_qw0.25_qy2z5_bias_levels0",
    ],
)
def test_xnnpack_does_not_clamp_the_padding_of_same_and_the_others_do(subject, word):
    case, described = Case.parse(word), load(subject)
    made = {}
    for name, way in described.ways.items():
        if name.startswith(OPERATORS[case.operation].name) and way.domain.holds(case):
            examination = Examiner(subject=way, known=described.known).examine(case)
            made[name] = examination.deviation.name if examination.deviation else examination.outcome
    operator = OPERATORS[case.operation].name
    release = {"tensorflow:lite": "lite-int8-same-without-clamp", "litert": "agrees"}
    assert made == {
        f"{operator}+{case.format.token}": release[subject],
        f"{operator}+{case.format.token}+builtin": "agrees",
        f"{operator}+{case.format.token}+reference": "agrees",
    }


def test_deviations_of_litert_are_those_of_old_releases():
    word = Case.parse(DEFECT)
    old = deviations_in("litert")
    of_int8 = [entry for entry in old if entry.is_of("litert/DEPTHWISE_CONV_2D+int8")]
    assert [entry.name for entry in of_int8 if entry.when.holds({**CONDITION_NAMES, **names_of(word)})] == [
        "litert-int8-same-without-clamp"
    ]
    shown = [entry for entry in old if entry.name == "litert-int8-same-without-clamp"]
    assert [entry.covers(version) for entry in shown for version in ("1.1.2", "2.1.0", "2.2.0")] == [
        True,
        True,
        False,
    ]


@pytest.mark.needs_tensorflow
def test_no_other_way_is_asked_quantised_cases():
    case = Case.parse("conv_i3x3_k1x1_valid_int8_ones")
    having = [name for name, way in load("tensorflow:lite").ways.items() if way.domain.holds(case)]
    assert having == [*(f"CONV_2D+int8{kernels}" for kernels in KERNELS), "TFLiteConverter+int8"]
    assert not load("tensorflow").domain.holds(case)
