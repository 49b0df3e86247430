"""`diff`: one subject in two interpreters."""

from __future__ import annotations

from operator import itemgetter
from typing import Any

import click

from verify.commands.cli import command_named
from verify.config.flags import narrowing_options
from verify.config.options import INTEGER, POSITIVE, PYTHON, SECONDS, SUBJECT, WORD
from verify.corpus.words import cases_named


@command_named("diff")
@click.argument("pythons", nargs=2, metavar="PYTHON PYTHON", type=PYTHON, help="with NumPy and the framework")
@click.argument("words", nargs=-1, type=WORD, help="cases, as for replay (default: drawn ones)")
@click.option(
    "--subject",
    type=SUBJECT,
    default="tensorflow",
    help="of `list`, or module:callable (default: tensorflow)",
)
@click.option("--examples", type=POSITIVE, default=200, help="cases to draw (default: 200)")
@click.option("--seed", type=INTEGER, default=0, help="draw the cases of this seed (default: 0)")
@narrowing_options
@click.option("--timeout", type=SECONDS, help="limit of a case (default: 10)")
def command(
    *,
    pythons: tuple[str, str],
    words: tuple[str, ...],
    subject: str,
    examples: int,
    seed: int,
    timeout: float | None,
    narrowings: dict[str, Any],
) -> int:
    from verify.gate.drawing import cases_by_way, sample
    from verify.reports.terminal import Terminal
    from verify.runs.diff import diff
    from verify.subjects.isolated import TIMEOUT_S, isolated
    from verify.subjects.trial import tried

    named = [case for word in words for case in cases_named(word)]
    first, second = (
        tried(isolated(subject, python=python, timeout_s=timeout or TIMEOUT_S)) for python in pythons
    )
    domains = {way.name: way.drawn(**narrowings) for way in first.routes}
    if not named:
        named = sample(examples, seed, cases_by_way(domains, **narrowings).map(itemgetter(1)))
    return diff(Terminal(), first, second, named)
