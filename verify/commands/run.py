"""`run`: subjects, gated."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import click

from verify.cases.case import Case
from verify.cases.shards import ALL
from verify.checks.clock import GRACE_S, TimeUp, stopping_at
from verify.checks.deviations import recorded
from verify.checks.ours import NotOurs
from verify.checks.subject import Subject, describe, split_label
from verify.commands.cli import command_named
from verify.config import flags, options
from verify.corpus.failures import failures_in
from verify.corpus.words import cases_in, existing
from verify.subjects.registry import expanded, usually_gated

QUICK_S = 27.0
"""Seconds of the profile for a pull request, less those for its end."""

PROFILE = options.choice("NAME", "quick", "dev", "ci", "night")


_MORE = ("large", "relations", "demand")
_HELP = {**flags.NARROWING_HELP, "max_side": "sizes; --max-kernel, … alike; --large: GiBs, too"}


@command_named("run")
@click.argument(
    "subjects", nargs=-1, type=options.SUBJECT, help="of `list`, or module:callable (default: all)"
)
@click.option("--examples", type=options.POSITIVE, help="cases for each property (default: the profile's)")
@click.option("--max-time", type=options.SECONDS, help="draw no case after this time")
@click.option(
    "--profile",
    type=PROFILE,
    default="dev",
    help="quick (8), dev (200), ci (500) or night (20,000)",
)
@click.option("--seed", type=options.INTEGER, help="draw the cases of this seed")
@click.option("--matrix/--no-matrix", help="under every combination of the declared settings")
@click.option(
    "--shard",
    type=options.SHARD,
    default=ALL,
    help="one of N shares, of a seed of its own",
)
@options.output_option("--report", help="write a record of every case, as JSON lines")
@options.output_option("--html", help="write a page of HTML that needs nothing else")
@click.option("--large/--no-large", hidden=True)
@click.option("--relations/--no-relations", hidden=True)
@click.option(
    "--demand", type=options.DEMAND, default=(), help="relations that must hold; --relations: measure them"
)
@click.option("--pin/--no-pin", help="pin what disagrees, once it is shrunk")
@flags.corpus_option
@flags.words_option
@flags.failures_option
@flags.known_options
@flags.database_option
@options.output_option("--baseline", help="behaviour to compare; --update-baseline: rewrite it")
@click.option("--update-baseline", is_flag=True, hidden=True)
@flags.isolation_options
@flags.jobs_option
@partial(flags.narrowing_options, helps=_HELP)
@flags.detail_options
def command(
    *,
    subjects: tuple[str, ...],
    max_time: float | None,
    matrix: bool,
    report: Path | None,
    html: Path | None,
    pin: bool,
    corpus: Path,
    words: list[Case],
    known: flags.Known,
    database: str | Path | None,
    baseline: Path | None,
    update_baseline: bool,
    isolation: flags.Isolation,
    narrowings: dict[str, Any],
    **draw: Any,
) -> int:
    _require_possible(draw, html)
    until = time.monotonic() + (max_time or (QUICK_S if draw["profile"] == "quick" else float("inf")))
    load = flags.loader_of(isolation._replace(isolate=True) if matrix else isolation)
    is_one = isolation.alone or baseline is not None or draw["profile"] == "quick"
    labels, halved = _labels(subjects, load, matrix=matrix, jobs=1 if is_one else draw["jobs"])
    flags.import_ahead(labels, isolation)
    pins = _checked(corpus, draw["failures"], narrowings)
    from verify.config.database import database_at
    from verify.config.session import Options
    from verify.reports.html.page import paged
    from verify.reports.terminal import Terminal
    from verify.runs.behaviour.baseline import watch_of
    from verify.runs.gating import Request
    from verify.runs.run import run

    watch = watch_of(baseline, until, update=update_baseline, words=words)
    if (costs := _loaded(labels, load, until=until, known=known)) is None:
        return 3
    asked = Options(
        **{name: draw[name] for name in ("examples", "seed", "shard")},
        halved=halved,
        excuse=known.excuse,
        deviations=known.deviations,
        corpus=pins,
        words=words,
        database=database_at(database) if database else None,
        load=load,
    )
    with paged(html, report) as records:
        request = Request(
            subjects=labels,
            options=asked,
            **{name: draw[name] for name in ("profile", "detail", "jobs", "failures", *_MORE)},
            until=until,
            narrowings=narrowings,
            pin_to=corpus if pin else None,
            report=records,
            costs=costs,
            alone=isolation.alone,
        )
        return run(Terminal(), request, watch)


def _labels(
    subjects: Sequence[str], load: Callable[[str], Subject], *, matrix: bool, jobs: int | None
) -> tuple[list[str], frozenset[str]]:
    """The labels of subjects under the settings that they are gated under; those that are so under both."""
    from verify.runs.jobs import jobs_for
    from verify.runs.settings import labels_of, on_each_backend, under_both_settings

    names = expanded(subjects, load) or usually_gated()
    if matrix:
        return labels_of(names, load), frozenset()
    both = under_both_settings(names, is_one=jobs_for(2 * len(names), jobs, "subject").number == 1)
    labels = on_each_backend(both or names, load, is_one=jobs == 1)
    return labels, frozenset(both).difference(names)


def _require_possible(draw: dict[str, Any], html: Path | None) -> None:
    """Raise ValueError, one sentence, for options that cannot be followed."""
    if draw["shard"].is_part and draw["seed"] is None and draw["profile"] != "ci":
        raise ValueError("--shard needs --seed or --profile ci, so that all shards are of one run")
    from verify.reports.html.page import require_page

    if html:
        require_page(html)


def _checked(corpus: Path, failures: Path, narrowings: dict[str, Any]) -> Path | None:
    """The pins that are there, so that a stale word or record is found before anything runs.

    So are narrowings that leave no case.
    """
    from verify.gate.drawing import cases

    cases(**narrowings)
    pins = existing(corpus)
    if pins:
        cases_in(pins)
    with suppress(NotOurs):  # the end of the run says that it cannot be written
        failures_in(failures)
    return pins


def _loaded(
    labels: Sequence[str], load: Callable[[str], Subject], *, until: float, known: flags.Known
) -> dict[str, int] | None:
    """Load every subject once, so that what is wrong is said first; what each costs, by its name.

    None, as is said, if one took too long.
    """
    different = {split_label(label)[0]: label for label in reversed(labels)}
    costs = {}
    label = next(iter(different.values()))  # the time may be up before the first of them is begun
    try:
        with stopping_at(until + GRACE_S):
            for name, label in different.items():
                subject = describe(load(label))
                recorded(subject, known.deviations)
                costs[name] = subject.fewer
    except TimeUp:
        print(f"Proves too little: the time was up before {label} was loaded.")
        return None
    return costs
