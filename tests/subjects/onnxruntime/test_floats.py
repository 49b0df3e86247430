"""ONNX Runtime's Conv and ConvTranspose: padding by each rule, what it refuses, and what it does wrong."""

from __future__ import annotations

import pytest

from tests.subjects.asked import drawn
from verify import Case
from verify.checks.path import Examiner
from verify.checks.subject import Description, describe
from verify.gate.survey import refusal, words_of_limits
from verify.subjects.documented import deviations_in
from verify.subjects.isolated import usual
from verify.subjects.onnxruntime import subject
from verify.subjects.onnxruntime.floats import WAYS

HERE = describe(subject("onnxruntime"))
FLOATS = [way.name for way in WAYS]

every_way = pytest.mark.parametrize("name", FLOATS)
every_deviation = pytest.mark.parametrize("entry", deviations_in("onnxruntime"), ids=lambda entry: entry.name)


def crashes(case: Case) -> bool:
    return case.operation == "transpose" and case.rank == 3 and any(axis.out == 0 for axis in case.axes)


def harmless(way: Description, count: int, seed: int = 0) -> list[Case]:
    return [case for case in drawn(way, count, seed) if not crashes(case)]


@every_way
def test_every_answer_is_right_or_predicted(name):
    examiner = Examiner(subject=HERE.ways[name], known=HERE.known)
    examined = [examiner.examine(case) for case in harmless(HERE.ways[name], 25)]
    assert [str(each.case) for each in examined if each.fails] == []
    assert sum(each.outcome == "agrees" for each in examined) >= 12


@pytest.mark.long
@every_way
def test_every_answer_of_many_is_right_or_predicted(name):
    examiner = Examiner(subject=HERE.ways[name], known=HERE.known)
    assert [
        str(case) for case in harmless(HERE.ways[name], 2000, seed=1) if examiner.examine(case).fails
    ] == []


@pytest.mark.parametrize(
    ("word", "names"),
    [
        ("conv_i3_k2_s2_same_cf_ones", ["", "+auto-pad", "+same-lower"]),
        ("conv_i3_k1_s3_same_cf_ones", ["", "+auto-pad"]),  # where no SAME_LOWER is its mirror image
        ("conv_i3_k2_valid_cf_ones", ["", "+auto-pad"]),
        ("conv_i3_k2_p1.0_cf_ones", [""]),
    ],
)
def test_padding_is_written_in_each_way_that_can_say_it(word, names):
    having = [way.name for way in HERE.having(Case.parse(word)) if "unoptimized" not in way.name]
    assert having == [f"onnxruntime/Conv{name}" for name in names]


def test_same_lower_is_asked_of_a_mirrored_image():
    # SAME of 2 cells for a kernel of 2 reads cells 0 and 1, then 1 and one of zeros
    case = Case.parse("conv_i2_k2_same_cf_iota")
    assert case.input.ravel().tolist() == [1, 2]
    assert case.filters.ravel().tolist() == [1, 2]
    assert HERE.ways["Conv+same-lower"](case).tolist() == [[[5, 2]]]


@pytest.mark.parametrize("asked", words_of_limits(HERE.routes), ids=lambda asked: asked[2])
def test_every_limit_is_refused_in_its_words(asked):
    assert refusal(*asked) == ""


@every_deviation
def test_every_deviation_happens_as_predicted(entry):
    asked = describe(usual("onnxruntime"))  # in a worker, which one of them ends
    case = Case.parse(entry.word)
    ways = [way for way in asked.having(case) if entry.is_of_way(way.name)]
    found = {way.name: Examiner(subject=way, known=asked.known).examine(case).deviation for way in ways}
    assert found
    assert {name: each.name if each else None for name, each in found.items()} == dict.fromkeys(
        found, entry.name
    )


@pytest.mark.parametrize("size", [2, 3, 4, 5, 6, 8])
def test_half_of_a_negative_total_is_cut_off_as_predicted(size):
    case = Case.parse(f"conv_i{size}_k1_s6_same_cf_iota")
    examination = Examiner(subject=HERE.ways["Conv+auto-pad"], known=HERE.known).examine(case)
    is_cut = size % 6 in (0, 4, 5)
    assert (examination.fails, examination.verdict.kind) == (False, "value" if is_cut else None)
