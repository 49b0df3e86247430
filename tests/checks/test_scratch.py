"""Temporary folders: removed at the end, or by the next process if theirs was killed; others' never."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.places import ROOT
from verify.checks import scratch
from verify.checks.locks import lock
from verify.checks.scratch import remove_left_folders, scratch_folder

pytestmark = pytest.mark.injected

HOLDS = """
import sys
from verify.checks import scratch
from verify.checks.locks import lock
from verify.checks.scratch import scratch_folder
with scratch_folder() as folder:
    (folder / "test_gate.py").write_text("…", encoding="utf-8")
    print(folder, flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_a_folder_is_removed_at_the_end(temporary: Path) -> None:
    with scratch_folder() as folder:
        assert folder.parent == temporary
    assert list(temporary.iterdir()) == []


def test_the_folder_of_a_killed_process_is_removed_and_that_of_a_living_one_is_not(temporary: Path) -> None:
    command, environment = [sys.executable, "-c", HOLDS], {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdout is not None
        folder = Path(process.stdout.readline().strip())
        remove_left_folders()
        is_kept = (folder / "test_gate.py").exists()
        process.kill()
    assert (is_kept, list(temporary.iterdir())) == (True, [folder])
    with scratch_folder():
        assert not folder.exists()
    assert list(temporary.iterdir()) == []


def test_a_folder_that_is_not_locked_yet_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    def lock_late(handle: int) -> None:
        remove_left_folders()  # as another process does at this moment
        lock(handle)

    monkeypatch.setattr(scratch, "lock", lock_late)
    with scratch_folder() as folder:
        assert folder.is_dir()


def test_a_folder_that_was_never_locked_is_removed_after_a_while(temporary: Path) -> None:
    folder = temporary / "conv-verify-early"
    folder.mkdir(mode=0o700)
    (folder / ".conv-verify-unlocked").touch()
    remove_left_folders()
    assert folder.is_dir()
    os.utime(folder, (0, 0))
    remove_left_folders()
    assert not folder.exists()


def test_what_is_not_ours_stays(temporary: Path) -> None:
    elsewhere = temporary / "elsewhere"
    elsewhere.mkdir(mode=0o700)
    (elsewhere / ".conv-verify-lock").touch()
    (temporary / "conv-verify-link").symlink_to(elsewhere)
    (temporary / "conv-verify-file").touch()
    (temporary / "conv-verify-open").mkdir()
    (temporary / "conv-verify-open" / ".conv-verify-lock").touch()
    (temporary / "conv-verify-open").chmod(0o755)
    (temporary / "conv-verify-pipe").mkdir(mode=0o700)
    os.mkfifo(temporary / "conv-verify-pipe" / ".conv-verify-lock")
    before = sorted(temporary.rglob("*"))
    remove_left_folders()
    assert sorted(temporary.rglob("*")) == before
