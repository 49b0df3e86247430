"""Operands that are not C-contiguous, in a worker: laid out there, and watched there."""

from __future__ import annotations

import pytest

from tests.planted import memories
from tests.subjects.conftest import Isolate
from verify import Case
from verify.checks.path import Examiner
from verify.checks.subject import describe
from verify.subjects.answers import answer_in
from verify.subjects.protocol import BrokenStream
from verify.subjects.registry import load

WORD = "conv_n2_i6_c2_k2_f3_same_ints_memxstrided"


def sentence_of(isolate: Isolate, name: str, word: str) -> str:
    subject = describe(isolate(name, "tests.planted.memories"))
    return Examiner(subject=subject).examine(Case.parse(word)).verdict.sentence


def test_a_worker_makes_the_same_layout(isolate: Isolate) -> None:
    answer = isolate("strides", "tests.planted.memories")(Case.parse(WORD))
    assert answer.reshape(-1)[:3].tolist() == [24, 4, 2]
    assert (answer == memories.strides(Case.parse(WORD))).all()


@pytest.mark.parametrize(
    ("name", "word", "sentence"),
    [
        (
            "writes_into_gaps",
            WORD,
            "it wrote to 1 cell around or between the elements of its input (memxstrid",
        ),
        (
            "writes_behind_out",
            "conv_i1_k1_same_ones",
            "it wrote to 1 cell around or between the elements of the",
        ),
        (
            "scales_in_place",
            "conv_i1_k1_same_ones_memxreadonly",
            "it tried to write to its input, which is read",
        ),
        ("right", WORD, ""),
    ],
)
def test_what_is_written_in_a_worker_is_reported(
    isolate: Isolate, name: str, word: str, sentence: str
) -> None:
    assert sentence_of(isolate, name, word).startswith(sentence)


@pytest.mark.parametrize("beside", [{"bias": 1}, {"input": -1}, {"input": "1"}, 3])
def test_counts_that_there_are_not_are_refused(beside: object) -> None:
    case = Case.parse(WORD)
    header = {"answer": {"dtype": "<f4", "shape": [0]}, "modified": [], "sizes": [0], "beside": beside}
    with pytest.raises(BrokenStream, match="counts of memory"):
        answer_in(case, header, body=memoryview(b""))


def test_a_subject_says_which_layouts_it_takes() -> None:
    def some(case: Case) -> object:
        return case.input

    some.views = ("strided", "offset")  # type: ignore[attr-defined]
    domain = describe(some).domain
    assert domain.holds(Case.parse("conv_i1_k1_same_ones_memxstrided"))
    said = domain.why_not(Case.parse("conv_i1_k1_same_ones_memxreversed"))
    assert said == "it takes no operand that is reversed in memory; its `views` say which it takes"
    some.views = ("sideways",)  # type: ignore[attr-defined]
    with pytest.raises(ValueError, match="not True, False or a list of some of strided, sliced"):
        describe(some)


@pytest.mark.parametrize("name", ["numpy", "fault:gap-read"])
def test_subjects_of_the_project_in_numpy_take_views(name: str) -> None:
    assert load(name).domain.spaces["conv"].views
