"""`selftest`: the harness tested by itself, or by wrong values planted in the answers of subjects."""

from __future__ import annotations

import click

from verify.commands.cli import command_named
from verify.config.flags import Isolation, isolation_options, jobs_option, loader_of
from verify.config.options import INTEGER, POSITIVE, SUBJECT
from verify.subjects.registry import expanded

PLANTED = 200
"""Cases that are drawn of each subject in whose answers values are planted."""


@command_named("selftest")
@click.argument("subjects", nargs=-1, type=SUBJECT, help="plant wrong values in the answers of these")
@click.option("--examples", type=POSITIVE, help="cases to draw (default: 4700; 200 of each subject)")
@click.option("--seed", type=INTEGER, default=0, help="draw the cases of this seed (default: 0)")
@isolation_options
@jobs_option
def command(
    *,
    subjects: tuple[str, ...],
    examples: int | None,
    seed: int,
    isolation: Isolation,
    jobs: int | None,
) -> int:
    from verify.reports.terminal import Terminal
    from verify.runs.planted import selftest_of
    from verify.runs.selftest import DRAWS, selftest

    if not subjects:
        return selftest(Terminal(), examples=examples or DRAWS, seed=seed, jobs=jobs)
    load = loader_of(isolation)
    return selftest_of(
        Terminal(),
        expanded(subjects, load),
        load,
        examples=examples or PLANTED,
        seed=seed,
        jobs=jobs,
        alone=isolation.alone,
    )
