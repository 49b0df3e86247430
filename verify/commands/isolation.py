"""The options of a command that say where subjects run, and the loader that they ask for."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from functools import cache, partial

from verify.checks.subject import Subject
from verify.config.options import seconds
from verify.subjects.registry import load


def add_isolation(parser: argparse.ArgumentParser, usual: str = "built-in") -> None:
    option = parser.add_argument
    own = f"in workers: a crash is a verdict ({usual}: yes)"
    option("--isolate", action=argparse.BooleanOptionalAction, help=own)
    option("--python", metavar="PATH", help="in workers of another interpreter")
    limit = "in workers; a case may take so long (default: 10)"
    option("--timeout", type=seconds, metavar="SECONDS", help=limit)


def loader_of(options: argparse.Namespace) -> Callable[[str], Subject]:
    """What makes a subject of a name: in this process, or in a worker of its own."""
    from verify.subjects.isolated import TIMEOUT_S, isolated, usual

    is_asked = options.isolate or options.python or options.timeout or getattr(options, "matrix", False)
    if options.isolate is False and not is_asked:
        return load
    if not is_asked:
        return cache(usual)
    python, timeout_s = options.python or sys.executable, options.timeout or TIMEOUT_S
    return cache(partial(isolated, python=python, timeout_s=timeout_s))
