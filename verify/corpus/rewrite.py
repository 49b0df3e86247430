"""Text files that several processes may change at once: alone, and whole."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


def rewrite(file: Path, change: Callable[[str], str]) -> None:
    """Replace the text of a file by what `change` makes of it; a new file, and its folder, are made.

    Nobody else's change comes in between, as the folder is locked, and no reader sees a part of it,
    as the new text takes the file's place in one step. An error of `change` leaves all as it was.
    Where a system cannot lock folders, another's change at the same time is lost.
    """
    file = file.resolve()  # what a link points to, not the link
    file.parent.mkdir(parents=True, exist_ok=True)
    with _alone_in(file.parent):
        before = file.read_bytes().decode() if file.exists() else ""
        after = change(before)
        if after != before:
            _put(file, after)


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    try:
        import fcntl
    except ImportError:
        yield
        return
    lock = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _put(file: Path, text: str) -> None:
    handle, unnamed = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
    try:
        with os.fdopen(handle, "wb") as written:
            written.write(text.encode())
            written.flush()
            os.fsync(handle)
        os.chmod(unnamed, file.stat().st_mode if file.exists() else _usual_mode())
        os.replace(unnamed, file)
    except BaseException:
        with suppress(OSError):
            os.unlink(unnamed)
        raise


def _usual_mode() -> int:
    """The mode that `open` gives a new file."""
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
