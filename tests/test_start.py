"""What a command costs before it does anything: its processor time beside that of the import of NumPy."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.places import ROOT
from verify.checks.deviations import Deviation
from verify.subjects.documented import FRAMEWORKS, deviations_in, names_of_deviations

WORD = "conv_i3_k3_same_ones"

RUNS = 3
"""Runs of which the cheapest counts, as other processes share the machine's caches."""

START = ("-m", "verify")


def seconds_of(*arguments: str, folder: Path) -> float:
    """The processor time of a new Python and of all that it starts."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    spent = []
    for _ in range(RUNS):
        before = os.times()
        with (folder / "printed").open("w") as printed:
            file = [(os.POSIX_SPAWN_DUP2, printed.fileno(), 1)]
            pid = os.posix_spawn(sys.executable, [sys.executable, *arguments], environment, file_actions=file)
            assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
        after = os.times()
        spent.append(sum(after[2:4]) - sum(before[2:4]))
    return min(spent)


@pytest.mark.parametrize(
    ("arguments", "most"),
    [
        (["--help"], 1.5),
        (["explain", WORD], 2.7),
        (["list"], 3.4),
        (["replay", "numpy", WORD], 4.0),
    ],
)
def test_a_command_starts_in_little_more_than_numpy(
    arguments: list[str], most: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Measured: 0.7, 1.9, 2.5 and 2.7 times its import; with what they imported before 3.6 to 8 times."""
    monkeypatch.chdir(tmp_path)
    once = seconds_of("-c", "import numpy", folder=tmp_path)
    assert seconds_of(*START, *arguments, folder=tmp_path) <= most * once


def test_what_is_listed_of_deviations_is_what_is_recorded() -> None:
    recorded: list[Deviation] = [entry for framework in FRAMEWORKS for entry in deviations_in(framework)]
    assert [*names_of_deviations()] == [(entry.name, entry.link) for entry in recorded]
