"""No right quantised kernel is accused: 100,000 cases of LiteRT's reference kernels and ORT's QLinearConv."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from strategies import sample
from strategies.cases import cases_by_way
from verify import Case
from verify.cases.dtypes import QUANTISED
from verify.cases.operands import Array
from verify.checks.path import Examiner
from verify.checks.subject import Description, describe
from verify.subjects.registry import is_installed, load

GRADED = 50_000
"""Cases of each that are graded at least."""

AT_ONCE, ENOUGH = 2000, 20
"""Cases that are drawn with one seed, and alarms after which no more are."""

Kernels = Callable[[Description], bool]


def is_reference(way: Description) -> bool:
    return way.name.endswith("+reference") and any(f"+{token}+" in way.name for token in QUANTISED)


def is_linear(way: Description) -> bool:
    return way.name.partition("/")[2].startswith("QLinearConv")


SUBJECTS = {"litert": is_reference, "tensorflow:lite": is_reference, "onnxruntime": is_linear}


def alarms(subject: Description, kernels: Kernels, graded: int) -> list[str]:
    """The words, with their ways, that are accused of so many drawn cases of some ways."""
    ways = {name: way for name, way in subject.ways.items() if kernels(way)}
    examiners = {name: Examiner(subject=way, known=subject.known) for name, way in ways.items()}
    strategy = cases_by_way({name: way.domain for name, way in ways.items()})
    accused, outcomes, seed = list[str](), Counter[str](), 100
    while outcomes["agrees"] < graded and len(accused) < ENOUGH:
        for name, case in sample(min(AT_ONCE, graded), seed, strategy):
            outcome = examiners[name].examine(case).outcome
            outcomes[outcome] += 1
            accused += [f"{name} {case}"] * (outcome not in ("agrees", "vacuous", "known"))
        seed += 1
    return accused


@pytest.mark.parametrize("name", [*filter(is_installed, SUBJECTS)])
@pytest.mark.parametrize("graded", [60, pytest.param(GRADED, marks=pytest.mark.long)])
def test_no_right_kernel_is_accused(name: str, graded: int) -> None:
    assert alarms(describe(load(name)), SUBJECTS[name], graded) == []


def test_a_kernel_that_is_a_step_off_is_accused() -> None:
    subject = describe(next(load(name) for name in SUBJECTS if is_installed(name)))
    kernels = SUBJECTS[subject.name]
    off = replace(
        subject, ways={name: replace(way, call=a_step_off(way)) for name, way in subject.ways.items()}
    )
    assert len(alarms(off, kernels, 1)) >= 1


def a_step_off(way: Description) -> Callable[[Case], Array]:
    def answer(case: Case) -> Array:
        right = np.asarray(way.call(case))
        return np.where(right > 0, right - 1, right + 1).astype(right.dtype)

    return answer
