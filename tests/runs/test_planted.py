"""Values planted in a subject's answers: all of them are reported, but where an entry excuses anything."""

from __future__ import annotations

import numpy as np
import pytest
from rich.console import Console

from tests.planted import convolutions
from verify import Case
from verify.cases.operands import Array
from verify.checks.deviations import Deviation, deviation_of
from verify.checks.path import Examiner
from verify.checks.subject import Subject, describe
from verify.faults import fault_named
from verify.oracle.bounds import judgement
from verify.oracle.compare import compare_values
from verify.runs.planted import planted_in, planting_of, selftest_of

ENTRY = {
    "name": "planted",
    "subjects": ["*"],
    "kinds": ["value", "non-finite", "shape"],
    "when": "rank == 1",
    "word": "conv_i4_k1_s4_same_iota",
    "sentence": "It is planted.",
}


def planted(word: str, subject: Subject = convolutions.right, *known: Deviation) -> tuple[Array, Array]:
    """A subject's answer to a case, and that with a planted value."""
    examination = Examiner(subject=describe(subject), known=known).examine(Case.parse(word))
    wrong = planted_in(examination, known)
    assert wrong is not None
    assert examination.answer is not None
    return examination.answer, wrong


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64", "int32"])
def test_element_is_the_next_number_where_sums_are_exact(dtype: str):
    right, wrong = planted(f"conv_i3_k2_same_{dtype}_ints")
    apart = np.flatnonzero(right != wrong)
    assert len(apart) == 1
    bits = f"i{right.dtype.itemsize}"
    assert abs(int(right.view(bits).flat[apart[0]]) - int(wrong.view(bits).flat[apart[0]])) == 1


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_element_lies_beyond_twice_its_bound_on_reals(dtype: str):
    case = Case.parse(f"conv_i3_k2_same_{dtype}_reals")
    wrong, rule = planted(str(case))[1], judgement(case)
    verdict = compare_values(rule, wrong)
    assert 2 <= verdict.error < 4 + 2.0**9 * (dtype == "float64")


def test_element_lies_beyond_twice_the_bound_of_an_accumulator_that_is_recorded():
    entry = deviation_of({**ENTRY, "accumulator": "float16"})
    case = Case.parse("conv_i3_k2_same_ints")
    wrong = planted(str(case), convolutions.right, entry)[1]
    assert compare_values(judgement(case, accumulator="float16"), wrong).error >= 2


def test_nothing_is_planted_where_nothing_was_graded():
    vacuous = Examiner(subject=describe(convolutions.right)).examine(Case.parse("conv_n0_i1_k1_same_ones"))
    assert planted_in(vacuous, ()) is None


def test_all_that_is_planted_in_a_right_subject_is_reported():
    planting = planting_of(describe(convolutions.right), examples=150, seed=1)
    assert planting.planted > 75
    assert planting.missed == []


def deviates(case: Case) -> Array:
    """A subject that does not clamp SAME's total."""
    return fault_named("same-not-clamped")(case)


def of(**fields: object) -> Subject:
    """That subject, with an entry of it."""

    def subject(case: Case) -> Array:
        return deviates(case)

    subject.known = [deviation_of({**ENTRY, "when": "True", **fields})]  # type: ignore[attr-defined]
    return subject


def test_all_that_is_planted_in_predicted_answers_is_reported():
    planting = planting_of(describe(of(fault="same-not-clamped")), examples=150, seed=1)
    assert planting.planted > 75
    assert planting.missed == []


@pytest.mark.parametrize(("fields", "code"), [({"fault": "same-not-clamped"}, 0), ({}, 3)])
def test_entry_that_excuses_anything_proves_too_little(
    fields: dict[str, object], code: int, capsys: pytest.CaptureFixture[str]
):
    subject = of(**fields)
    assert selftest_of(Console(width=200), ["mine"], lambda label: subject, examples=60, seed=1) == code
    shown = capsys.readouterr().out
    assert (" planted values are reported, 100.0%" in shown) == (code == 0)
    assert ("\nProves too little: less than 99% is reported of " in shown) == (code == 3)
