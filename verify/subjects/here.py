"""Subjects that stay in this process, and why: what ends them ends the run."""

from __future__ import annotations

import sys
from dataclasses import replace

from verify.checks.exits import keep_from_exiting
from verify.checks.locks import CAN_LOCK
from verify.checks.subject import Description

CAN_CONTAIN = sys.platform == "linux" and CAN_LOCK
"""Whether workers can be started."""

NO_WORKERS = f"workers need Linux, and this is {sys.platform}"
ASKED = "--no-isolate"
DEBUGGED = "a debugger is asked for"
UNNAMED = "it cannot be named by a module"


def stays_here(subject: Description, why: str, *, options: str = "") -> Description:
    """A subject that runs in this process, which says so and why; `options` is what `replay` needs for it."""
    keep_from_exiting()
    here = f"in this process, where a crash ends the run: {why}"
    ways = {name: replace(way, options=options) for name, way in subject.ways.items()}
    return replace(subject, here=here, options=options or subject.options, ways=ways)
