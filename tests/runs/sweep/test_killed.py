"""A sweep or a replay that is killed leaves its word, and no process; the next command says the word."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import forked
from tests.places import PLANTED, ROOT
from tests.waiting import comes

pytestmark = pytest.mark.injected

KEPT = Path(".conv-verify")
FAILS = "conv_i3_k2_same_ones"


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """That of commands in a folder of their own; what they start has a mark."""
    monkeypatch.chdir(tmp_path)
    return {
        **os.environ,
        "PYTHONPATH": f"{ROOT}:{PLANTED}",
        "WAITS": str(tmp_path / "waits"),
        "MARK": str(tmp_path),
    }


def marked(environment: dict[str, str]) -> list[str]:
    """The processes that a command started, by the mark in their environment."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            is_marked = f"MARK={environment['MARK']}\0".encode() in (process / "environ").read_bytes()
        except OSError:
            continue
        found += [process.name] if is_marked else []
    return found


@pytest.fixture
def next_command(environment: dict[str, str]) -> Callable[[], str]:
    return lambda: (
        forked.run(
            "verify", "replay", "--no-isolate", "convolutions:right", FAILS, environment=environment
        ).stdout
    )


@pytest.mark.parametrize(
    "number",
    [
        signal.SIGKILL,
        pytest.param(signal.SIGTERM, marks=pytest.mark.long),
        pytest.param(signal.SIGHUP, marks=pytest.mark.long),
    ],
)
def test_a_killed_sweep_leaves_its_word_and_no_process(
    environment: dict[str, str], next_command: Callable[[], str], number: signal.Signals
) -> None:
    command = [sys.executable, "-m", "verify", "sweep", "lost_once:waits_to_be_killed", "--upto", "2"]
    with subprocess.Popen(
        [*command, "--jobs", "1", "--timeout", "1000"],
        env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    ) as sweep:  # fmt: skip
        waits = Path(environment["WAITS"])
        assert comes(lambda: waits.exists() and bool(waits.read_text()))
        sweep.send_signal(number)
    assert sweep.returncode == -number
    assert comes(lambda: not marked(environment))
    said = re.findall(r"^An earlier process was killed when (.*); replay", next_command(), re.MULTILINE)
    assert said == [f"lost_once:waits_to_be_killed was at {waits.read_text()}"]
    assert not list(KEPT.glob("*running*"))


def test_a_journal_names_what_is_asked_and_not_what_is_replayed(environment: dict[str, str]) -> None:
    subject = "lost_once:aborts_when_it_is_diagnosed"
    ended = forked.run("verify", "replay", "--no-isolate", subject, FAILS, environment=environment)
    assert ended.returncode == 2
    ((name, word),) = re.findall(r" when (\S+) was at (\S+) before the verdict", ended.stderr)
    assert (name, word == FAILS, word.partition("_")[0]) == (subject, False, "conv")
