"""`known`: what is recorded of subjects, held to the release that runs."""

from __future__ import annotations

import click

from verify.commands.cli import command_named
from verify.config.flags import Isolation, isolation_options, loader_of
from verify.config.options import POSITIVE, SUBJECT
from verify.subjects.registry import expanded, installed


@command_named("known")
@click.argument("subjects", nargs=-1, type=SUBJECT, help="of `list` (default: all)")
@click.option("--update", is_flag=True, help="write the release into the data, where it holds")
@click.option("--inside", metavar="NAME", help="draw cases inside deviations of this name or pattern")
@click.option("--examples", type=POSITIVE, default=200, help="of --inside: cases to draw (default: 200)")
@isolation_options
def command(
    *,
    subjects: tuple[str, ...],
    update: bool,
    inside: str | None,
    examples: int,
    isolation: Isolation,
) -> int:
    from verify.reports.terminal import Terminal
    from verify.runs.inside import inside as asked_inside
    from verify.runs.known import known

    load = loader_of(isolation)
    labels = expanded(subjects, load) or installed()
    if inside is not None:
        return asked_inside(Terminal(), labels, load, pattern=inside, examples=examples)
    return known(Terminal(), labels, load, update=update)
