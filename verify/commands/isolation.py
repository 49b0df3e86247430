"""The options of a command that say where subjects run, and the loader that they ask for."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cache, partial
from typing import NamedTuple

import click

from verify.checks.subject import Subject
from verify.config.flags import gathered
from verify.config.options import PYTHON, SECONDS
from verify.subjects.registry import load


class Isolation(NamedTuple):
    """Where subjects run: the values of the options, None where they are not given."""

    isolate: bool | None = None
    python: str | None = None
    timeout: float | None = None

    @property
    def is_asked(self) -> bool:
        return bool(self.isolate or self.python or self.timeout)


isolation_options = gathered(
    "isolation",
    Isolation,
    click.option("--isolate/--no-isolate", default=None, help="in workers, where a crash is a verdict"),
    click.option("--python", type=PYTHON, help="in workers of another interpreter"),
    click.option("--timeout", type=SECONDS, help="in workers; a case may take so long (default: 10)"),
)


def loader_of(isolation: Isolation) -> Callable[[str], Subject]:
    """What makes a subject of a name: in this process, or in a worker of its own."""
    from verify.subjects.isolated import TIMEOUT_S, isolated, usual

    if isolation.is_asked:
        python, timeout_s = isolation.python or sys.executable, isolation.timeout or TIMEOUT_S
        return cache(partial(isolated, python=python, timeout_s=timeout_s))
    return load if isolation.isolate is False else cache(usual)
