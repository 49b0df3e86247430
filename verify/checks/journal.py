"""The case that each process is working on, in a file that outlives the process.

One file for each process that asks subjects lies in the project's `.conv-verify`, locked while the process
lives and removed when it ends well. An unlocked file was left by a process that was killed. A
worker writes to the file of the job that it works for, which is then told by it where the worker was lost.
"""

from __future__ import annotations

import atexit
import os
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from verify.checks.locks import CAN_LOCK, UNLOCKED_S, require_lock
from verify.checks.ours import open_ours, require_ours
from verify.checks.project import keep_in, kept_folder

_PREFIX = "running-"

_LONGEST = 2**14
"""Bytes of a line that are read at most."""


class Journal:
    """The file of this process, or of a part of it: one line, `subject<TAB>word`, written over and over."""

    def __init__(self) -> None:
        self._file: int | None = None
        self._path = Path()
        self._owner = 0
        self._base, self._settings = "", ""

    @classmethod
    def nameless(cls) -> Journal:
        """One whose file ends with this process, and says of another that it is lent to where it was lost."""
        one = cls()
        one._file, one._owner = 0, os.getpid()
        one._open_unnamed()
        return one

    def note(self, subject: str, word: str) -> None:
        """Write down a case before it is put to a subject, in one system call.

        What is asked afterwards is written down, too (`asking`), under the subject's settings.
        """
        name, _, self._settings = subject.partition(" ")
        self._base = name.partition("/")[0]
        self._write(f"{subject}\t{word}\n")

    def asking(self, subject: str, word: object) -> None:
        """Write down a case, or its word, that is put to a subject of a name, where one was noted before."""
        if self._file is not None:
            is_same = self._settings and subject.partition("/")[0] == self._base
            self._write(f"{subject} {self._settings}\t{word}\n" if is_same else f"{subject}\t{word}\n")

    def rest(self) -> None:
        """Write down that nothing is asked."""
        if self._file:
            self._write("\n")

    def noted(self) -> tuple[str, str]:
        """The subject and the word that are written down; empty where there are none."""
        return _parsed(os.pread(self._file, _LONGEST, 0).decode(errors="replace")) if self._file else ("", "")

    @property
    def place(self) -> str:
        """The path by which a worker can write to the file; "" where there is none."""
        if self._file is None:
            self._open()
        return str(self._path) if self._file else ""

    def _write(self, line: str) -> None:
        if self._file is None:
            self._open()
        if self._file:
            # The rest of a longer line remains after the end of this one.
            with suppress(OSError):  # a full disk keeps no case from being judged
                os.pwrite(self._file, line.encode(errors="backslashreplace"), 0)

    def _open(self) -> None:
        self._file, self._owner = 0, os.getpid()
        if not CAN_LOCK:  # on Windows, where there is no journal
            return
        try:
            # It has its name once it is locked, so that no process takes it for one that was left behind.
            file, name = tempfile.mkstemp(prefix=f".{_PREFIX}{self._owner}-", dir=keep_in(kept_folder()))
            require_lock(file)
            unnamed = Path(name)
            self._path = unnamed.rename(unnamed.with_name(unnamed.name.removeprefix(".")))
        except OSError:
            self._open_unnamed()
            return
        self._file = file
        atexit.register(self.close)

    def _open_unnamed(self) -> None:
        """Without a place to write nothing outlives the process, but a worker can say where it was lost."""
        with suppress(OSError, AttributeError):
            self._file = os.memfd_create("journal")
            self._path = Path(f"/proc/{self._owner}/fd/{self._file}")

    def lend(self, place: str) -> None:
        """Write to the file of another process, which waits for this one and keeps the file."""
        if place != str(self._path):
            self.close()
            self._path, self._owner = Path(place), 0
            with suppress(OSError):
                is_named = not place.startswith("/proc/")  # where the system shows what has no name as a link
                self._file = os.open(place, os.O_RDWR | os.O_NOFOLLOW * is_named)

    def close(self) -> None:
        """Remove the file: this process, or this part of it, ends well."""
        atexit.unregister(self.close)
        is_lent = self._owner == 0
        if self._file and (is_lent or self._owner == os.getpid()):  # not in a process that was forked from it
            with suppress(OSError):
                if not is_lent:
                    self._path.unlink()
            os.close(self._file)
        self._file, self._path = None, Path()


journal = Journal()
"""That of this process."""


def left_by(process: int) -> tuple[str, str]:
    """The subject and the word that a killed process was working on, empty if unknown; removes its files."""
    noted = [("", "")]
    for path in _journals(f"{_PREFIX}{process}-*"):
        with suppress(OSError), open_ours(path, errors="replace") as file:
            noted.append(_parsed(file.read(_LONGEST)))
            path.unlink()
    return max(noted, key=lambda pair: bool(pair[1]))


def left() -> list[tuple[str, str]]:
    """The subject and the word that each killed process was working on; removes their files."""
    if not CAN_LOCK:
        return []
    interrupted = []
    for path in _journals(f"{_PREFIX}*"):
        with suppress(OSError), open_ours(path, errors="replace") as file:
            require_lock(file.fileno())
            subject, word = _parsed(file.read(_LONGEST))
            path.unlink()
            if _are_ours(subject, word):
                interrupted.append((subject, word))
    for path in _journals(f".{_PREFIX}*"):  # killed before it had its name
        with suppress(OSError):
            if time.time() - path.lstat().st_mtime > UNLOCKED_S:
                path.unlink()
    return interrupted


def _parsed(text: str) -> tuple[str, str]:
    subject, _, word = text.partition("\n")[0].partition("\t")
    return subject, word


def _are_ours(subject: str, word: str) -> bool:
    """Whether a journal can have noted these: what else stands in a file is passed over."""
    from verify.cases.case import Case  # NumPy, which a command's help does without
    from verify.cases.word import InvalidCase

    try:
        return subject.isprintable() and str(Case.parse(word)) == word
    except InvalidCase:
        return False


def _journals(pattern: str) -> list[Path]:
    """The files of a pattern in the folder of what is kept; none where that is not ours."""
    folder = kept_folder()
    try:
        require_ours(folder)
    except OSError:
        return []
    return sorted(folder.glob(pattern))
