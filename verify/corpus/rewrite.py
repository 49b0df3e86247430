"""Text files that several processes may change: one process at a time, and a whole file in one step."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from verify.checks.locks import CAN_LOCK, wait_for_lock
from verify.checks.ours import require_regular
from verify.checks.reading import text_in
from verify.checks.replacing import replace_file


def rewrite(file: Path, change: Callable[[str], str]) -> None:
    """Replace the text of a file by `change(text)`; a missing file, and its folder, are created.

    The folder is locked, so that changes do not overlap, and the file is replaced in one
    step, so that no reader sees a part of it. An error of `change` leaves the
    file as it was. Raises OSError for what is no file, and ValueError for one that is no text.
    """
    file = file.resolve()  # what a link points to, not the link
    file.parent.mkdir(parents=True, exist_ok=True)
    require_regular(file)
    with _alone_in(file.parent):
        before = text_in(file) if file.exists() else ""
        after = change(before)
        if after != before:
            replace_file(file, after.encode(errors="backslashreplace"))


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    if not CAN_LOCK:  # on Windows, where two processes must not change a file at the same time
        yield
        return
    lock = os.open(folder, os.O_RDONLY)
    try:
        wait_for_lock(lock)
        yield
    finally:
        os.close(lock)
