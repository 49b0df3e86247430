"""The faults of rounding: a subject that declares a scheme could have them, and is told which it follows."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from strategies import cases
from strategies.sample import sample
from tests.faults.test_quantised import complaints
from verify import Case
from verify.cases.operands import Array
from verify.cases.predicates import names_of
from verify.checks.diagnosis import diagnosed
from verify.checks.examination import disagreement
from verify.checks.path import Examiner
from verify.checks.subject import describe
from verify.faults import Fault, fault_named
from verify.faults.catalogue.rounding import ROUNDING
from verify.faults.visibility import visibility
from verify.oracle.bounds import judgement
from verify.oracle.schemes import SCHEMES, TOLD_APART

BYTES = cases(operations=("conv", "depthwise"), dtypes=("int8",), around=("bias", "relu"), max_side=7)
TIE = Case.parse("conv_i1_k1_same_int8_qy2_ones")
TIES = Case.parse("conv_i7x7_k1x1_f9_same_int8_qy4_levels3")

every_fault = pytest.mark.parametrize("fault", ROUNDING, ids=lambda fault: fault.name)


def following(scheme: str, declared: str = "") -> Callable[[Case], Array]:
    """A subject that answers by one scheme and declares another, or none."""

    def subject(case: Case) -> Array:
        return judgement(case, scheme=scheme).wanted.astype(case.dtype)

    subject.dtypes, subject.operations, subject.scheme = ("int8",), ("conv", "depthwise"), declared  # type: ignore[attr-defined]
    return subject


def named(subject: Callable[[Case], Array], drawn: list[Case]) -> tuple[str, ...]:
    """What the first disagreement of a subject looks like."""
    examiner = Examiner(subject=describe(subject))
    failed = next(seen for case in drawn if (seen := examiner.examine(case)).fails)
    return tuple(fault.name for fault in diagnosed(failed).looks_like)


@every_fault
def test_a_subject_that_declares_nothing_cannot_have_it(fault: Fault) -> None:
    assert fault.applies.holds(names_of(TIE))
    assert visibility(TIE, faults=(fault,)).possible == ()
    assert visibility(TIE.held_to(fault.scheme), faults=(fault,)).visible == (fault.name,)


@every_fault
def test_it_is_the_right_answer_of_a_subject_that_declares_another_scheme(fault: Fault) -> None:
    for scheme in SCHEMES.keys() - {*fault.schemes}:
        case = TIE.held_to(scheme)
        assert np.array_equal(fault(case), judgement(case).wanted)


def test_some_are_killed_and_named() -> None:
    assert complaints(ROUNDING[1::5], 0) == []


@pytest.mark.long
@pytest.mark.parametrize("seed", range(5))
def test_every_one_is_killed_and_named_on_every_seed(seed: int) -> None:
    assert complaints(ROUNDING, seed) == []


PAIRS = [
    (followed, declared)
    for followed in TOLD_APART
    for declared in SCHEMES
    if followed not in (declared, SCHEMES[declared].akin)
]


@pytest.mark.parametrize(
    ("followed", "declared"),
    [
        pair if place % 10 == 1 else pytest.param(*pair, marks=pytest.mark.long)
        for place, pair in enumerate(PAIRS)
    ],
)
def test_scheme_that_is_followed_in_place_of_the_declared_one_is_named(followed: str, declared: str) -> None:
    assert f"follows-{followed}" in named(following(followed, declared), [TIES])


def test_message_says_which_scheme_is_followed() -> None:
    failed = Examiner(subject=describe(following("fixed-twice", "float32"))).examine(TIE)
    assert (
        "looks like  the scheme fixed-twice, and not the one that is declared: a multiplier of 31 bits; "
        "rounded twice, halves up, then away from zero"
    ) in disagreement(diagnosed(failed))


@pytest.mark.parametrize("scheme", SCHEMES)
def test_other_faults_are_named_of_a_subject_that_declares_a_scheme(scheme: str) -> None:
    fault = fault_named("padding-not-the-zero-point")

    def subject(case: Case) -> Array:
        return fault(case.held_to(scheme))

    subject.dtypes, subject.operations, subject.scheme = ("int8",), ("conv", "depthwise"), scheme  # type: ignore[attr-defined]
    assert named(subject, sample(60, 3, BYTES)) == (fault.name,)
