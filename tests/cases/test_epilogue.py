"""The steps around a convolution: how they are spelled, and which there are."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from strategies.parts import LEAKY
from verify import Case, InvalidCase

SIMPLEST = Case(size=(3,), kernel=(2,), padding="SAME")


def refusal_of(**fields: object) -> str:
    with pytest.raises(InvalidCase) as refused:
        replace(SIMPLEST, **fields)
    return str(refused.value)


STEPS = ("relu", "relu6", "leaky0.25", "elu", "tanh", "sigmoid")

EPILOGUES = [
    "_".join(filter(None, steps)) for steps in product(("", "bias", "norm"), ("", "residual"), ("", *STEPS))
]


@pytest.mark.parametrize("epilogue", EPILOGUES)
@pytest.mark.parametrize("operation", ["conv", "depthwise", "separable", "transpose"])
def test_word_reads_back_with_every_epilogue(operation, epilogue):
    case = Case(
        operation=operation,
        size=(5,),
        kernel=(2,),
        padding="SAME",
        epilogue=tuple(filter(None, epilogue.split("_"))),
    )
    assert Case.parse(str(case)) == case
    assert epilogue in str(case)


@pytest.mark.parametrize(
    ("spelling", "step"),
    [
        ("leaky0.250", "leaky0.25"),
        ("leaky00.25", "leaky0.25"),
        ("leaky1", "leaky1"),
        ("leaky1.0", "leaky1"),
        ("leaky10", "leaky10"),
        ("leaky0.0", "leaky0"),
        ("leaky0.000000", "leaky0"),
        *((step, step) for step in LEAKY),
    ],
)
def test_leaky_relu_is_spelled_one_way(spelling, step):
    assert Case.parse(f"conv_i3_k2_same_{spelling}_ones").epilogue == (step,)


@pytest.mark.parametrize(
    "step", ["leaky", "leaky0.250", "leaky1.0", "leakyx", "leaky-1", "leaky1000", "leakynan"]
)
def test_leaky_relu_of_another_spelling_is_refused_as_a_field(step):
    assert refusal_of(epilogue=(step,)) == (
        f"{step!r} is none of the steps bias, norm, residual, relu, relu6, leaky, elu, tanh, sigmoid"
    )


def test_step_that_is_none_is_refused_as_a_field():
    assert refusal_of(epilogue=("swish",)) == (
        "'swish' is none of the steps bias, norm, residual, relu, relu6, leaky, elu, tanh, sigmoid"
    )
