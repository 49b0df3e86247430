"""The command line, in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.places import PLANTED, ROOT

Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def command(tmp_path: Path) -> Command:
    """Runs `python -m verify` in an empty folder, where `subjects_to_gate` can be imported."""
    environment = {
        **os.environ,
        "PYTHONPATH": f"{ROOT}:{PLANTED}",
        "COLUMNS": "100",
    }

    def run(*arguments: str, words: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "verify", *arguments],
            input=words, capture_output=True, text=True, check=False, cwd=tmp_path, env=environment,
        )  # fmt: skip

    return run
