"""`known`: what is recorded of subjects, held to the release that runs."""

from __future__ import annotations

import click

from verify.commands.cli import command_named
from verify.config.flags import Isolation, isolation_options, loader_of
from verify.config.options import SUBJECT
from verify.subjects.registry import BUILTIN, expanded


@command_named("known")
@click.argument("subjects", nargs=-1, type=SUBJECT, help="of `list` (default: all)")
@click.option("--update", is_flag=True, help="write the release into the data, where it holds")
@isolation_options
def command(*, subjects: tuple[str, ...], update: bool, isolation: Isolation) -> int:
    from verify.reports.terminal import Terminal
    from verify.runs.known import known

    load = loader_of(isolation)
    return known(Terminal(), expanded(subjects, load) or list(BUILTIN), load, update=update)
