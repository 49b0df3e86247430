"""No exit code 0 without a verdict: what ends the process of a command, in it and in its worker."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from tests.commands.commanding import Command, command_in
from tests.places import ROOT
from tests.waiting import comes
from verify.checks.interrupts import SAME_S

pytestmark = pytest.mark.injected

WORD = "conv_i1_k1_same_ones"

WITHOUT_VERDICT = (
    "conv-verify: the process exited with code 0 when tests.planted.ending:exits_natively was at "
    f"{WORD} before the verdict was said, so that nothing is proved; without --no-isolate such an end is "
    "judged like any other disagreement\n"
)

SEEN = {
    "exits_at_once": "crashed: it raised Exited: os._exit was called, which ends the process",
    "exits": "crashed: it raised SystemExit: 0",
    "interrupts_itself": "disagrees with the reference: it raised KeyboardInterrupt: ",
    "becomes_another": "crashed: it raised Exited: os.execv was called, which ends the process",
    "exits_at_the_end": "disagrees with the reference: 1 of 1 values differ",
    "exits_natively_at_the_end": "disagrees with the reference: 1 of 1 values differ",
}


@pytest.fixture
def command(tmp_path: Path) -> Command:
    return command_in(tmp_path)


@pytest.mark.parametrize(("name", "sentence"), SEEN.items())
def test_an_end_of_this_process_is_a_disagreement(command: Command, name: str, sentence: str) -> None:
    done = command("replay", f"tests.planted.ending:{name}", WORD, "--no-isolate")
    assert f"tests.planted.ending:{name} {sentence.rstrip()}" in done.stdout
    assert done.returncode == 1


@pytest.mark.parametrize("name", ["exits_late", "ends_late"])
def test_what_would_end_the_process_late_fails_a_selftest_of_it(command: Command, name: str) -> None:
    done = command("selftest", f"tests.planted.ending:{name}", "--no-isolate", "--examples", "8")
    assert done.returncode == 1
    assert f"Disagrees: tests.planted.ending:{name} was lost " in done.stdout


@pytest.mark.parametrize(
    "arguments",
    [["replay", WORD], ["run", "--examples", "2"], ["sweep", "--upto", "2"]],
    ids=lambda words: words[0],
)
def test_a_process_that_ends_before_its_verdict_exits_2_and_names_the_case(
    command: Command, arguments: list[str]
) -> None:
    name, *more = arguments
    done = command(name, "tests.planted.ending:exits_natively", *more, "--no-isolate")
    assert (done.returncode, done.stderr) == (2, WITHOUT_VERDICT)


def test_a_worker_that_exits_is_a_disagreement(command: Command) -> None:
    done = command("replay", "tests.planted.ending:exits_at_once", WORD)
    assert "crashed: it exited with code 0" in done.stdout
    assert done.returncode == 1


@pytest.mark.parametrize("where", ["--no-isolate", "--isolate"])
def test_a_copy_of_the_process_says_nothing(command: Command, where: str) -> None:
    done = command("replay", "tests.planted.ending:copies_the_process", WORD, where)
    assert (done.returncode, done.stdout.count("holds "), done.stderr) == (0, 1, "")


def test_a_second_ctrl_c_ends_what_swallows_the_first(tmp_path: Path) -> None:
    hangs = tmp_path / "hangs"
    subject = "tests.planted.ending:swallows_interrupts"
    running = subprocess.Popen(
        [sys.executable, "-m", "verify", "replay", subject, WORD, "--no-isolate"],
        stderr=subprocess.PIPE, text=True, cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "HANGS": str(hangs)},
    )  # fmt: skip
    with running:
        assert comes(hangs.exists)
        while running.poll() is None:
            running.send_signal(signal.SIGINT)
            with suppress(subprocess.TimeoutExpired):
                running.wait(2 * SAME_S)  # two within less are one
        assert running.stderr is not None
        said = running.stderr.read()
    assert (running.returncode, said) == (3, "conv-verify: interrupted twice, and ended at once\n")


LATE = """
import os, signal, time
from itertools import count
from types import SimpleNamespace
from verify.checks import outer

wait, interrupts = signal.sigtimedwait, [SimpleNamespace(si_signo=signal.SIGINT, si_code=0)] * 2
signal.sigtimedwait = lambda signals, left_s: interrupts.pop() if interrupts else wait(signals, left_s)
signal.pthread_sigmask(signal.SIG_BLOCK, outer._WATCHED)
inside = os.fork()
if inside == 0:
    outer.end_with_the_parent()
    time.sleep(60)
outer.time = SimpleNamespace(monotonic=count(step=0.75 * outer.PATIENCE_S).__next__)
outer._wait_for(inside, os.pipe()[0])
"""


def test_patience_may_end_between_two_looks_at_the_clock(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LATE],
        capture_output=True, text=True, check=False, cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (3, "conv-verify: interrupted twice, and ended at once\n")
