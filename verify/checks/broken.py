"""Errors of this package itself, no verdict on a subject: one sentence, and the traceback in a file."""

from __future__ import annotations

import linecache
import os
import platform
import shlex
import sys
import tempfile
import traceback
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from types import TracebackType

from verify.checks.project import keep_in, kept_folder
from verify.checks.versions import versions

_PACKAGES = tuple(str(Path(__file__).parents[2] / name) + os.sep for name in ("verify", "strategies"))

_LIBRARY = str(Path(os.__file__).parent) + os.sep


class Broken(BaseException):
    """What kept this package from judging, in one sentence. It is no Exception, so that no search goes on."""


def broken_by(error: BaseException) -> Broken:
    """What an error comes to: its own words if it is a refusal or the user's, else those of one of ours."""
    if isinstance(error, Broken):
        return error
    if is_refusal(error):
        return Broken(str(error))
    said = " ".join(traceback.format_exception_only(error)[-1].split())[:300]
    if not (place := _place_of(error)):
        return Broken(f"{said}; {_kept(error)}")
    whose = "an error of conv-verify itself, to be reported, which says nothing of the subject"
    return Broken(f"{whose}: {said} ({place}); {_kept(error)}")


def is_refusal(error: BaseException) -> bool:
    """Whether an error was raised on purpose: a ValueError or TypeError of a `raise` here, or an OSError."""
    if not isinstance(error, ValueError | TypeError):
        return isinstance(error, OSError)
    last = _last(error.__traceback__)
    if last is None:
        return True
    file = last.tb_frame.f_code.co_filename
    line = linecache.getline(file, last.tb_lineno).strip()
    return file.startswith(_PACKAGES) and (not line or line.startswith("raise"))


def is_of_ours(error: BaseException) -> bool:
    """Whether an error was raised in this package, or in a library that it called, and not on purpose."""
    return bool(_place_of(error)) and not is_refusal(error)


def _last(trace: TracebackType | None) -> TracebackType | None:
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace


def _place_of(error: BaseException) -> str:
    """The last line of this package that an error passed, unless it came from the user's code; else ""."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if frame.filename.startswith(_PACKAGES):
            return f"{Path(frame.filename).relative_to(Path(__file__).parents[2])}:{frame.lineno}"
        if not _is_library(frame.filename):
            return ""
    return ""


def _is_library(file: str) -> bool:
    inside = ("site-packages", "dist-packages")
    return file.startswith(("<", _LIBRARY)) or any(part in inside for part in Path(file).parts)


def _kept(error: BaseException) -> str:
    """Write the traceback to a file of its own; where that is, or why it is nowhere."""
    now = datetime.now().astimezone()
    packages = ", ".join(f"{name} {number}" for name, number in versions().items())
    text = "\n".join(
        (
            f"{now.isoformat(timespec='seconds')}  {shlex.join(sys.argv)}",
            f"{packages}; {platform.platform()}\n",
            "".join(traceback.format_exception(error)),
        )
    )
    name = f"error-{now:%Y%m%d-%H%M%S}-"
    for folder in (kept_folder(), Path(tempfile.gettempdir())):
        with suppress(OSError):
            number, file = tempfile.mkstemp(prefix=name, suffix=".txt", dir=keep_in(folder))
            with os.fdopen(number, "w", encoding="utf-8", errors="backslashreplace") as written:
                written.write(text)
            return f"its traceback is in {os.path.relpath(file)}"
    return "its traceback cannot be written to any file"
