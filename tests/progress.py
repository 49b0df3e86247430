"""What a command prints beside its lines of progress, which a loaded machine makes it print more of."""

from __future__ import annotations

import re
import subprocess

_PROGRESS = re.compile(r"^… (?!(?:and )?[\d,]+ more ).*\n?", re.MULTILINE)
"""A line that is printed every 10 s; lists that are cut end in "… 3 more" of something."""


def without_progress(text: str) -> str:
    """A text that was printed, without its lines of progress."""
    return _PROGRESS.sub("", text)


def settled(done: subprocess.CompletedProcess[str]) -> subprocess.CompletedProcess[str]:
    """A command that has ended, with its two texts without lines of progress."""
    texts = without_progress(done.stdout), without_progress(done.stderr)
    return subprocess.CompletedProcess(done.args, done.returncode, *texts)
