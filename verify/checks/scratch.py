"""Temporary folders of a process, locked while it lives; those that killed processes left are removed."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

try:
    import fcntl
except ImportError:  # not on Windows, where what a killed process left stays
    fcntl = None  # type: ignore[assignment]

_PREFIX = "conv-verify-"

_LOCK = ".conv-verify-lock"
"""The file of a folder that its process holds a lock on."""

_LOCKED_S = 60.0
"""Seconds after which a folder that is not locked yet will not be."""


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A temporary folder of this process, which is removed at the end, or by the next one if it is killed."""
    remove_left_folders()
    with tempfile.TemporaryDirectory(prefix=_PREFIX) as name:
        folder = Path(name)
        lock = os.open(folder / _LOCK, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            if fcntl is not None:
                with suppress(OSError):  # of a file system that has no locks
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield folder
        finally:
            os.close(lock)


def remove_left_folders() -> None:
    """Remove temporary folders that killed processes of this user left: ours by name, and not locked."""
    if fcntl is None:
        return
    with suppress(OSError):
        for entry in os.scandir(tempfile.gettempdir()):
            if entry.name.startswith(_PREFIX) and entry.is_dir(follow_symlinks=False):
                _remove_if_left(Path(entry.path))


def _remove_if_left(folder: Path) -> None:
    with suppress(OSError):
        found = folder.lstat()
        if found.st_uid != os.geteuid() or stat.S_IMODE(found.st_mode) != stat.S_IRWXU:
            return
        if not (folder / _LOCK).is_file():
            if time.time() - found.st_mtime > _LOCKED_S:
                folder.rmdir()  # only if it is empty: it was killed before it had a lock
            return
        lock = os.open(folder / _LOCK, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            if stat.S_ISREG(os.fstat(lock).st_mode) and os.fstat(lock).st_uid == os.geteuid():
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder)
        finally:
            os.close(lock)
