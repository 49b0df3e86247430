"""The faults of quantised convolutions: each is seen where it is caught, killed and named."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from strategies import cases
from strategies.sample import sample
from tests.faults.test_faults import is_caught
from verify import Case, check
from verify.cases.dtypes import QUANTISED
from verify.cases.predicates import names_of
from verify.checks.path import Examiner
from verify.checks.subject import describe
from verify.faults import FAULTS, Fault, fault_named
from verify.faults.catalogue import quantised
from verify.faults.summation import CORRECT
from verify.faults.visibility import is_visible
from verify.oracle.bounds import judgement
from verify.oracle.schemes import SCHEMES
from verify.runs.selftest import kill_matrix, with_narrow

SMALL = cases(
    operations=("conv", "depthwise"),
    dtypes=tuple(QUANTISED),
    around=("bias", "relu", "relu6"),
    max_side=7,
    max_kernel=3,
)
WHOLE = frozenset({"input-modified", "wavers", "adds-onto-memory"})


def quantised_as_subject(fault: Fault) -> object:
    def subject(case: Case) -> np.ndarray:
        return fault(case)

    subject.dtypes = tuple(QUANTISED)
    subject.operations = ("conv", "depthwise")
    subject.scheme = getattr(fault, "scheme", "")
    return subject


@given(case=SMALL, fault=st.sampled_from([fault for fault in FAULTS if fault.name not in WHOLE]))
def test_a_fault_is_visible_exactly_where_it_is_caught(case: Case, fault: Fault) -> None:
    assert is_caught(case, quantised_as_subject(fault)) == is_visible(fault, case)


@given(case=SMALL)
def test_no_fault_is_caught_where_its_condition_says_that_it_cannot_be(case: Case) -> None:
    names = names_of(case)
    unneeded = [
        fault for fault in quantised.QUANTISED if fault.applies.holds(names) and not fault.needs.holds(names)
    ]
    assert [fault.name for fault in unneeded if is_caught(case, fault)] == []


@pytest.mark.parametrize("order", CORRECT)
@given(case=SMALL)
def test_every_order_of_summation_holds(order: str, case: Case) -> None:
    assert not is_caught(case, quantised_as_subject(CORRECT[order]))


def complaints(faults: Sequence[Fault], seed: int) -> list[str]:
    """What is wrong with the kills of some faults, of 150 cases drawn."""
    kills = kill_matrix(with_narrow(sample(150, seed, SMALL)), faults)
    return [kill.complaint for kill in kills if kill.complaint]


def test_some_faults_are_killed_and_named() -> None:
    assert complaints(quantised.QUANTISED[::5], 0) == []


@pytest.mark.long
@pytest.mark.parametrize("seed", range(5))
def test_every_fault_is_killed_and_named_on_every_seed(seed: int) -> None:
    assert complaints(quantised.QUANTISED, seed) == []


@pytest.mark.parametrize("fault", quantised.QUANTISED, ids=lambda fault: fault.name)
def test_a_fault_by_its_name_is_drawn_quantised_cases_alone(fault: Fault) -> None:
    domain = describe(fault).drawn()
    assert domain.holds(Case.parse(fault.word))
    assert not domain.holds(Case.parse("conv_i1_k1_same_ones"))


@pytest.mark.parametrize("name", ["odd-cell-before", "same-not-clamped", "same-of-stride-1"])
def test_faults_of_same_are_seen_in_quantised_cases(name: str) -> None:
    fault = fault_named(name)
    assert any(is_visible(fault, case) for case in sample(150, 0, SMALL))


BYTES = cases(
    operations=("conv", "depthwise"), dtypes=("int8",), around=("bias", "relu", "relu6"), max_side=7
)


@pytest.mark.parametrize("declared", SCHEMES)
def test_other_rounding_than_the_declared_one_is_caught(declared: str) -> None:
    drawn = sample(100, 0, BYTES)
    family = SCHEMES[declared].family
    for followed in [name for name, scheme in SCHEMES.items() if scheme.family != family]:

        def subject(case: Case, scheme: str = followed) -> np.ndarray:
            return judgement(case, scheme=scheme).wanted.astype(case.dtype)

        subject.dtypes, subject.operations, subject.scheme = ("int8",), ("conv", "depthwise"), declared
        examiner = Examiner(subject=describe(subject))
        assert any(examiner.examine(case).fails for case in drawn), f"{followed} passes for {declared}"


def test_answer_of_the_declared_scheme_agrees() -> None:
    for scheme in SCHEMES:

        def subject(case: Case, scheme: str = scheme) -> np.ndarray:
            return judgement(case, scheme=scheme).wanted.astype(case.dtype)

        subject.dtypes, subject.operations, subject.scheme = ("int8",), ("conv", "depthwise"), scheme
        assert all(check(case, subject).holds for case in sample(15, 1, BYTES))
