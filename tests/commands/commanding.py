"""The command line, in processes that run in a folder."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests import forked
from tests.places import PLANTED, ROOT
from tests.progress import settled, without_progress

Command = Callable[..., "subprocess.CompletedProcess[str]"]


def command_in(folder: Path, *, anew: bool = False) -> Command:
    """Runs `python -m verify` in a folder, where `subjects_to_gate` can be imported.

    It is a fork of a process that has the imports, or one that starts anew and hashes by another seed.
    """
    places = {"PYTHONPATH": f"{ROOT}:{PLANTED}", "COLUMNS": "100"}

    def run(*arguments: str, words: str = "") -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, **places}
        if anew:
            done = subprocess.run(
                [sys.executable, "-m", "verify", *arguments],
                input=words, capture_output=True, text=True, check=False, cwd=folder, env=environment,
            )  # fmt: skip
            return settled(done)
        return forked.run("verify", *arguments, words=words, folder=folder, environment=environment)

    return run


def interrupted_at(line: str, *arguments: str, folder: Path) -> tuple[int, str]:
    """The exit code of a command to which Ctrl-C is sent once it prints a line, and what it prints then."""
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{PLANTED}", "PYTHONUNBUFFERED": "1"}
    running = subprocess.Popen(
        [sys.executable, "-m", "verify", *arguments],
        stdout=subprocess.PIPE, text=True, cwd=folder, env=environment,
    )  # fmt: skip
    with running:
        assert running.stdout is not None
        printed = iter(running.stdout.readline, "")
        next(each for each in printed if line in each)
        running.send_signal(signal.SIGINT)
        rest = "".join(printed)
    return running.returncode, without_progress(rest)
