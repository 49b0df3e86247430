"""The command line, in processes that run in a folder."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests.places import PLANTED, ROOT

Command = Callable[..., "subprocess.CompletedProcess[str]"]


def command_in(folder: Path) -> Command:
    """Runs `python -m verify` in a folder, where `subjects_to_gate` can be imported."""
    places = {"PYTHONPATH": f"{ROOT}:{PLANTED}", "COLUMNS": "100"}

    def run(*arguments: str, words: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "verify", *arguments],
            input=words, capture_output=True, text=True, check=False, cwd=folder,
            env={**os.environ, **places},
        )  # fmt: skip

    return run
