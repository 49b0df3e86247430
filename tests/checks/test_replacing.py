"""Files that are replaced in one step: whole at every moment, and nothing left of killed processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.places import ROOT
from verify.checks.replacing import replace_file, require_replaceable

pytestmark = pytest.mark.injected

KILLED = """
import os, signal, sys
from pathlib import Path
from verify.checks.replacing import replace_file
os.fsync = lambda handle: os.kill(os.getpid(), signal.SIGKILL)
replace_file(Path(sys.argv[1]), b"new")
"""


def killed_while_writing(file: Path) -> None:
    """A process that is killed once it has written all, before the file is replaced."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", KILLED, str(file)], check=False, env=environment)
    assert done.returncode == -signal.SIGKILL


def test_a_killed_process_leaves_the_file_whole_and_the_next_one_cleans(tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    file.write_text("old")
    (tmp_path / ".page.html.swp").touch()  # of an editor
    killed_while_writing(file)
    assert (file.read_text(), len(list(tmp_path.iterdir()))) == ("old", 3)
    replace_file(file, b"newer")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".page.html.swp", "page.html"]
    assert file.read_text() == "newer"


def test_what_a_living_process_writes_is_left_to_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "page.html"
    fsync = os.fsync

    def another_writes(handle: int) -> None:
        monkeypatch.setattr(os, "fsync", fsync)
        replace_file(file, b"another's")

    monkeypatch.setattr(os, "fsync", another_writes)
    replace_file(file, b"mine")
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("page.html", "mine")]


def test_a_full_disk_leaves_the_file_as_it_was_and_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def is_full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    file = tmp_path / "page.html"
    file.write_text("old")
    monkeypatch.setattr(os, "fsync", is_full)
    with pytest.raises(OSError, match="No space left") as full:
        replace_file(file, b"new")
    assert (file.read_text(), full.value.filename) == ("old", str(file))
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]


def test_a_device_stays_a_device() -> None:
    replace_file(Path(os.devnull), b"new")
    require_replaceable(Path(os.devnull))
    assert Path(os.devnull).is_char_device()


def test_asking_whether_a_file_can_be_written_writes_none(tmp_path: Path) -> None:
    require_replaceable(tmp_path / "page.html")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(IsADirectoryError):
        require_replaceable(tmp_path)
    with pytest.raises(FileNotFoundError):
        require_replaceable(tmp_path / "none" / "page.html")
