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

from verify.checks.locks import CAN_LOCK, UNLOCKED_S, lock, require_lock

_PREFIX = "conv-verify-"

_LOCK = ".conv-verify-lock"
"""The file of a folder that its process holds a lock on."""

_UNLOCKED = ".conv-verify-unlocked"
"""The same before it is locked."""


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A temporary folder of this process, which is removed at the end, or by the next one if it is killed."""
    remove_left_folders()
    with tempfile.TemporaryDirectory(prefix=_PREFIX) as name:
        folder = Path(name)
        handle = os.open(folder / _UNLOCKED, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            lock(handle)
            (folder / _UNLOCKED).rename(folder / _LOCK)  # by which nobody takes it for one that was left
            yield folder
        finally:
            os.close(handle)


def remove_left_folders() -> None:
    """Remove temporary folders that killed processes of this user left: ours by name, and not locked."""
    if not CAN_LOCK:
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
            if time.time() - found.st_mtime > UNLOCKED_S:
                (folder / _UNLOCKED).unlink(missing_ok=True)
                folder.rmdir()  # only if it is empty: it was killed before it had a lock
            return
        handle = os.open(folder / _LOCK, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            if stat.S_ISREG(os.fstat(handle).st_mode) and os.fstat(handle).st_uid == os.geteuid():
                require_lock(handle)
                shutil.rmtree(folder)
        finally:
            os.close(handle)
