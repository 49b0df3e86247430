"""What a life that was lost leaves: how it ended, its last lines, and the verdict that they make."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path
from typing import IO

from verify.checks.exits import ending_of
from verify.checks.subject import Elsewhere, elsewhere
from verify.oracle.compare import Lost, disagrees
from verify.subjects.life import Ending, Life
from verify.subjects.protocol import STREAM_LOST

STDERR_LINES = 8
"""Lines of a lost process's output that are quoted."""

_FRAME = re.compile(r'^  File "(.+)", line (\d+) in (.+)$', re.MULTILINE)
_MEMORY = re.compile(r"std::bad_alloc|\bMemoryError\b|[Oo]ut of memory|[Cc]annot allocate memory")


def lost_error(life: Life, *, kind: Lost, sentence: str, says_where: bool = True) -> Elsewhere:
    """The error to raise for a life that has ended, with its last output, and where it was if that counts."""
    stderr, place = last_lines(life.output)
    life.output.close()
    if kind == "crashed" and says_where and any(_MEMORY.search(line) for line in stderr):
        kind = "out of memory"
    verdict = replace(disagrees(kind, sentence), stderr=stderr, place=place if says_where else "")
    return elsewhere(printable(f"{sentence} {verdict.place}"))(verdict)


def why_lost(ending: Ending) -> str:
    """What a life did that ended, without having said anything."""
    if ending.code is None:
        return "it was lost with the process that forked it"
    if ending.is_forced:
        return "it closed the stream on which it answers, and ran on"
    if ending.code == STREAM_LOST:
        return "it closed the stream on which it answers"
    return f"it {ending_of(ending.code)}"


def last_lines(output: IO[bytes]) -> tuple[tuple[str, ...], str]:
    """The last output of a process, and the line of the subject's code that it died in, if printed."""
    output.seek(max(0, output.seek(0, os.SEEK_END) - 2**16))
    text, _, traceback = output.read().decode(errors="replace").partition("Fatal Python error: ")
    lines = ["".join(c if c.isprintable() else " " for c in line).rstrip() for line in text.splitlines()]
    stderr = tuple(line[:300] for line in lines if line.strip())[-STDERR_LINES:]
    # Most recent call first; the thread that died comes before those that waited for it.
    for part in (traceback.partition("Current thread")[2], traceback):
        for file, number, function in _FRAME.findall(part):
            if not is_installed(Path(file)) and "/lib/python" not in file:
                return stderr, f"at {file}:{number} in {function}"
    return stderr, ""


def printable(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text).strip()


def is_installed(place: Path) -> bool:
    return not {"site-packages", "dist-packages"}.isdisjoint(place.parts)
