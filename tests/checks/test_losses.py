"""A loss that no verdict counts is told at the end of a command, which it fails."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import forked
from tests.places import PLANTED, ROOT
from verify import Case
from verify.cases.predicates import Predicate
from verify.checks.deviations import Deviation
from verify.checks.examination import Examination
from verify.checks.losses import (
    are_kept,
    code_after_losses,
    handed_over,
    keep_if_lost,
    losses_told,
    take_over,
    told_elsewhere,
)
from verify.checks.subject import describe
from verify.oracle.compare import Verdict, disagrees

pytestmark = pytest.mark.injected

CASE = Case.parse("conv_i1_k1_same_ones")
ENTRY = Deviation(
    name="ends", subjects=("*",), kinds=("crashed",), when=Predicate("rank == 1"),
    word=str(CASE), sentence="It ends.",
)  # fmt: skip


def examined(verdict: Verdict, deviation: Deviation | None = None) -> Examination:
    return Examination(case=CASE, subject=describe(lost), verdict=verdict, deviation=deviation)


def lost(case: Case) -> None:
    return None


def test_a_loss_is_told_once() -> None:
    assert keep_if_lost(examined(disagrees("crashed", "it was killed by SIGABRT")), asked="to see")
    assert are_kept()
    message, sentence = losses_told()
    assert "crashed: it was killed by SIGABRT\n  case     conv_i1_k1_same_ones\n" in message
    assert "\n  asked    to see\n" in message
    assert sentence.endswith(":lost was lost once where no case is counted.")
    assert (losses_told(), are_kept()) == ([], False)


def test_what_another_process_tells_of_is_not_kept() -> None:
    keep_if_lost(examined(disagrees("crashed", "it was killed by SIGABRT")), asked="to see")
    with told_elsewhere():
        keep_if_lost(examined(disagrees("crashed", "it was killed by SIGSEGV")), asked="to see")
    assert [message.count("SIGABRT") for _, message in handed_over()] == [1]


def test_losses_of_several_processes_are_told_together() -> None:
    handed = []
    for _ in range(2):
        keep_if_lost(examined(disagrees("crashed", "it was killed by SIGABRT")), asked="to see")
        handed.append(handed_over())
    assert not are_kept()
    for losses in handed:
        take_over(losses)
    assert are_kept()
    *messages, sentence = losses_told()
    assert len(messages) == 2
    assert sentence.endswith(":lost was lost 2 times where no case is counted.")
    assert (losses_told(), are_kept()) == ([], False)


def test_what_is_known_and_what_is_no_loss_is_not_told() -> None:
    crashed, wrong = disagrees("crashed", "it was killed by SIGABRT"), disagrees("value", "1 of 1 differ")
    assert not keep_if_lost(examined(crashed, ENTRY), asked="")
    assert not keep_if_lost(examined(wrong), asked="")
    assert losses_told() == []


@pytest.mark.parametrize(("code", "after"), [(0, 1), (3, 1), (1, 1), (2, 2)])
def test_a_loss_fails_what_would_hold(code: int, after: int) -> None:
    assert (code_after_losses(code, is_lost=True), code_after_losses(code, is_lost=False)) == (after, code)


@pytest.fixture
def command(tmp_path: Path) -> Callable[..., tuple[int, str]]:
    """Runs a command in a folder of its own; its exit code and the last line that it prints."""

    def run(*arguments: str) -> tuple[int, str]:
        environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{PLANTED}", "LOST_ONCE": str(tmp_path / "once")}
        done = forked.run("verify", *arguments, folder=tmp_path, environment=environment)
        return done.returncode, done.stdout.rstrip().splitlines()[-1]

    return run


@pytest.mark.parametrize(
    "arguments",
    [
        ("sweep", "lost_once:aborts_when_tried", "--upto", "1"),
        ("replay", "--isolate", "lost_once:aborts_when_tried", "conv_i2_k1_same_ones"),
        pytest.param(
            ("selftest", "--isolate", "lost_once:aborts_when_tried", "--examples", "5"),
            marks=pytest.mark.long
        ),
        pytest.param(
            ("run", "--isolate", "lost_once:aborts_when_tried", "--examples", "1", "--ranks", "1"),
            marks=pytest.mark.long,
        ),
    ],
    ids=lambda arguments: arguments[0],
)  # fmt: skip
def test_a_loss_when_a_subject_is_tried_fails_each_command(
    command: Callable[..., tuple[int, str]], arguments: tuple[str, ...]
) -> None:
    said = "Disagrees: lost_once:aborts_when_tried was lost once where no case is counted."
    assert command(*arguments) == (1, said)


@pytest.mark.long
def test_a_loss_under_a_planted_value_fails_a_selftest(command: Callable[..., tuple[int, str]]) -> None:
    code, last = command("selftest", "--isolate", "lost_once:aborts_late", "--examples", "40")
    assert (code, last) == (1, "Disagrees: lost_once:aborts_late was lost once where no case is counted.")


@pytest.mark.long
@pytest.mark.parametrize("workers", [[], ["-p", "xdist", "-n", "2"]], ids=["one process", "xdist"])
def test_a_loss_when_a_subject_is_tried_fails_a_suite(
    pytester: pytest.Pytester,
    run_gates: Callable[..., pytest.RunResult],
    monkeypatch: pytest.MonkeyPatch,
    workers: list[str],
) -> None:
    monkeypatch.setenv("LOST_ONCE", str(pytester.path / "once"))
    gate = "conformance(isolated('lost_once:aborts_when_tried'), ranks=(1,), max_side=3)"
    pytester.makepyfile(
        "from verify.gate import conformance\n"
        "from verify.subjects.isolated import isolated\n"
        f"TestIt = {gate}\n"
    )
    result = run_gates("--conv-examples", "1", "--conv-report", "a.jsonl", *workers)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["*aborts_when_tried crashed: it was killed by SIGABRT", "*was lost once*"])
    assert result.stdout.str().count(" was lost once where no case is counted.") == 1
    assert result.parseoutcomes().get("failed", 0) == 0
    last = (pytester.path / "a.jsonl").read_text().splitlines()[-1]
    assert json.loads(last)["exit"] == 1
