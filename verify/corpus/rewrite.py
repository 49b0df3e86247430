"""Text files that several processes may change: one process at a time, and a whole file in one step."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from verify.checks.reading import text_in

try:
    import fcntl
except ImportError:  # not on Windows, where two processes must not change a file at the same time
    fcntl = None  # type: ignore[assignment]


def rewrite(file: Path, change: Callable[[str], str]) -> None:
    """Replace the text of a file by `change(text)`; a missing file, and its folder, are created.

    The folder is locked, so that changes do not overlap, and the file is replaced in one
    step, so that no reader sees a part of it. An error of `change` leaves the
    file as it was. Raises OSError for what is no file, and ValueError for one that is no text.
    """
    file = file.resolve()  # what a link points to, not the link
    file.parent.mkdir(parents=True, exist_ok=True)
    with _alone_in(file.parent):
        before = text_in(file) if file.exists() else ""
        after = change(before)
        if after != before:
            _put(file, after)


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    if fcntl is None:
        yield
        return
    lock = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _put(file: Path, text: str) -> None:
    handle, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
    unfinished = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(text.encode())
            stream.flush()
            os.fsync(handle)
        unfinished.chmod(file.stat().st_mode if file.exists() else _usual_mode())
        unfinished.replace(file)
    except BaseException:
        with suppress(OSError):
            unfinished.unlink()
        raise


def _usual_mode() -> int:
    """The mode that `open` gives a new file."""
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
