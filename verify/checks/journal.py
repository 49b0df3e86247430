"""The case that each process is at, in a file that outlives the process.

One file for each process lies in a folder of the user's, locked while the process lives and removed
when it ends well. What is found unlocked was left by one that was killed. Where a system has no such
locks nothing is kept, and the case of a process that was killed is not said.
"""

from __future__ import annotations

import atexit
import os
import tempfile
from contextlib import suppress
from pathlib import Path


def folder() -> Path:
    return Path(tempfile.gettempdir()) / f"conv-verify-{os.getuid()}"


class Journal:
    """The file of this process: one line, `subject<TAB>word`, written over and over."""

    def __init__(self) -> None:
        self._file: int | None = None
        self._path = Path()
        self._owner = 0

    def note(self, subject: str, word: str) -> None:
        """Write down a case before it is put to a subject, in one system call."""
        if self._file is None:
            self._open()
        if self._file:
            # What a longer line leaves behind comes after the end of this one.
            os.pwrite(self._file, f"{subject}\t{word}\n".encode(), 0)

    def _open(self) -> None:
        self._file, self._owner = 0, os.getpid()
        self._path = folder() / str(self._owner)
        try:
            import fcntl

            folder().mkdir(mode=0o700, exist_ok=True)
            if folder().stat().st_uid != os.getuid():
                return
            # It has its name once it is locked, so that nobody takes it for one that was left.
            unnamed = folder() / f".{self._owner}"
            file = os.open(unnamed, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
            fcntl.flock(file, fcntl.LOCK_EX)
            unnamed.rename(self._path)
        except (ImportError, OSError):
            return  # without locks, or a place to write, there is no journal
        self._file = file
        atexit.register(self.close)

    def close(self) -> None:
        """Remove the file: this process ends well."""
        atexit.unregister(self.close)
        if self._file and self._owner == os.getpid():  # not in a process that was forked from it
            with suppress(OSError):
                self._path.unlink()
            os.close(self._file)
        self._file = None


journal = Journal()


def left() -> list[tuple[str, str]]:
    """The subject and the word that each process which is no more was at; their files are removed."""
    try:
        import fcntl
    except ImportError:
        return []
    found = []
    for path in sorted(folder().glob("[0-9]*")):
        with suppress(OSError), path.open(encoding="utf-8", errors="replace") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            subject, _, word = file.readline().rstrip("\n").partition("\t")
            path.unlink()
            if word:
                found.append((subject, word))
    return found
