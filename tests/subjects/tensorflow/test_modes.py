"""`tf.pad` before a convolution: its modes are the case's, also in gradients; beyond them it refuses."""

from __future__ import annotations

from itertools import product

import pytest

from verify import Case
from verify.checks.path import Examiner
from verify.checks.subject import Description
from verify.subjects.registry import load
from verify.subjects.tensorflow.unsaid import NO_CELLS

FORWARD = [f"tensorflow/tf.pad+tf.nn.conv{rank}d" for rank in (1, 2, 3)]
GRADIENTS = [
    f"tensorflow:gradient/tf.pad+tf.nn.conv{rank}d+{by}-gradient"
    for rank, by in product((1, 2, 3), ("input", "filter"))
]
OPERATIONS = {"input": "transpose", "filter": "filtergrad"}


def padded_cases(label: str) -> list[Case]:
    """Cases of a way in every mode and padding."""
    subject, rank = load(label), int(label.partition("tf.nn.conv")[2][0])
    operation = next((OPERATIONS[by] for by in OPERATIONS if f"{by}-gradient" in label), "conv")
    sizes, kernels, ends = ("3x4x5", "2x3x2", "p1.0x0.2x1.1")
    words = (
        f"{operation}_n2_{numbers}_c2_f3_{padding}_{mode}_{dtype}_ints2"
        for numbers in [f"i{'x'.join(sizes.split('x')[:rank])}_k{'x'.join(kernels.split('x')[:rank])}"]
        for padding in ("same", "x".join(ends.split("x")[:rank]))
        for mode in ("zeros", "reflect", "symmetric")
        for dtype in ("float32", "float64")
    )
    return [case for case in map(Case.parse, words) if subject.domain.holds(case)]


@pytest.mark.parametrize("label", [*FORWARD, *GRADIENTS])
def test_every_mode_of_tf_pad_agrees(label: str) -> None:
    cases, examiner = padded_cases(label), Examiner(subject=load(label))
    assert {case.padding_mode for case in cases} == {"zeros", "reflect", "symmetric"}
    outcomes = {str(case): examiner.examine(case).outcome for case in cases}
    assert [word for word, outcome in outcomes.items() if outcome != "agrees"] == []


def outcome_of(subject: Description, word: str) -> tuple[str, str]:
    examination = Examiner(subject=subject).examine(Case.parse(word))
    return examination.outcome, examination.verdict.sentence


@pytest.mark.parametrize(
    "word", ["conv_i2_k1_p2.0_reflect_ones_illegal", "conv_i2_k1_p0.3_symmetric_ones_illegal"]
)
def test_more_cells_than_can_be_repeated_are_refused(word: str) -> None:
    assert outcome_of(load(FORWARD[0]), word)[0] == "agrees"


def test_cells_that_no_numbers_say_are_not_asked_for() -> None:
    outcome, sentence = outcome_of(load(FORWARD[0]), "conv_i2_k1_s0_same_reflect_ones_illegal")
    assert (outcome, NO_CELLS in sentence) == ("declined", True)


@pytest.mark.parametrize("mode", ["circular", "replicate"])
def test_modes_that_tf_pad_lacks_are_outside(mode: str) -> None:
    assert not load(FORWARD[0]).domain.holds(Case.parse(f"conv_i3_k2_same_{mode}_ones"))


def test_other_ways_pad_with_zeros_alone() -> None:
    case = Case.parse("conv_i3x3_k2x2_same_reflect_ones")
    having = [name for name, way in load("tensorflow").ways.items() if way.domain.holds(case)]
    assert having == ["tf.pad+tf.nn.conv2d"]
