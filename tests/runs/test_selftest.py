"""The harness tested by itself, and that the test of it can fail."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from tests.planted import convolutions
from verify import Case
from verify.faults import FAULTS, Fault
from verify.faults.summation import CORRECT
from verify.runs.selftest import Kill, false_alarms, kill_matrix, selftest

WORDS = [fault.word for fault in FAULTS]


def killed(*words: str) -> dict[str, Kill]:
    return {kill.name: kill for kill in kill_matrix([Case.parse(word) for word in words])}


@pytest.fixture(scope="module")
def kills() -> dict[str, Kill]:
    """What became of each fault on the words of them all."""
    return killed(*dict.fromkeys(WORDS))


@pytest.mark.parametrize("fault", FAULTS, ids=[fault.name for fault in FAULTS])
def test_every_fault_is_caught_and_named(kills: dict[str, Kill], fault: Fault) -> None:
    assert kills[fault.name].complaint == ""


@pytest.mark.parametrize("fault", FAULTS, ids=[fault.name for fault in FAULTS])
def test_no_fault_has_the_name_of_another(kills: dict[str, Kill], fault: Fault) -> None:
    assert kills[fault.name].named == (fault.name,)


def test_no_correct_convolution_is_accused_on_the_words_of_the_faults() -> None:
    assert false_alarms([*map(Case.parse, WORDS)]) == ([], len(CORRECT) * len(WORDS))


def test_a_fault_that_no_case_shows_is_named() -> None:
    assert killed("conv_i1_k1_same_ones")["bias-twice"].complaint == "bias-twice was never visible"


def test_a_fault_that_is_not_caught_is_named_with_the_property_that_missed_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Fault, "__call__", lambda fault, case: convolutions.right(case))
    missed = "last-row-lost was not caught by values on exact fills on conv_i1_k1_same_ones"
    assert killed("conv_i1_k1_same_ones")["last-row-lost"].complaint == missed


def test_a_fault_that_is_taken_for_another_is_named_with_both() -> None:
    kill = Kill("bias-twice", witness=Case.parse("conv_i1_k1_same_bias_ones"), named=("mean-lost",))
    assert kill.complaint == "bias-twice was named mean-lost on conv_i1_k1_same_bias_ones"


def test_a_wrong_convolution_among_the_correct_ones_is_a_false_alarm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CORRECT, "forward", convolutions.off_by_one)
    messages, judged = false_alarms([Case.parse("conv_i2_k2_same_ones")])
    assert judged == 5
    assert messages[0].startswith("False alarm for sums in the order forward.\n")


def printed(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return " ".join(console.file.getvalue().split())


@pytest.fixture
def console() -> Console:
    return Console(file=io.StringIO(), width=80)


def test_a_fault_is_looked_for_until_enough_cases_have_told_its_share(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("verify.runs.selftest.JUDGED", 2)
    words = ("conv_i1_k1_same_ones", "conv_i2_k1_same_ones", "conv_n2_i1_k1_same_bias_ones")
    kills = killed(*words)
    assert (kills["last-row-lost"].possible, kills["last-row-lost"].visible) == (2, 2)
    assert (kills["bias-twice"].possible, kills["bias-twice"].first) == (1, 3)


def test_too_few_cases_prove_too_little(console: Console) -> None:
    assert selftest(console, examples=1) == 3
    assert "Proves too little: odd-cell-before was never visible; " in printed(console)


def test_the_kill_matrix_fits_a_terminal(console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    longest = sorted(FAULTS, key=lambda fault: len(fault.name))[-20:]
    monkeypatch.setattr("verify.runs.selftest.FAULTS", tuple(longest))
    selftest(console, examples=30)
    assert isinstance(console.file, io.StringIO)
    assert "…" not in console.file.getvalue().split("first: the first")[0]
