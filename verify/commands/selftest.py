"""`selftest`: the harness tested by itself."""

from __future__ import annotations

import click

from verify.commands.cli import command_named
from verify.config.options import INTEGER, POSITIVE


@command_named("selftest")
@click.option("--examples", type=POSITIVE, default=4700, help="cases to draw (default: 4700)")
@click.option("--seed", type=INTEGER, default=0, help="draw the cases of this seed (default: 0)")
def command(*, examples: int, seed: int) -> int:
    from verify.reports.terminal import Terminal
    from verify.runs.selftest import selftest

    return selftest(Terminal(), examples=examples, seed=seed)
