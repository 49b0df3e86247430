"""Quantised answers: the reference against rational arithmetic, and where two answers are right."""

from __future__ import annotations

import numpy as np
import pytest

from strategies import cases
from strategies.sample import sample
from tests.models import requantising
from tests.models.rational import same
from verify import Case, Mismatch, check, compare, reference
from verify.cases.dtypes import QUANTISED
from verify.cases.quantised import OPERATIONS
from verify.oracle.bounds import judgement
from verify.oracle.requantised import open_share
from verify.oracle.schemes import SCHEMES

SMALL = {"max_side": 5, "max_kernel": 3, "max_channels": 9, "max_batch": 2}


def drawn(count: int, *, seed: int = 0, dtypes: tuple[str, ...] = tuple(QUANTISED)) -> list[Case]:
    around = ("bias", "relu", "relu6")
    return sample(
        count,
        seed,
        cases(operations=OPERATIONS, dtypes=dtypes, around=around, **SMALL),
    )


@pytest.mark.parametrize("count", [120, pytest.param(2000, marks=pytest.mark.long)])
def test_reference_is_the_nearest_step_of_rational_arithmetic(count):
    for case in drawn(count):
        assert np.array_equal(reference(case), requantising.answer(case).astype(np.float64)), str(case)


def test_padding_is_the_zero_point():
    case = Case.parse("conv_i1_k3_same_int8_qx1z-100_ones")
    assert same(1, 3, 1, 1) == (1, 1)
    assert case.input.tolist() == [[[-99]]]
    assert reference(case).tolist() == [[[1.0]]]


def test_every_scheme_is_right_where_none_is_declared():
    for case in drawn(150, seed=1, dtypes=("int8", "uint8")):
        rule = judgement(case)
        for name in SCHEMES.keys() - {"short-once"}:  # whose multiplier is another by up to 2**-15
            wanted = judgement(case, scheme=name).wanted
            assert (np.abs(wanted - rule.wanted) <= rule.allowed).all(), f"{name} on {case}"


def test_tie_leaves_two_answers_and_no_third():
    word = "conv_i1_k1_same_int8_qy2_ones"  # 1 · 1 / 2
    assert judgement(Case.parse(word)).wanted.tolist() == [[[0.5]]]
    answers = {step: compare(Case.parse(word), np.full((1, 1, 1), step, np.int8)) for step in (-1, 0, 1, 2)}
    assert {step for step, verdict in answers.items() if verdict.holds} == {0, 1}


def test_declared_scheme_leaves_one():
    case = Case.parse("conv_i1_k1_same_int8_qy2_ones")
    even, up = np.zeros((1, 1, 1), np.int8), np.ones((1, 1, 1), np.int8)
    assert compare(case, even, scheme="float32").holds
    assert not compare(case, up, scheme="float32").holds
    assert compare(case, up, scheme="fixed-once").holds
    assert not compare(case, even, scheme="fixed-once").holds


@pytest.mark.parametrize("name", SCHEMES)
def test_scheme_of_fixed_point_says_nothing_of_sums_of_64_bits(name):
    case = Case.parse("conv_i9x9_k1x1_same_int16_qy2_coded")
    is_open = open_share(judgement(case, scheme=name)) > 0
    assert is_open == name.startswith("fixed")


def subject(case: Case) -> np.ndarray:
    return judgement(case, scheme="float32").wanted.astype(case.dtype)


def test_subject_that_declares_a_scheme_is_held_to_it():
    def declared(case: Case) -> np.ndarray:
        return subject(case)

    declared.scheme = "fixed-once"
    declared.dtypes = ("int8",)
    case = Case.parse("conv_i1_c3_k1_same_int8_qy2_ones")
    assert judgement(case, scheme="fixed-once").wanted.tolist() == [[[2.0]]]
    declared.scheme = "float32"
    assert check(case, declared).outcome == "agrees"
    other = Case.parse("conv_i1_k1_same_int8_qy2_ones")
    declared.scheme = "fixed-once"
    with pytest.raises(Mismatch, match=r"got 0\.0, want 1\.0"):
        check(other, declared)


def test_case_of_many_ties_proves_little_unless_a_scheme_is_declared():
    def undeclared(case: Case) -> np.ndarray:
        return subject(case)

    undeclared.dtypes = ("int8",)
    case = Case.parse("conv_i9x9_k1x1_same_int8_qy2_coded")
    assert open_share(judgement(case)) > 0.4
    verdict = check(case, undeclared)
    assert verdict.outcome == "vacuous"
    assert "no scheme is declared" in verdict.sentence
    undeclared.scheme = "float32"
    assert check(case, undeclared).outcome == "agrees"


def test_unknown_scheme_is_refused_in_a_sentence():
    def wrong(case: Case) -> np.ndarray:
        return subject(case)

    wrong.scheme = "float-32"
    with pytest.raises(ValueError, match=r"has scheme = 'float-32', not one of .*did you mean 'float32'\?"):
        check(Case.parse("conv_i1_k1_same_int8_ones"), wrong)
