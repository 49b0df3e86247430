"""The case that each process is working on, in a file that outlives the process.

One file for each process lies in the project's `.conv-verify`, locked while the process lives and
removed when it ends well. An unlocked file was left by a process that was killed.
"""

from __future__ import annotations

import atexit
import os
import tempfile
from contextlib import suppress
from pathlib import Path

from verify.cases.case import Case
from verify.cases.word import InvalidCase
from verify.checks.project import keep_in, kept_folder
from verify.checks.reading import opened

try:
    import fcntl
except ImportError:  # not on Windows, where there is no journal
    fcntl = None  # type: ignore[assignment]

_PREFIX = "running-"

_LONGEST = 2**16
"""Bytes of a journal that are read."""


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
            # The rest of a longer line remains after the end of this one.
            os.pwrite(self._file, f"{subject}\t{word}\n".encode(), 0)

    def _open(self) -> None:
        self._file, self._owner = 0, os.getpid()
        if fcntl is None:
            return
        try:
            # It has its name once it is locked, so that no process takes it for one that was left behind.
            file, name = tempfile.mkstemp(prefix=f".{_PREFIX}{self._owner}-", dir=keep_in(kept_folder()))
            fcntl.flock(file, fcntl.LOCK_EX)
            unnamed = Path(name)
            self._path = unnamed.rename(unnamed.with_name(unnamed.name.removeprefix(".")))
        except OSError:
            return  # without a place to write there is no journal
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
    """The subject and the word that each killed process was working on; removes their files."""
    if fcntl is None:
        return []
    interrupted = []
    for path in sorted(kept_folder().glob(f"{_PREFIX}*")):
        with suppress(OSError), os.fdopen(opened(path), "rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            line = file.readline(_LONGEST).decode(errors="replace")
            subject, _, word = line.rstrip("\n").partition("\t")
            path.unlink()
            if _are_ours(subject, word):
                interrupted.append((subject, word))
    return interrupted


def _are_ours(subject: str, word: str) -> bool:
    """Whether a journal can have noted these: what else stands in a file is passed over."""
    try:
        return subject.isprintable() and str(Case.parse(word)) == word
    except InvalidCase:
        return False
