"""The command line, in a process of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.commands.commanding import Command, command_in


@pytest.fixture
def command(tmp_path: Path) -> Command:
    """Runs `python -m verify` in an empty folder, where `subjects_to_gate` can be imported."""
    return command_in(tmp_path)
