"""Misuse in pytest: one error for each gate, whatever is selected, and no word of what holds."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

Gate = Callable[..., pytest.RunResult]

FEW = ("--conv-examples=5", "--hypothesis-seed=1")


@pytest.fixture
def gate(pytester: pytest.Pytester, run_gates: Gate) -> Gate:
    """Runs pytest on gates of these arguments of `conformance`."""

    def run(*arguments: str, options: tuple[str, ...] = ()) -> pytest.RunResult:
        gates = [f"Test{number} = conformance({text})" for number, text in enumerate(arguments)]
        imports = ["from tests.planted import misused", "from verify.gate import conformance"]
        pytester.makepyfile(test_mine="\n".join([*imports, *gates]))
        return run_gates(*FEW, *options)

    return run


MISUSED = {
    "a class": ("misused.Convolution", "the subject 'tests.planted.misused:Convolution' is a class: *"),
    "by name": ("'tests.planted.misused:awaited'", "the subject * returns a coroutine, whose answer *"),
    "seen in an answer": ("misused.returns_declined", "the subject * returns Declined: write `raise *"),
    "a way": ("misused.one_way_returns_declined", "the subject '*/compiled' returns Declined: write *"),
    "not importable": ("'nowhere:f'", "'nowhere:f' is no subject: importing nowhere raised *"),
    "not there": ("'tests.planted.misused:rigth'", "* has no 'rigth'; did you mean 'right'?"),
}


@pytest.mark.parametrize(("subject", "sentence"), MISUSED.values(), ids=MISUSED)
def test_misuse_is_one_error_and_the_other_tests_are_skipped(gate: Gate, subject: str, sentence: str) -> None:
    result = gate(subject)
    outcomes = result.parseoutcomes()
    assert (outcomes.pop("errors"), outcomes.keys(), result.ret) == (1, {"skipped"}, 1)
    result.stdout.fnmatch_lines([sentence])
    result.stdout.no_fnmatch_line("*Holds*")


def test_the_error_is_that_of_the_first_test_that_is_selected(gate: Gate) -> None:
    result = gate("misused.returns_declined", options=("-k", "values or bits"))
    outcomes = result.parseoutcomes()
    assert (outcomes["errors"], outcomes["skipped"]) == (1, 1)
    result.stdout.fnmatch_lines(["ERROR test_mine.py::Test0::test_values - *"])


def test_a_gate_beside_one_that_is_misused_is_run_and_is_not_said_to_hold(gate: Gate) -> None:
    result = gate("misused.right, ranks=(1,)", "misused.returns_declined", options=("-k", "values"))
    outcomes = result.parseoutcomes()
    assert (outcomes["passed"], outcomes["errors"]) == (1, 1)
    result.stdout.no_fnmatch_line("*Holds*")
    result.stdout.fnmatch_lines(["Could not run: the subject '*' returns *"])


def test_workers_of_xdist_report_the_error_once(gate: Gate) -> None:
    result = gate("misused.returns_declined", options=("-p", "xdist", "-n", "2"))
    outcomes = result.parseoutcomes()
    assert (outcomes.pop("errors"), outcomes.keys()) == (1, {"skipped"})


def test_the_record_of_a_session_with_an_error_ends_with_2_and_why(gate: Gate, pytester) -> None:
    gate("misused.right, ranks=(1,)", "misused.returns_declined", options=("-k", "values", "--conv-report=a"))
    end = json.loads(Path(pytester.path, "a").read_text("utf-8").splitlines()[-1])
    assert (end["type"], end["exit"]) == ("end", 2)
    assert end["broken"].startswith("the subject ")


@pytest.mark.injected
def test_a_subject_that_cannot_be_asked_is_not_at_fault(gate: Gate) -> None:
    """The tests say why, and the session that it is not proved."""
    ended = gate("misused.cannot_be_asked, ranks=(1,)", options=("-k", "form", "--conv-no-isolate"))
    ended.assert_outcomes(failed=1)
    sentence = "no worker of 'it' can be started: it cannot be forked: Resource temporarily unavailable"
    ended.stdout.fnmatch_lines([sentence, "Could not run: no worker of 'it' can be started: *"])
