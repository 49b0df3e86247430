"""Places that are ours: no links, of this user, and such that no other can write to them.

What another user put into a shared folder is neither read nor removed, and nothing of it is waited for.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import IO

from verify.checks.reading import opened

_GROUP, _OTHERS = 0o020, 0o002


class NotOurs(OSError):
    """A place that is not used, and why; `option` is that by which another is named."""

    option = ""


def require_ours(place: Path) -> None:
    """Raise NotOurs for a place that is a link, of another user, or open to others; none need be there."""
    if not hasattr(os, "getuid"):  # Windows, where no folder is shared by default
        return
    try:
        found = place.lstat()
    except FileNotFoundError:
        return
    if why := _why_not(found):
        raise NotOurs(f"{str(place)!r} {why}")


def require_regular(file: Path) -> None:
    """Raise NotOurs for a pipe or a socket, which would be waited for; no file need be there."""
    if file.is_fifo() or file.is_socket():
        raise NotOurs(f"{str(file)!r} is no regular file")


def open_ours(file: Path, *, errors: str = "strict") -> IO[str]:
    """A regular file of ours, to read text from: a pipe is not waited for, and no link is followed."""
    require_ours(file)
    return os.fdopen(opened(file, follows=False), encoding="utf-8", errors=errors)


def _why_not(found: os.stat_result) -> str:
    """Why a place is not ours, or nothing."""
    if stat.S_ISLNK(found.st_mode):
        return "is a link, which is not followed"
    if found.st_uid != os.geteuid():
        return f"belongs to another user, of number {found.st_uid}"
    if found.st_mode & _OTHERS or (found.st_mode & _GROUP and found.st_gid != os.getegid()):
        return "can be written by other users"
    return "" if stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode) else "is no regular file"
