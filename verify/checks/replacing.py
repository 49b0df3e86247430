"""Files that are replaced in one step: no reader sees a part of one, and no killed process leaves a part."""

from __future__ import annotations

import os
import re
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from verify.checks.files import naming
from verify.checks.locks import CAN_LOCK, UNLOCKED_S, lock, require_lock

_UNFINISHED = ".conv-verify-"
"""What stands between the name of a file, after a full stop, and what is random, while it is written."""


def replace_file(file: Path, content: bytes) -> None:
    """Give a file this content in one step, in the mode that it has; what is no regular file is written to.

    What processes that were killed here left of it is removed. An error, which names the file, leaves it as
    it was.
    """
    with naming(file):
        place = file.resolve()  # what a link points to, not the link
        if place.exists() and not place.is_file():  # a pipe, or a device
            _write(place, content)
            return
        _remove_unfinished(place)
        try:
            handle, name = _unfinished(place)
        except PermissionError:
            if not os.access(place, os.W_OK):
                raise
            _write(place, content)  # whose folder takes no other file
            return
        _put(place, content, handle=handle, unfinished=Path(name))


def require_replaceable(file: Path) -> None:
    """Raise OSError, which names the file, if it cannot be written by `replace_file`, without writing it."""
    with naming(file):
        place = file.resolve()
        if place.exists():
            place.open("ab").close()
            return
        handle, name = _unfinished(place)
        os.close(handle)
        Path(name).unlink()


def _unfinished(file: Path) -> tuple[int, str]:
    """A new file beside one, that is to take its place."""
    return tempfile.mkstemp(prefix=f".{file.name}{_UNFINISHED}", dir=file.parent)


def _write(file: Path, content: bytes) -> None:
    with file.open("wb") as stream:
        stream.write(content)


def _put(file: Path, content: bytes, *, handle: int, unfinished: Path) -> None:
    try:
        with os.fdopen(handle, "wb") as stream:
            lock(handle)
            stream.write(content)
            stream.flush()
            os.fsync(handle)
            unfinished.chmod(file.stat().st_mode if file.exists() else _usual_mode())
            unfinished.replace(file)
    except BaseException:
        with suppress(OSError):
            unfinished.unlink()
        raise


def _remove_unfinished(file: Path) -> None:
    """Remove what killed processes of this user left of a file that they were writing, unlocked."""
    if not CAN_LOCK:
        return
    pattern = re.compile(rf"{re.escape(f'.{file.name}{_UNFINISHED}')}\w{{8}}")
    with suppress(OSError):
        for entry in os.scandir(file.parent):
            if pattern.fullmatch(entry.name) and entry.is_file(follow_symlinks=False):
                _remove_if_left(Path(entry.path))


def _remove_if_left(unfinished: Path) -> None:
    with suppress(OSError):
        found = unfinished.lstat()
        if found.st_uid != os.geteuid() or time.time() - found.st_mtime < UNLOCKED_S * (found.st_size == 0):
            return
        handle = os.open(unfinished, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            require_lock(handle)
            unfinished.unlink()
        finally:
            os.close(handle)


def _usual_mode() -> int:
    """The mode that `open` gives a new file."""
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
