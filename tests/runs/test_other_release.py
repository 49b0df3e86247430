"""An entry of another release excuses nothing before its word was asked: in a replay, a diff and a sweep."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.planted import convolutions
from verify import Case
from verify.cases.enumeration import enumeration_upto
from verify.cases.operands import Array
from verify.cases.predicates import Predicate
from verify.checks.deviations import Deviation
from verify.reports.terminal import Terminal
from verify.runs.diff import diff
from verify.runs.replay import replay, replay_exit_code
from verify.runs.sweep.jobs import Plan
from verify.runs.sweep.sweep import sweep

WORD = "conv_i3_k1_same_ones"
OF_BEFORE = Deviation(
    name="of-before", subjects=("*",), kinds=("value",), when=Predicate("rank == 1"),
    word="conv_i1_k1_same_ones", sentence="It is off by one.", versions=("1.4",),
)  # fmt: skip


def mended_of_one_cell(case: Case) -> Array:
    """Wrong on another word than the one that is recorded."""
    return convolutions.answer(case) + (case.size[0] == 3)


def as_before(case: Case) -> Array:
    return convolutions.answer(case) + (case.rank == 1)


for subject in (mended_of_one_cell, as_before):
    subject.version, subject.known = "2.0", (OF_BEFORE,)  # type: ignore[attr-defined]


@pytest.fixture(params=["replay", "diff", "sweep"])
def asked(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[..., int]:
    """The exit code of a subject's word that is put to it by a command."""

    def run(subject: Callable[[Case], Array]) -> int:
        if request.param == "replay":
            became = [*replay(subject, [Case.parse(WORD)], past=[])]
            return 0 if "known" in became[0].message else replay_exit_code(became)
        if request.param == "diff":
            return diff(Terminal(), subject, subject, [Case.parse(WORD)])
        swept = enumeration_upto(3, ranks=(1,), operations=("conv",))
        return sweep(Terminal(), Plan(enumeration=swept, make=lambda: subject, state=tmp_path / "state"))

    return run


RELEASE = "2.0, not in the data for its deviations: "


def test_what_is_gone_excuses_nothing(asked: Callable[..., int], capfd: pytest.CaptureFixture[str]) -> None:
    assert asked(mended_of_one_cell) == 1
    assert f"{RELEASE}0 of 1 deviations happen, 1 are gone" in " ".join(capfd.readouterr().out.split())


def test_what_still_happens_excuses(asked: Callable[..., int], capfd: pytest.CaptureFixture[str]) -> None:
    assert asked(as_before) == 0
    assert f"{RELEASE}1 of 1 deviations happen, 0 are gone" in " ".join(capfd.readouterr().out.split())
