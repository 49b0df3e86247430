"""`campaign`: seeds, gated by the workers of a cluster for hours."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import click

from verify.cases.case import Case
from verify.checks.deviations import to_text
from verify.checks.project import KEPT
from verify.commands.cli import command_named
from verify.config import flags, options
from verify.config.options import Misuse

STATE = KEPT / "campaign"
LIMIT_S = 600.0
EXAMPLES, SHARES = 1000, 8

_HELP = {**flags.NARROWING_HELP, "max_side": "sizes; --max-kernel, … alike; --large: GiBs, too"}


@command_named("campaign")
@click.argument(
    "subjects", nargs=-1, type=options.SUBJECT, help="of `list`, or module:callable (default: as `run`)"
)
@click.option("--hours", type=options.HOURS, required=True, help="begin no task after this time")
@click.option(
    "--cluster",
    type=options.OptionKind("ADDRESS"),
    default="local",
    help="of a Dask scheduler, or local (default)",
)
@click.option("--workers", type=options.POSITIVE, help="of local (default: one for each core)")
@click.option("--state", type=options.STATE, default=STATE, help=f"folder or URL to go on from ({STATE})")
@click.option("--seed", type=options.INTEGER, default=0, help="the first seed (default: 0)")
@click.option("--seeds", type=options.POSITIVE, help="end when so many are done (default: by --hours)")
@click.option("--examples", type=options.POSITIVE, help=f"cases of a property in a task ({EXAMPLES:,})")
@click.option("--shares", type=options.POSITIVE, default=SHARES, help=f"tasks of a seed ({SHARES})")
@click.option("--task-timeout", type=options.SECONDS, help=f"limit of a task (default: {LIMIT_S:.0f})")
@click.option("--matrix/--no-matrix", help="under every combination of the declared settings")
@options.output_option("--html", help="write a page of HTML that needs nothing else")
@click.option("--large/--no-large", hidden=True)
@click.option("--pin/--no-pin", default=True, help="pin what disagrees (default); --no-pin: do not")
@flags.corpus_option
@flags.words_option
@flags.failures_option
@flags.known_options
@click.option(
    "--database",
    type=options.SHARED_DATABASE,
    help=f"examples: {options.SCHEDULER}, redis://… or a folder",
)
@flags.isolation_options
@partial(flags.narrowing_options, helps=_HELP)
@flags.detail_options
def command(
    *,
    subjects: tuple[str, ...],
    hours: float,
    cluster: str,
    workers: int | None,
    state: str | Path,
    seed: int,
    seeds: int | None,
    examples: int | None,
    shares: int,
    task_timeout: float | None,
    matrix: bool,
    html: Path | None,
    pin: bool,
    corpus: Path,
    words: list[Case],
    failures: Path,
    database: str | Path | None,
    narrowings: dict[str, Any],
    detail: Any,
    **where: Any,
) -> int:
    from verify.corpus.words import cases_in, existing
    from verify.gate.drawing import cases
    from verify.runs.campaign.link import LOCAL, require_dask

    if workers and cluster != LOCAL:
        raise Misuse(f"--workers starts workers here, and those of {cluster} are there: leave it out")
    require_dask()
    if html:
        from verify.reports.html.page import require_page

        require_page(html)
    cases(**narrowings)
    pins = existing(corpus)
    asked = [*words, *(cases_in(pins) if pins else ())]
    from verify.reports.terminal import Terminal
    from verify.runs.campaign.campaign import Request, campaign
    from verify.runs.campaign.tasks import Plan
    from verify.runs.jobs import cores

    labels = _labels(subjects, where["isolation"], matrix=matrix)
    rest = _rest(narrowings, matrix=matrix, database=database, **where)
    plan = Plan(labels, seed, shares, examples or EXAMPLES, rest)
    request = Request(
        plan=plan,
        hours=hours,
        address=cluster,
        workers=workers or cores(),
        state=state,
        seeds=seeds,
        words=[str(case) for case in dict.fromkeys(asked)],
        limit_s=task_timeout or LIMIT_S,
        pin_to=corpus if pin else None,
        failures=failures,
        html=html,
        detail=detail,
    )
    return campaign(Terminal(), request)


def _labels(subjects: tuple[str, ...], isolation: flags.Isolation, *, matrix: bool) -> tuple[str, ...]:
    """The labels of subjects under the settings that they are gated under, as a run gates them."""
    from verify.runs.settings import labels_of, on_each_backend, under_both_settings
    from verify.subjects.registry import expanded, usually_gated

    load = flags.loader_of(isolation._replace(isolate=True) if matrix else isolation)
    names = expanded(subjects, load) or usually_gated()
    if matrix:
        return tuple(labels_of(names, load))
    is_one = bool(isolation.alone)
    both = under_both_settings(names, is_one=is_one)
    return tuple(on_each_backend(both or names, load, is_one=is_one))


def _rest(
    narrowings: dict[str, Any],
    *,
    matrix: bool,
    database: str | Path | None,
    known: flags.Known,
    isolation: flags.Isolation,
    large: bool,
) -> dict[str, Any]:
    """What each task is asked beside its share, as JSON has it."""
    return {
        "narrowings": {
            name: [*value] if isinstance(value, tuple) else value for name, value in narrowings.items()
        },
        "excuse": known.excuse,
        "deviations": to_text(known.deviations),
        "isolation": [*(isolation._replace(isolate=True) if matrix else isolation)],
        "database": str(database) if database else "",
        "large": large,
    }
