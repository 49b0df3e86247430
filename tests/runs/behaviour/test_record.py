"""What is recorded of a subject: every bit of its answers, or why there is none, and how far off they are."""

from __future__ import annotations

import os
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra.numpy import arrays

from tests.planted.behaving import (
    FORWARD,
    alternates,
    declines,
    fails,
    flattens,
    half_the_bound_too_large,
    lists,
    reuses_its_buffer,
    widens,
)
from verify import Case
from verify.cases.operands import Array
from verify.cases.predicates import Predicate
from verify.checks.deviations import Deviation
from verify.checks.subject import Subject, describe
from verify.faults import fault_named
from verify.faults.summation import CORRECT
from verify.runs.behaviour.baseline import fixed_cases
from verify.runs.behaviour.record import Response, behaviour_of, observe

LONG, SHORT, EXACT = (
    "conv_i8x8_c128_k3x3_f4_s3x3_same_reals",
    "depthwise_i40_c4_k24_valid_reals2",
    "conv_i6x6_c64_k1x1_f4_valid_dyadic1",
)
FLOATS = ("float16", "bfloat16", "float32", "float64")


def answer(subject: Subject, word: str = SHORT) -> Response:
    """What is recorded of one answer."""
    (observation,) = observe(subject, [Case.parse(word)], name="mine")
    return observation.answer


@pytest.mark.parametrize("token", [*FLOATS, "int32"])
@given(bits=arrays(np.uint8, (3, 8)))
def test_record_gives_back_every_bit_of_an_answer(token: str, bits: Array) -> None:
    case = Case.parse(f"conv_i3_k1_same_{token}_ones")
    values = bits[:, : case.dtype.itemsize].copy().view(case.dtype)[None]
    assert answer(lambda case: values, str(case)).values(case).tobytes() == values.tobytes()


@pytest.mark.parametrize(
    ("subject", "outcome"),
    [
        (declines, "declined"),
        (fails, "refused"),
        (lists, "refused"),
        (flattens, "float32 (68,)"),
        (widens, "float64 (1, 17, 4)"),
        (reuses_its_buffer, "not repeatable"),
        (alternates, "not repeatable"),
    ],
)
def test_why_there_is_no_answer_is_recorded(subject: Subject, outcome: str) -> None:
    assert answer(subject).outcome == outcome


def test_bits_of_a_wrong_form_are_recorded() -> None:
    assert answer(widens) != answer(lambda case: widens(case) * 2)


def test_call_that_is_refused_as_it_must_be_has_no_answer() -> None:
    assert answer(fails, "conv_i1_k1_s0_same_ones_illegal") == Response("refused")


def test_right_answer_of_exact_sums_has_no_error() -> None:
    assert answer(FORWARD, EXACT).error == 0


def test_wrong_answer_of_exact_sums_is_infinitely_far_off() -> None:
    assert answer(lambda case: FORWARD(case) + np.float32(1), EXACT).error == np.inf


def test_error_is_counted_in_units_of_the_bound() -> None:
    assert answer(half_the_bound_too_large, LONG).error == pytest.approx(0.5, rel=0.01)


@pytest.mark.parametrize("token", FLOATS)
def test_every_two_orders_have_other_bits_in_the_fixed_cases(token: str) -> None:
    reals = [case for case in fixed_cases() if case.fill == "reals" and case.format.token == token]
    orders = {
        order: [seen.answer.bits for seen in observe(subject, reals, name="mine")]
        for order, subject in CORRECT.items()
    }
    assert [pair for pair in combinations(CORRECT, 2) if orders[pair[0]] == orders[pair[1]]] == []


def outcomes(subject: Subject, *words: str, known: tuple[Deviation, ...] = ()) -> list[str]:
    return [
        seen.examination.outcome
        for seen in observe(subject, map(Case.parse, words), name="mine", known=known)
    ]


def test_cases_are_judged() -> None:
    assert outcomes(FORWARD, LONG, "conv_n0_i1_k1_same_ones") == ["agrees", "vacuous"]
    assert outcomes(declines, LONG) == ["declined"]
    assert outcomes(fault_named("bias-twice"), "conv_i1_k1_same_bias_ones") == ["disagrees"]


def test_disagreement_that_is_known_is_told_from_others() -> None:
    known = Deviation(
        name="fails", subjects=("*",), kinds=("refused",), when=Predicate("rank == 1"),
        word=SHORT, sentence="It fails.",
    )  # fmt: skip
    assert outcomes(fails, LONG, SHORT, known=(known,)) == ["disagrees", "known"]


def test_record_has_the_versions_and_the_machine() -> None:
    record = behaviour_of(describe(FORWARD), [])
    assert (record.versions["numpy"], record.machine["cores"]) == (np.__version__, str(os.cpu_count()))


def test_version_of_a_users_subject_is_recorded() -> None:
    subject = replace(describe(FORWARD), version="1.5")
    assert behaviour_of(subject, []).versions["subject"] == "1.5"
