"""Files that cannot be used: which one, why, and what to do, in one sentence."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from verify.checks.ours import NotOurs

_IN_THE_WAY = (errno.EEXIST, errno.ENOTDIR)


def _is(asked: Callable[[], bool]) -> bool:
    """What is asked of a place; not so where one is not let into its folder."""
    with suppress(OSError):
        return asked()
    return False


@contextmanager
def naming(file: Path) -> Iterator[None]:
    """Name a file as it was given in the errors of the block: of a full disk the system says none."""
    try:
        yield
    except OSError as error:
        if error.errno is None:
            raise
        raise OSError(error.errno, error.strerror, str(file)) from error


def require_folder(file: Path, option: str) -> None:
    """Raise ValueError, one sentence, where there is no folder for the file that an option names."""
    try:
        with naming(file):
            os.stat(os.path.join(file.parent, ""))  # noqa: PTH116, PTH118 - `Path` drops the last slash
    except (OSError, ValueError) as error:  # a name with a zero byte is a ValueError
        raise ValueError(why_unwritten(error, option)) from None


def why_unwritten(error: OSError | ValueError, option: str) -> str:
    """Why something was not written, as one says it beside a verdict that stands without it."""
    return refusal_of(error, option) if isinstance(error, OSError) else str(error)


def refusal_of(error: OSError, option: str = "") -> str:
    """What to say of a file that cannot be read or written; `option` is that by which another is named."""
    if isinstance(error, NotOurs):
        option = option or error.option
    another = f"name another by {option}" if option else "name another"
    if isinstance(error, NotOurs):
        return f"{error}: move it away, or {another}"
    if error.filename is None or error.errno is None:
        return str(error)
    file = Path(os.fsdecode(error.filename))
    in_the_way = next((place for place in (file, *file.parents) if _is(place.is_file)), None)
    if error.errno in _IN_THE_WAY and in_the_way:
        return f"{str(in_the_way)!r} is a file where a folder is needed: move it away, or {another}"
    if error.errno == errno.EISDIR:
        return f"{str(file)!r} is a folder where a file is needed: move it away, or {another}"
    if error.errno == errno.ENOENT and not _is(file.parent.is_dir):
        return f"there is no folder {str(file.parent)!r}: make it, or {another}"
    if error.errno == errno.ENOENT:
        return f"there is no file {str(file)!r}: {another}"
    why = (error.strerror or "").lower()
    return f"{str(file)!r} cannot be used, as the system says {why!r}: change that, or {another}"
