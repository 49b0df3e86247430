"""Correct convolutions in NumPy: none is accused by the bound of its arithmetic, all by that of products."""

import pytest

from verify.cases.case import Case
from verify.cases.operands import Array
from verify.checks.path import Examiner, check
from verify.checks.subject import describe
from verify.faults.witnesses import witnesses
from verify.gate.drawing import cases_by_way, sample
from verify.oracle.compare import KINDS
from verify.subjects.numpy import subject as subject_of
from verify.subjects.numpy.ways import WAYS

SUBJECT = describe(subject_of("numpy"))

MANY_FAULTS = 70


def failing(way: str, examples: int) -> list[str]:
    subject = SUBJECT.ways[way]
    examiner = Examiner(subject=subject)
    drawn = sample(examples, 5, cases_by_way({way: subject.drawn()}))
    return [str(case) for _, case in drawn if examiner.examine(case).fails]


@pytest.mark.parametrize("way", WAYS)
def test_no_answer_is_accused(way: str, request: pytest.FixtureRequest):
    examples = 10_000 if request.config.getoption("--long") else 20
    assert failing(way, examples) == []


@pytest.mark.parametrize(
    ("way", "word"),
    [
        ("winograd4", "conv_i6x6_c3_k3x3_same_ints1"),
        ("winograd6", "conv_i8_k3_same_ints1"),
        ("winograd2", "conv_i8x8_c16_k3x3_same_nonfinite2"),
        ("fft", "conv_i6_k3_same_iota"),
        ("bfloat16x3", "conv_i6_k3_same_dyadic"),
        ("bfloat16", "conv_i6_k3_same_dyadic"),
        ("tfloat32", "conv_i6_k3_same_dyadic"),
    ],
)
def test_undeclared_arithmetic_is_accused(way: str, word: str):
    def undeclared(case: Case) -> Array:
        return WAYS[way](case)

    undeclared.operations = ("conv",)
    examination = Examiner(subject=describe(undeclared), kinds=KINDS).examine(Case.parse(word))
    assert examination.fails
    assert not Examiner(subject=SUBJECT.ways[way]).examine(Case.parse(word)).fails


def test_way_says_its_arithmetic():
    assert SUBJECT.ways["winograd4"].arithmetic == "winograd(4, 3)"
    assert SUBJECT.ways["im2col"].arithmetic == ""


def test_wrong_arithmetic_is_one_sentence():
    def conv(case: Case) -> Array:
        return case.input

    conv.arithmetic = "winogard(4, 3)"
    with pytest.raises(
        ValueError,
        match=r"has arithmetic = 'winogard\(4, 3\)', not one of .*; did you mean 'winograd\(4, 3\)'",
    ):
        check(Case.parse("conv_i1_k1_same_ones"), conv)


@pytest.mark.parametrize(
    "way",
    [
        pytest.param(way, marks=() if way == "winograd4" else pytest.mark.long)
        for way in WAYS
        if way != "loops"
    ],
)
def test_every_fault_but_rounded_operands_is_seen(way: str):
    domains = {way: SUBJECT.ways[way].drawn()}
    of_products = witnesses(domains)
    lost = of_products.keys() - witnesses(domains, arithmetics={way: SUBJECT.ways[way].arithmetic}).keys()
    assert len(of_products) > MANY_FAULTS
    assert lost <= {"operands-in-tf32", "operands-in-bf16"}
